/* constraint.inc.c - clips norms along the second axis of (outer, n, inner) to their bounds, and negative weights to 0. */
#include <math.h>

void KERNEL(clip_norms)(void *w_, fnn_idx outer, fnn_idx n, fnn_idx inner, fnn_idx ld, double least,
                        double most, double rate, double epsilon)
{
    real *w = w_;
    for (fnn_idx o = 0; o < outer; o++)
        for (fnn_idx j = 0; j < inner; j++) {
            double squares = 0, norm, inside;
            for (fnn_idx i = 0; i < n; i++) {
                const double x = w[(o * n + i) * ld + j];
                squares += x * x;
            }
            norm = sqrt(squares);
            inside = norm < least ? least : norm > most ? most : norm;
            for (fnn_idx i = 0; i < n; i++) {
                real *x = w + (o * n + i) * ld + j;
                *x = (real)(*x * ((rate * inside + (1 - rate) * norm) / (epsilon + norm)));
            }
        }
}

void KERNEL(clip_negative)(void *w_, fnn_idx n)
{
    real *w = w_;
    for (fnn_idx i = 0; i < n; i++)
        if (w[i] <= 0)
            w[i] = 0;
}
