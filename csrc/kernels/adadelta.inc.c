/* adadelta.inc.c - Zeiler (2012), times a learning rate as in Keras; rho is beta_1.
 *
 *   a = rho a + (1 - rho) g^2                    slot[0]
 *   step = sqrt(d + epsilon) g / sqrt(a + epsilon)
 *   d = rho d + (1 - rho) step^2                 slot[1]
 *   w -= lr step
 */
#include "update.h"

void KERNEL(adadelta)(const fnn_update *u)
{
    const update_constants c = update_constants_of(u);
    const vreal rho = v_set1((real)u->beta_1), gain = v_set1((real)(1 - u->beta_1));
    const vreal rate = v_set1((real)u->learning_rate), epsilon = v_set1((real)u->epsilon);
    const fnn_idx n = u->n;
    real *w = u->w, *a = u->slot[0], *d = u->slot[1];
    const real *g = u->g;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal gi = scaled_gradient(g + i, n - i, c), wi = decayed_weight(w + i, n - i, c);
        const vreal ai = v_fma(gain, v_mul(gi, gi), v_mul(rho, v_load_up_to(a + i, n - i)));
        const vreal di = v_load_up_to(d + i, n - i);
        const vreal step = v_div(v_mul(v_sqrt(v_add(di, epsilon)), gi), v_sqrt(v_add(ai, epsilon)));
        v_store_up_to(a + i, ai, n - i);
        v_store_up_to(d + i, v_fma(gain, v_mul(step, step), v_mul(rho, di)), n - i);
        v_store_up_to(w + i, v_fnma(rate, step, wi), n - i);
    }
}
