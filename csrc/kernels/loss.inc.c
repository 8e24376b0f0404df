/* loss.inc.c - losses that are a mean over elements: x, target, dx and p are (m, n); dx may be x.
 *
 *   mean_squared_error          (x - t)^2
 *   sum_squared_error           the same, not divided by n
 *   mean_absolute_error         |x - t|, with derivative 0 at 0
 *   mean_absolute_percentage_error   100 |x - t| / max(|t|, clip)
 *   mean_squared_logarithmic_error   (log(1 + max(x, clip)) - log(1 + max(t, clip)))^2
 *   huber                       (x - t)^2 / 2 up to |x - t| = param[0], from there on its tangent
 *   log_cosh                    log(cosh(x - t))
 *   poisson                     x - t log(x + clip)
 *   kl_divergence               t log(t / x), both taken into [clip, 1]; not divided by n
 *   binary_crossentropy         -t log(q) - (1 - t) log(1 - q), where q is x taken into [clip, 1 - clip]
 *   binary_crossentropy_logits  the same of p = sigmoid(x)
 *
 * With u = e^(-2|d|) - 1, log(cosh(d)) is |d| + log(1 + u / 2) and its derivative tanh|d| = -u / (u + 2): neither
 * overflows, and one exponential does for both.
 *
 * From probabilities the derivative is 0 where one was clipped. From logits the two logarithms are
 * softplus(-x) and softplus(x), exact however large x is; clipping bounds their values, as if p had been
 * clipped, while the derivative stays p - t: an output that is wrong beyond doubt still learns.
 */
#include "loss_metric.h"

/* t a + (1 - t) b */
FNN_INLINE vreal binary_mix(vreal t, vreal a, vreal b)
{
    return v_fma(t, a, v_mul(v_sub(v_set1(R(1.0)), t), b));
}

FNN_INLINE element_result squared_error(vreal x, vreal t, const element_constants *c)
{
    const vreal d = v_sub(x, t);
    (void)c;
    return (element_result){v_mul(d, d), v_add(d, d), x};
}

/* -1, 0 or 1; what is not a number stays */
FNN_INLINE vreal sign_of(vreal d)
{
    const vreal zero = v_set1(R(0.0));
    const vreal falling = v_select(v_lt(d, zero), v_set1(R(-1.0)), d);
    return v_select(v_lt(zero, d), v_set1(R(1.0)), falling);
}

FNN_INLINE element_result absolute_error(vreal x, vreal t, const element_constants *c)
{
    const vreal d = v_sub(x, t);
    (void)c;
    return (element_result){v_abs(d), sign_of(d), x};
}

FNN_INLINE element_result percentage_error(vreal x, vreal t, const element_constants *c)
{
    const vreal d = v_sub(x, t);
    const vreal share = v_div(v_set1(R(100.0)), v_max(v_set1(c->low), v_abs(t)));
    return (element_result){v_mul(v_abs(d), share), v_mul(sign_of(d), share), x};
}

FNN_INLINE element_result logarithmic_error(vreal x, vreal t, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), low = v_set1(c->low), q = v_max(low, x);
    const vreal d = v_sub(v_log1p(q), v_log1p(v_max(low, t)));
    const vreal slope = v_div(v_add(d, d), v_add(q, v_set1(R(1.0))));
    return (element_result){v_mul(d, d), v_select(v_lt(x, low), zero, slope), x};
}

FNN_INLINE element_result huber_error(vreal x, vreal t, const element_constants *c)
{
    const vreal d = v_sub(x, t), e = v_abs(d), delta = v_set1(c->a), half = v_set1(R(0.5));
    const vmask near = v_le(e, delta);
    const vreal far = v_mul(delta, v_fnma(half, delta, e));
    return (element_result){v_select(near, v_mul(half, v_mul(d, d)), far),
                            v_select(near, d, v_mul(delta, sign_of(d))), x};
}

FNN_INLINE element_result log_cosh_error(vreal x, vreal t, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), d = v_sub(x, t), e = v_abs(d);
    const vreal u = v_expm1(v_sub(zero, v_add(e, e)));
    const vreal slope = v_div(v_sub(zero, u), v_add(u, v_set1(R(2.0))));
    (void)c;
    return (element_result){v_add(e, v_log1p(v_mul(u, v_set1(R(0.5))))), v_copysign(slope, d), x};
}

FNN_INLINE element_result poisson_error(vreal x, vreal t, const element_constants *c)
{
    const vreal q = v_add(x, v_set1(c->low));
    return (element_result){v_fnma(t, v_log(q), x), v_sub(v_set1(R(1.0)), v_div(t, q)), x};
}

FNN_INLINE element_result divergence(vreal x, vreal t, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), y = clamp(t, c->low, R(1.0)), q = clamp(x, c->low, R(1.0));
    const vreal ratio = v_div(y, q);
    const vmask clipped = m_or(v_lt(x, q), v_lt(q, x));
    return (element_result){v_mul(y, v_log(ratio)), v_select(clipped, zero, v_sub(zero, ratio)), x};
}

FNN_INLINE element_result binary_of_probability(vreal x, vreal t, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), y = smooth_target(t, c);
    const vreal q = clamp(x, c->low, c->high), r = v_sub(v_set1(R(1.0)), q);
    const vmask clipped = m_or(v_lt(x, q), v_lt(q, x));
    const vreal slope = v_div(v_sub(q, y), v_mul(q, r));
    return (element_result){v_sub(zero, binary_mix(y, v_log(q), v_log(r))), v_select(clipped, zero, slope),
                            x};
}

FNN_INLINE element_result binary_of_logit(vreal x, vreal t, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), one = v_set1(R(1.0)), y = smooth_target(t, c);
    const vreal e = v_exp(v_sub(zero, v_abs(x))), l = v_log1p(e);
    const vreal yes = v_add(v_max(zero, v_sub(zero, x)), l), no = v_add(v_max(zero, x), l);
    const vreal p = v_div(v_select(v_lt(x, zero), e, one), v_add(one, e));
    return (element_result){binary_mix(y, clamp(yes, c->least, c->most), clamp(no, c->least, c->most)),
                            v_sub(p, y), p};
}

double KERNEL(mean_squared_error)(const fnn_loss_metric *s)
{
    return sum_elements(s, squared_error, s->dx, NULL);
}

double KERNEL(sum_squared_error)(const fnn_loss_metric *s)
{
    return sum_elements_over(s, 1, squared_error, s->dx, NULL);
}

double KERNEL(mean_absolute_error)(const fnn_loss_metric *s)
{
    return sum_elements(s, absolute_error, s->dx, NULL);
}

double KERNEL(mean_absolute_percentage_error)(const fnn_loss_metric *s)
{
    return sum_elements(s, percentage_error, s->dx, NULL);
}

double KERNEL(mean_squared_logarithmic_error)(const fnn_loss_metric *s)
{
    return sum_elements(s, logarithmic_error, s->dx, NULL);
}

double KERNEL(huber)(const fnn_loss_metric *s) { return sum_elements(s, huber_error, s->dx, NULL); }

double KERNEL(log_cosh)(const fnn_loss_metric *s) { return sum_elements(s, log_cosh_error, s->dx, NULL); }

double KERNEL(poisson)(const fnn_loss_metric *s) { return sum_elements(s, poisson_error, s->dx, NULL); }

double KERNEL(kl_divergence)(const fnn_loss_metric *s)
{
    return sum_elements_over(s, 1, divergence, s->dx, NULL);
}

double KERNEL(binary_crossentropy)(const fnn_loss_metric *s)
{
    return sum_elements(s, binary_of_probability, s->dx, NULL);
}

double KERNEL(binary_crossentropy_logits)(const fnn_loss_metric *s)
{
    return sum_elements(s, binary_of_logit, s->dx, s->p);
}
