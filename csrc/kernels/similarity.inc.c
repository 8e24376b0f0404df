/* similarity.inc.c - the cosine between rows of x and of target (m, n), with its sign changed; dx may be x.
 *
 *   cosine_similarity   -(sum over j of t x) u v, where u = min(1 / |x|, 1 / clip) and v is the same of t
 *
 * The derivative is -v u (t - x u^2 sum t x), without its second term where u is bounded.
 */
#include "loss_metric.h"

FNN_INLINE double inverse_length(double square, double clip)
{
    const double inverse = 1 / sqrt(square);
    return inverse > 1 / clip ? 1 / clip : inverse;
}

double KERNEL(cosine_similarity)(const fnn_loss_metric *s)
{
    const vreal zero = v_set1(R(0.0));
    const fnn_idx n = s->n;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * n, *t = (const real *)s->target + i * n;
        vreal xt = zero, xx = zero, tt = zero;
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal xj = v_load_up_to(x + j, n - j), tj = v_load_up_to(t + j, n - j);
            xt = v_fma(xj, tj, xt);
            xx = v_fma(xj, xj, xx);
            tt = v_fma(tj, tj, tt);
        }
        const double dot = v_sum(xt), square = v_sum(xx);
        const double u = inverse_length(square, s->clip), v = inverse_length(v_sum(tt), s->clip);
        total -= row_weight(s, i) * dot * u * v;
        if (!s->dx)
            continue;
        real *dx = (real *)s->dx + i * n;
        const double factor = -s->scale * row_weight(s, i) * u * v;
        const int bounded = square < s->clip * s->clip;
        const vreal f = v_set1((real)factor), g = v_set1((real)(bounded ? 0 : factor * u * u * dot));
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal tj = v_load_up_to(t + j, n - j);
            v_store_up_to(dx + j, v_fnma(g, v_load_up_to(x + j, n - j), v_mul(f, tj)), n - j);
        }
    }
    return total;
}
