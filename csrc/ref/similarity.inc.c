/* similarity.inc.c - -cos(x, t) of each row: with u = 1 / |x|, v = 1 / |t|, dx = -v u (t - x u^2 x.t). */
#include <math.h>

static double inverse_length(double square, double clip)
{
    const double inverse = 1 / sqrt(square);
    return inverse > 1 / clip ? 1 / clip : inverse;
}

double KERNEL(cosine_similarity)(const fnn_loss_metric *s)
{
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * s->n, *t = (const real *)s->target + i * s->n;
        double dot = 0, xx = 0, tt = 0;
        for (fnn_idx j = 0; j < s->n; j++) {
            dot += (double)x[j] * t[j];
            xx += (double)x[j] * x[j];
            tt += (double)t[j] * t[j];
        }
        const double u = inverse_length(xx, s->clip), v = inverse_length(tt, s->clip);
        const double back = xx < s->clip * s->clip ? 0 : u * u * dot;
        total -= row_weight(s, i) * dot * u * v;
        for (fnn_idx j = 0; s->dx && j < s->n; j++)
            ((real *)s->dx)[i * s->n + j] =
                (real)(-s->scale * row_weight(s, i) * u * v * (t[j] - x[j] * back));
    }
    return total;
}
