/* focal.inc.c - cross-entropies that fade where a prediction is right (Lin et al. 2017, arXiv:1708.02002), with
 * gamma = param[0]; x, target, dx and p are (m, n); dx may be x.
 *
 *   binary_focal_crossentropy        mean over j of (t param[1] + (1 - t) param[2]) f^gamma b
 *   binary_focal_crossentropy_logits the same of p = sigmoid(x)
 *   categorical_focal_crossentropy   -param[1] sum over j of (1 - q)^gamma t log(q), q as in crossentropy.inc.c
 *   categorical_focal_..._logits     the same of p = softmax(x)
 *
 * b is the binary cross-entropy of loss.inc.c and f = t (1 - x) + (1 - t) x what the probability misses. What is
 * clipped, and what is not, is as in the cross-entropies: from logits the derivative is that of the formula without
 * clipping. With h_j = p_j times the derivative by p_j, that by the logit x_j is h_j - p_j sum(h).
 */
#include "loss_metric.h"

/* base^exponent for a base that is not negative */
FNN_INLINE vreal power_of(vreal base, real exponent)
{
    if (exponent == 0)
        return v_set1(R(1.0));
    return v_exp(v_mul(v_set1(exponent), v_log(base)));
}

/* weight f^gamma b and its derivative, where b and f have the derivatives given; f of 0 has an infinite one. */
FNN_INLINE element_result focal(vreal y, vreal b, vreal b_slope, vreal f, vreal f_slope,
                                const element_constants *c)
{
    f = v_max(v_set1(SMALLEST_NORMAL), f);
    const vreal weight = v_fma(y, v_set1(c->b - c->c), v_set1(c->c)), fade = power_of(f, c->a);
    const vreal fade_slope = v_mul(v_mul(v_set1(c->a), power_of(f, c->a - 1)), f_slope);
    return (element_result){v_mul(weight, v_mul(fade, b)),
                            v_mul(weight, v_fma(fade, b_slope, v_mul(fade_slope, b))), b};
}

FNN_INLINE element_result binary_focal_of_probability(vreal x, vreal t, const element_constants *c)
{
    const vreal one = v_set1(R(1.0)), y = smooth_target(t, c), no = v_sub(one, y);
    const element_result b = binary_of_probability(x, t, c);
    const vreal f = v_fma(y, v_sub(one, x), v_mul(no, x));
    return focal(y, b.value, b.gradient, f, v_sub(no, y), c);
}

FNN_INLINE element_result binary_focal_of_logit(vreal x, vreal t, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), one = v_set1(R(1.0)), y = smooth_target(t, c), no = v_sub(one, y);
    const element_result b = binary_of_logit(x, t, c);
    const vreal rest = v_sigmoid(v_sub(zero, x)), f = v_fma(y, rest, v_mul(no, b.p));
    element_result r = focal(y, b.value, b.gradient, f, v_mul(v_sub(no, y), v_mul(b.p, rest)), c);
    r.p = b.p;
    return r;
}

double KERNEL(binary_focal_crossentropy)(const fnn_loss_metric *s)
{
    return sum_elements(s, binary_focal_of_probability, s->dx, NULL);
}

double KERNEL(binary_focal_crossentropy_logits)(const fnn_loss_metric *s)
{
    return sum_elements(s, binary_focal_of_logit, s->dx, s->p);
}

/* What class j of a row adds to its loss, and the derivative of that by q_j; alpha is left to the caller. */
FNN_INLINE element_result focal_class(vreal x, vreal y, vreal share, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), p = v_mul(x, share), q = clamp(p, c->low, c->high);
    const vreal rest = v_sub(v_set1(R(1.0)), q), fade = power_of(rest, c->a), l = v_log(q);
    const vreal slope = v_mul(v_mul(v_set1(c->a), power_of(rest, c->a - 1)), l);
    const vreal g = v_mul(y, v_sub(slope, v_div(fade, q)));
    const vmask clipped = m_or(v_lt(p, q), v_lt(q, p));
    return (element_result){v_mul(y, v_mul(fade, v_sub(zero, l))), v_select(clipped, zero, g), q};
}

double KERNEL(categorical_focal_crossentropy)(const fnn_loss_metric *s)
{
    const element_constants c = constants_of(s, s->n);
    const vreal zero = v_set1(R(0.0));
    const fnn_idx n = s->n;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * n, *t = (const real *)s->target + i * n;
        const double weight = s->param[1] * row_weight(s, i), share = 1 / (double)row_sum(x, n);
        const vreal part = v_set1((real)share);
        vreal value = zero, sum_gq = zero;
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal y = v_up_to(smooth_target(v_load_up_to(t + j, n - j), &c), n - j, zero);
            const element_result f = focal_class(v_load_up_to(x + j, n - j), y, part, &c);
            value = v_add(value, f.value);
            sum_gq = v_fma(f.gradient, f.p, sum_gq);
        }
        total += weight * v_sum(value);
        if (!s->dx)
            continue;
        /* as in crossentropy.inc.c */
        real *dx = (real *)s->dx + i * n;
        const vreal sum = v_set1(v_sum(sum_gq)), factor = v_set1((real)(s->scale * weight * share));
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal y = smooth_target(v_load_up_to(t + j, n - j), &c);
            const element_result f = focal_class(v_load_up_to(x + j, n - j), y, part, &c);
            v_store_up_to(dx + j, v_mul(factor, v_sub(f.gradient, sum)), n - j);
        }
    }
    return total;
}

/* The same of a logit less the row's largest, with h_j in the place of the derivative; y beyond the row is 0. */
FNN_INLINE element_result focal_logit(vreal d, vreal y, vreal share, vreal log_sum,
                                      const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), p = v_mul(v_exp(d), share), surprise = v_sub(log_sum, d);
    const vreal rest = v_max(v_set1(SMALLEST_NORMAL), v_sub(v_set1(R(1.0)), p)), fade = power_of(rest, c->a);
    const vreal slope = v_mul(v_mul(v_set1(c->a), power_of(rest, c->a - 1)), v_mul(p, surprise));
    const vreal value = v_mul(fade, clamp(surprise, c->least, c->most)), h = v_add(slope, fade);
    const vmask none = v_eq(y, zero);
    return (element_result){v_select(none, zero, v_mul(y, value)),
                            v_select(none, zero, v_mul(y, v_sub(zero, h))), p};
}

double KERNEL(categorical_focal_crossentropy_logits)(const fnn_loss_metric *s)
{
    const element_constants c = constants_of(s, s->n);
    const vreal zero = v_set1(R(0.0));
    const fnn_idx n = s->n;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * n, *t = (const real *)s->target + i * n;
        real *dx = s->dx ? (real *)s->dx + i * n : NULL, *p = s->p ? (real *)s->p + i * n : NULL;
        const real max = row_maximum(x, n), sum = row_sum_exp(x, n, max);
        const vreal most = v_set1(max), log_sum = v_set1((real)log(sum)), share = v_set1(1 / sum);
        const double weight = s->param[1] * row_weight(s, i);
        vreal value = zero, sum_h = zero;
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal y = v_up_to(smooth_target(v_load_up_to(t + j, n - j), &c), n - j, zero);
            const vreal d = v_sub(v_load_up_to(x + j, n - j), most);
            const element_result f = focal_logit(d, y, share, log_sum, &c);
            value = v_add(value, f.value);
            sum_h = v_add(sum_h, f.gradient);
        }
        total += weight * v_sum(value);
        const vreal all = v_set1(v_sum(sum_h)), factor = v_set1((real)(s->scale * weight));
        for (fnn_idx j = 0; (dx || p) && j < n; j += VLEN) {
            const vreal y = smooth_target(v_load_up_to(t + j, n - j), &c);
            const element_result f =
                focal_logit(v_sub(v_load_up_to(x + j, n - j), most), y, share, log_sum, &c);
            if (p)
                v_store_up_to(p + j, f.p, n - j);
            if (dx)
                v_store_up_to(dx + j, v_mul(factor, v_fnma(f.p, all, f.gradient)), n - j);
        }
    }
    return total;
}
