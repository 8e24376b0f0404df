/* loss.inc.c - losses that are a mean over elements: x, target, dx and p are (m, n); dx may be x.
 *
 *   mean_squared_error          (x - t)^2
 *   mean_absolute_error         |x - t|, with derivative 0 at 0
 *   binary_crossentropy         -t log(q) - (1 - t) log(1 - q), where q is x taken into [clip, 1 - clip]
 *   binary_crossentropy_logits  the same of p = sigmoid(x)
 *
 * From probabilities the derivative is 0 where one was clipped. From logits the two logarithms are
 * softplus(-x) and softplus(x), exact however large x is; clipping bounds their values, as if p had been
 * clipped, while the derivative stays p - t: an output that is wrong beyond doubt still learns.
 */
#include "score.h"

/* t a + (1 - t) b */
FNN_INLINE vreal binary_mix(vreal t, vreal a, vreal b)
{
    return v_fma(t, a, v_mul(v_sub(v_set1(R(1.0)), t), b));
}

FNN_INLINE score_point squared_error(vreal x, vreal t, const score_constants *c)
{
    const vreal d = v_sub(x, t);
    (void)c;
    return (score_point){v_mul(d, d), v_add(d, d), x};
}

FNN_INLINE score_point absolute_error(vreal x, vreal t, const score_constants *c)
{
    const vreal zero = v_set1(R(0.0)), d = v_sub(x, t);
    const vreal falling = v_select(v_lt(d, zero), v_set1(R(-1.0)), d);
    (void)c;
    return (score_point){v_abs(d), v_select(v_lt(zero, d), v_set1(R(1.0)), falling), x};
}

FNN_INLINE score_point binary_of_probability(vreal x, vreal t, const score_constants *c)
{
    const vreal zero = v_set1(R(0.0)), y = smooth_target(t, c);
    const vreal q = clamp(x, c->low, c->high), r = v_sub(v_set1(R(1.0)), q);
    const vmask clipped = m_or(v_lt(x, q), v_lt(q, x));
    const vreal slope = v_div(v_sub(q, y), v_mul(q, r));
    return (score_point){v_sub(zero, binary_mix(y, v_log(q), v_log(r))), v_select(clipped, zero, slope), x};
}

FNN_INLINE score_point binary_of_logit(vreal x, vreal t, const score_constants *c)
{
    const vreal zero = v_set1(R(0.0)), one = v_set1(R(1.0)), y = smooth_target(t, c);
    const vreal e = v_exp(v_sub(zero, v_abs(x))), l = v_log1p(e);
    const vreal yes = v_add(v_max(zero, v_sub(zero, x)), l), no = v_add(v_max(zero, x), l);
    const vreal p = v_div(v_select(v_lt(x, zero), e, one), v_add(one, e));
    return (score_point){binary_mix(y, clamp(yes, c->least, c->most), clamp(no, c->least, c->most)),
                         v_sub(p, y), p};
}

static double mean_squared_error(const fnn_score *s) { return sum_points(s, squared_error, s->dx, NULL); }

static double mean_absolute_error(const fnn_score *s) { return sum_points(s, absolute_error, s->dx, NULL); }

static double binary_crossentropy(const fnn_score *s)
{
    return sum_points(s, binary_of_probability, s->dx, NULL);
}

static double binary_crossentropy_logits(const fnn_score *s)
{
    return sum_points(s, binary_of_logit, s->dx, s->p);
}
