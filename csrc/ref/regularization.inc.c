/* regularization.inc.c - sum x^2, and l1 sum |w| + l2 sum w^2 with its gradient added to dw. */
#include <math.h>

double KERNEL(sum_squares)(const void *x_, fnn_idx n)
{
    const real *x = x_;
    double sum = 0;
    for (fnn_idx i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sum;
}

double KERNEL(regularization)(void *dw_, const void *w_, fnn_idx n, double l1, double l2)
{
    real *dw = dw_;
    const real *w = w_;
    double sum = 0;
    for (fnn_idx i = 0; i < n; i++) {
        sum += l1 * fabs(w[i]) + l2 * w[i] * w[i];
        if (dw)
            dw[i] = (real)(dw[i] + l1 * ((w[i] > 0) - (w[i] < 0)) + 2 * l2 * w[i]);
    }
    return sum;
}
