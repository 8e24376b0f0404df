/* correlation.inc.c - how each row of x goes with that of target (m, n), both in double. Both tables use this file:
 * metrics like these are seldom asked for.
 *
 *   pearson_correlation       cov(x, t) / (std(x) std(t))
 *   concordance_correlation   2 cov(x, t) / (var x + var t + (mean x - mean t)^2 + clip)
 *
 * of population moments. They are moments of differences from the first number of a row, so that a constant row has
 * exactly no variance, whatever its numbers are; its correlation is not a number, unless its weight is 0.
 */
#include <math.h>

typedef struct {
    double mean_x, mean_t, xx, tt, xt; /* the last three are variances and covariance */
} row_moments;

static row_moments moments_of_row(const fnn_loss_metric *s, fnn_idx i)
{
    const real *x = (const real *)s->x + i * s->n, *t = (const real *)s->target + i * s->n;
    const double n = (double)s->n, x0 = x[0], t0 = t[0];
    row_moments r = {0};
    for (fnn_idx j = 0; j < s->n; j++) {
        r.mean_x += (x[j] - x0) / n;
        r.mean_t += (t[j] - t0) / n;
    }
    for (fnn_idx j = 0; j < s->n; j++) {
        const double dx = x[j] - x0 - r.mean_x, dt = t[j] - t0 - r.mean_t;
        r.xx += dx * dx / n;
        r.tt += dt * dt / n;
        r.xt += dx * dt / n;
    }
    r.mean_x += x0;
    r.mean_t += t0;
    return r;
}

double KERNEL(pearson_correlation)(const fnn_loss_metric *s)
{
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const double weight = row_weight(s, i);
        const row_moments r = moments_of_row(s, i);
        total += weight == 0 ? 0 : weight * r.xt / (sqrt(r.xx) * sqrt(r.tt));
    }
    return total;
}

double KERNEL(concordance_correlation)(const fnn_loss_metric *s)
{
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const row_moments r = moments_of_row(s, i);
        const double apart = r.mean_x - r.mean_t;
        total += row_weight(s, i) * 2 * r.xt / (r.xx + r.tt + apart * apart + s->clip);
    }
    return total;
}
