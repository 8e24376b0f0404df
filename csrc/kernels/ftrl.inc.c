/* ftrl.inc.c - follow the regularized leader, McMahan et al. (2013), as in Keras; p is `power`.
 *
 *   b = a + g^2
 *   z += g + l2_shrinkage w - (b^p - a^p) w / lr                  slot[1]
 *   w = (clip(z, -l1, l1) - z) / (b^p / lr + l2)
 *   a = b                                                         slot[0]
 *
 * The difference of powers is divided by lr, so it is not taken of two numbers that are nearly equal:
 *
 *   b^p - a^p = g^2 / (sqrt(b) + sqrt(a)) for p = 1/2, as a rule, else b^p (1 - e^(p log(1 - g^2 / b)))
 */
#include "../simd/math.h"
#include "update.h"

/* b^p - a^p, where b = a + square */
FNN_INLINE vreal growth_of(vreal square, vreal a, vreal b, vreal raised_b, vreal power, const int root)
{
    const vreal zero = v_set1(R(0.0)), one = v_set1(R(1.0));
    vreal growth;
    if (root) {
        growth = v_div(square, v_add(raised_b, v_sqrt(a)));
    } else {
        const vreal share = v_min(one, v_div(square, b));
        growth = v_fnma(raised_b, v_expm1(v_mul(power, v_log1p(v_sub(zero, share)))), zero);
    }
    return v_select(v_eq(b, zero), zero, growth);
}

FNN_INLINE void ftrl_pass(const fnn_update *u, const int root)
{
    const update_constants c = update_constants_of(u);
    const vreal l1 = v_set1((real)u->l1), minus_l1 = v_set1((real)-u->l1), l2 = v_set1((real)u->l2);
    const vreal shrinkage = v_set1((real)u->l2_shrinkage), power = v_set1((real)u->power);
    const vreal rate = v_set1((real)u->learning_rate);
    const fnn_idx n = u->n;
    real *w = u->w, *a = u->slot[0], *z = u->slot[1];
    const real *g = u->g;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal gi = scaled_gradient(g + i, n - i, c), wi = decayed_weight(w + i, n - i, c);
        const vreal square = v_mul(gi, gi), ai = v_load_up_to(a + i, n - i), bi = v_add(square, ai);
        const vreal raised_b = root ? v_sqrt(bi) : v_exp(v_mul(power, v_log(bi)));
        const vreal growth = growth_of(square, ai, bi, raised_b, power, root);
        const vreal pull = v_sub(v_fma(shrinkage, wi, gi), v_mul(v_div(growth, rate), wi));
        const vreal zi = v_add(v_load_up_to(z + i, n - i), pull);
        const vreal beyond = v_sub(v_min(l1, v_max(minus_l1, zi)), zi);
        v_store_up_to(a + i, bi, n - i);
        v_store_up_to(z + i, zi, n - i);
        v_store_up_to(w + i, v_div(beyond, v_add(v_div(raised_b, rate), l2)), n - i);
    }
}

void KERNEL(ftrl)(const fnn_update *u)
{
    if (u->power == 0.5)
        ftrl_pass(u, 1);
    else
        ftrl_pass(u, 0);
}
