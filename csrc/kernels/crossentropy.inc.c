/* crossentropy.inc.c - row by row, x (m, n) against target (m, n), or (m) class numbers; dx may be x.
 *
 *   categorical_crossentropy          -sum_j t_j log(q_j), where q is x / sum x taken into [clip, 1 - clip]
 *   categorical_crossentropy_logits   the same of p = softmax(x)
 *   sparse_...                        the same with t_j = 1 at the target class, else 0
 *
 * From probabilities the derivative is that of the formula with its normalisation, as in Keras' JAX,
 * NumPy and PyTorch backends; a term whose q was clipped has none. From logits -log(p_j) is
 * log(sum exp(x)) - x_j, exact however large x is; clipping bounds its value, as if p had been clipped,
 * while the derivative stays p sum(t) - t. Value, p and dx of a row of logits are made in one pass after
 * its maximum and sum. The pass computes the exponentials anew: dx may be x and p may be missing, so
 * there is no place that could keep them.
 */
#include "loss_metric.h"

double KERNEL(categorical_crossentropy)(const fnn_loss_metric *s)
{
    const element_constants c = constants_of(s, s->n);
    const vreal zero = v_set1(R(0.0)), low = v_set1(c.low), high = v_set1(c.high);
    const fnn_idx n = s->n;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * n, *t = (const real *)s->target + i * n;
        const double weight = row_weight(s, i), share = 1 / (double)row_sum(x, n);
        const vreal part = v_set1((real)share);
        vreal value = zero, learning = zero;
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal y = v_up_to(smooth_target(v_load_up_to(t + j, n - j), &c), n - j, zero);
            const vreal p = v_mul(v_load_up_to(x + j, n - j), part), q = v_min(high, v_max(low, p));
            value = v_fnma(y, v_log(q), value);
            learning = v_add(learning, v_select(v_eq(p, q), y, zero));
        }
        total += weight * v_sum(value);
        if (!s->dx)
            continue;
        /* the gradient g_j by q_j is -t_j / q_j, that by x_j is (g_j - sum g q) / sum x */
        real *dx = (real *)s->dx + i * n;
        const vreal sum = v_set1(v_sum(learning)), factor = v_set1((real)(s->scale * weight * share));
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal y = smooth_target(v_load_up_to(t + j, n - j), &c);
            const vreal p = v_mul(v_load_up_to(x + j, n - j), part), q = v_min(high, v_max(low, p));
            const vreal g = v_select(v_eq(p, q), v_div(y, q), zero);
            v_store_up_to(dx + j, v_mul(factor, v_sub(sum, g)), n - j);
        }
    }
    return total;
}

double KERNEL(sparse_categorical_crossentropy)(const fnn_loss_metric *s)
{
    const int32_t *target = s->target;
    const fnn_idx n = s->n;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * n;
        real *dx = s->dx ? (real *)s->dx + i * n : NULL;
        const double weight = row_weight(s, i), sum = row_sum(x, n);
        double every = 0, hit = 0;
        if (target[i] != s->ignore_class) {
            const double p = x[target[i]] / sum, low = s->clip, high = 1 - s->clip;
            total -= weight * log(p < low ? low : p > high ? high : p);
            if (!(p < low || p > high)) {
                every = s->scale * weight / sum;
                hit = every / p;
            }
        }
        if (dx) {
            row_fill(dx, (real)every, n);
            if (target[i] != s->ignore_class)
                dx[target[i]] = (real)(every - hit);
        }
    }
    return total;
}

FNN_INLINE real row_sum_exp(const real *x, fnn_idx n, real max)
{
    vreal sum = v_set1(R(0.0));
    for (fnn_idx j = 0; j < n; j += VLEN) {
        const vreal e = v_exp(v_sub(v_load_up_to(x + j, n - j), v_set1(max)));
        sum = v_add(sum, v_up_to(e, n - j, v_set1(R(0.0))));
    }
    return v_sum(sum);
}

double KERNEL(categorical_crossentropy_logits)(const fnn_loss_metric *s)
{
    const element_constants c = constants_of(s, s->n);
    const vreal zero = v_set1(R(0.0));
    const fnn_idx n = s->n;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * n, *t = (const real *)s->target + i * n;
        real *dx = s->dx ? (real *)s->dx + i * n : NULL, *p = s->p ? (real *)s->p + i * n : NULL;
        const real max = row_maximum(x, n), sum = row_sum_exp(x, n, max);
        const vreal log_sum = v_set1((real)log(sum)), share = v_set1(1 / sum);
        const vreal sum_t = v_set1((real)(c.keep * row_sum(t, n) + s->label_smoothing));
        const vreal factor = v_set1((real)(s->scale * row_weight(s, i)));
        vreal value = zero;
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal y = v_up_to(smooth_target(v_load_up_to(t + j, n - j), &c), n - j, zero);
            const vreal d = v_sub(v_load_up_to(x + j, n - j), v_set1(max)), pj = v_mul(v_exp(d), share);
            const vreal surprise = clamp(v_sub(log_sum, d), c.least, c.most);
            value = v_fma(y, v_select(v_eq(y, zero), zero, surprise), value);
            if (p)
                v_store_up_to(p + j, pj, n - j);
            if (dx)
                v_store_up_to(dx + j, v_mul(factor, v_sub(v_mul(pj, sum_t), y)), n - j);
        }
        total += row_weight(s, i) * v_sum(value);
    }
    return total;
}

double KERNEL(sparse_categorical_crossentropy_logits)(const fnn_loss_metric *s)
{
    const element_constants c = constants_of(s, s->n);
    const int32_t *target = s->target;
    const fnn_idx n = s->n;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * n;
        real *dx = s->dx ? (real *)s->dx + i * n : NULL, *p = s->p ? (real *)s->p + i * n : NULL;
        const real max = row_maximum(x, n), sum = row_sum_exp(x, n, max);
        const double factor = s->scale * row_weight(s, i);
        const vreal share = v_set1(1 / sum), dx_share = v_set1((real)(factor / sum));
        const int counts = target[i] != s->ignore_class;
        if (counts) {
            const double value = log(sum) - ((double)x[target[i]] - max);
            total += row_weight(s, i) * (value < c.least ? c.least : value > c.most ? c.most : value);
        }
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal e = v_exp(v_sub(v_load_up_to(x + j, n - j), v_set1(max)));
            if (p)
                v_store_up_to(p + j, v_mul(e, share), n - j);
            if (dx)
                v_store_up_to(dx + j, v_mul(e, dx_share), n - j);
        }
        if (dx && counts)
            dx[target[i]] -= (real)factor;
        else if (dx)
            row_fill(dx, R(0.0), n);
    }
    return total;
}
