/* ftrl.inc.c - follow the regularized leader, McMahan et al. (2013), as in Keras; p is `power`.
 *
 *   b = a + g^2
 *   z += g + l2_shrinkage w - (b^p - a^p) w / lr                  slot[1]
 *   w = (clip(z, -l1, l1) - z) / (b^p / lr + l2)
 *   a = b                                                         slot[0]
 *
 * p is one half as a rule: a root is exact and costs less than a logarithm.
 */
#include "../simd/math.h"
#include "update.h"

FNN_INLINE vreal raised(vreal x, vreal power, const int root)
{
    return root ? v_sqrt(x) : v_exp(v_mul(power, v_log(x)));
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
        const vreal ai = v_load_up_to(a + i, n - i), bi = v_fma(gi, gi, ai);
        const vreal raised_b = raised(bi, power, root), growth = v_sub(raised_b, raised(ai, power, root));
        const vreal pull = v_sub(v_fma(shrinkage, wi, gi), v_mul(v_div(growth, rate), wi));
        const vreal zi = v_add(v_load_up_to(z + i, n - i), pull);
        const vreal beyond = v_sub(v_min(l1, v_max(minus_l1, zi)), zi);
        v_store_up_to(a + i, bi, n - i);
        v_store_up_to(z + i, zi, n - i);
        v_store_up_to(w + i, v_div(beyond, v_add(v_div(raised_b, rate), l2)), n - i);
    }
}

static void ftrl(const fnn_update *u)
{
    if (u->power == 0.5)
        ftrl_pass(u, 1);
    else
        ftrl_pass(u, 0);
}
