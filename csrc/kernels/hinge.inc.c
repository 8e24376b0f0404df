/* hinge.inc.c - margins: x, target, dx are (m, n); dx may be x. Labels t stand for y = param[0] t + param[1], which
 * makes -1 and 1 of 0 and 1.
 *
 *   hinge               mean over j of max(1 - y x, 0)
 *   squared_hinge       mean over j of max(1 - y x, 0)^2
 *   categorical_hinge   max(max over j of (1 - t) x - sum over j of t x + 1, 0), of t as it is
 *
 * Where a maximum is reached more than once, the derivative is that of its first place; of 0 and a margin that is
 * 0 as well, it is 0.
 */
#include "loss_metric.h"

/* 1 - y x */
FNN_INLINE vreal margin(vreal y, vreal x) { return v_fnma(y, x, v_set1(R(1.0))); }

FNN_INLINE vreal margin_label(vreal t, const element_constants *c)
{
    return v_fma(t, v_set1(c->a), v_set1(c->b));
}

FNN_INLINE element_result hinge_loss(vreal x, vreal t, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), y = margin_label(t, c), r = margin(y, x);
    const vreal slope = v_select(v_lt(zero, r), v_sub(zero, y), zero);
    return (element_result){v_max(zero, r), v_select(v_isnan(r), r, slope), x};
}

FNN_INLINE element_result squared_hinge_loss(vreal x, vreal t, const element_constants *c)
{
    const vreal zero = v_set1(R(0.0)), y = margin_label(t, c), h = v_max(zero, margin(y, x));
    return (element_result){v_mul(h, h), v_mul(v_mul(v_set1(R(-2.0)), y), h), x};
}

double KERNEL(hinge)(const fnn_loss_metric *s) { return sum_elements(s, hinge_loss, s->dx, NULL); }

double KERNEL(squared_hinge)(const fnn_loss_metric *s)
{
    return sum_elements(s, squared_hinge_loss, s->dx, NULL);
}

/* (1 - t) x; beyond the row the least there is */
FNN_INLINE vreal other_class(const real *x, const real *t, fnn_idx j, fnn_idx n)
{
    const vreal tj = v_load_up_to(t + j, n - j), xj = v_load_up_to(x + j, n - j);
    return v_up_to(v_fnma(tj, xj, xj), n - j, v_set1((real)-INFINITY));
}

/* The first j where (1 - t) x is `most`, or n. */
FNN_INLINE fnn_idx first_other(const real *x, const real *t, fnn_idx n, real most)
{
    real block[VLEN];
    for (fnn_idx j = 0; j < n; j += VLEN) {
        v_store(block, other_class(x, t, j, n));
        for (fnn_idx i = j; i < n && i < j + VLEN; i++)
            if (block[i - j] == most)
                return i;
    }
    return n;
}

double KERNEL(categorical_hinge)(const fnn_loss_metric *s)
{
    const vreal zero = v_set1(R(0.0));
    const fnn_idx n = s->n;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * n, *t = (const real *)s->target + i * n;
        real *dx = s->dx ? (real *)s->dx + i * n : NULL;
        vreal sum = zero, most = v_set1((real)-INFINITY);
        for (fnn_idx j = 0; j < n; j += VLEN) {
            sum = v_fma(v_load_up_to(t + j, n - j), v_load_up_to(x + j, n - j), sum);
            most = v_max(most, other_class(x, t, j, n));
        }
        const real other = v_maximum(most);
        const double value = (double)other - v_sum(sum) + 1;
        total += row_weight(s, i) * (value < 0 ? 0 : value);
        if (!dx)
            continue;
        const fnn_idx at = first_other(x, t, n, other);
        const real factor = (real)(value > 0 ? s->scale * row_weight(s, i) : value == value ? 0 : value);
        const real more = at < n ? factor * (1 - t[at]) : 0;
        for (fnn_idx j = 0; j < n; j += VLEN)
            v_store_up_to(dx + j, v_mul(v_set1(-factor), v_load_up_to(t + j, n - j)), n - j);
        if (at < n)
            dx[at] += more;
    }
    return total;
}
