/* lion.inc.c - Chen et al. (2023): steps of one size, in the direction of a mean of m and g.
 *
 *   w -= lr sign(beta_1 m + (1 - beta_1) g)      with sign(0) = 0
 *   m = beta_2 m + (1 - beta_2) g                slot[0]
 */
#include "update.h"

void KERNEL(lion)(const fnn_update *u)
{
    const update_constants c = update_constants_of(u);
    const vreal keep_1 = v_set1((real)u->beta_1), gain_1 = v_set1((real)(1 - u->beta_1));
    const vreal keep_2 = v_set1((real)u->beta_2), gain_2 = v_set1((real)(1 - u->beta_2));
    const vreal rate = v_set1((real)u->learning_rate), zero = v_set1(R(0.0));
    const fnn_idx n = u->n;
    real *w = u->w, *m = u->slot[0];
    const real *g = u->g;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal gi = scaled_gradient(g + i, n - i, c), wi = decayed_weight(w + i, n - i, c);
        const vreal mi = v_load_up_to(m + i, n - i);
        const vreal towards = v_fma(gain_1, gi, v_mul(keep_1, mi));
        const vmask still = m_or(v_eq(towards, zero), v_isnan(towards));
        const vreal step = v_select(still, towards, v_copysign(rate, towards));
        v_store_up_to(m + i, v_fma(gain_2, gi, v_mul(keep_2, mi)), n - i);
        v_store_up_to(w + i, v_sub(wi, step), n - i);
    }
}
