/* rmsprop.inc.c - Tieleman & Hinton (2012), Lecture 6.5, with Keras' options; rho is beta_1.
 *
 *   v = rho v + (1 - rho) g^2                    slot[0]
 *   a = rho a + (1 - rho) g                      slot[2] if centered
 *   step = lr g / sqrt(v - a^2 + epsilon)        a = 0 unless centered
 *   m = momentum m + step;  w -= m               slot[1] if there is momentum, else w -= step
 */
#include "update.h"

FNN_INLINE void rmsprop_pass(const fnn_update *u, const int momentum, const int centered)
{
    const update_constants c = update_constants_of(u);
    const vreal rho = v_set1((real)u->beta_1), gain = v_set1((real)(1 - u->beta_1));
    const vreal rate = v_set1((real)u->learning_rate), epsilon = v_set1((real)u->epsilon);
    const vreal keep = v_set1((real)u->momentum);
    const fnn_idx n = u->n;
    real *w = u->w, *v = u->slot[0], *m = u->slot[1], *a = u->slot[2];
    const real *g = u->g;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal gi = scaled_gradient(g + i, n - i, c), wi = decayed_weight(w + i, n - i, c);
        vreal vi = v_fma(gain, v_mul(gi, gi), v_mul(rho, v_load_up_to(v + i, n - i)));
        v_store_up_to(v + i, vi, n - i);
        if (centered) {
            const vreal ai = v_fma(gain, gi, v_mul(rho, v_load_up_to(a + i, n - i)));
            v_store_up_to(a + i, ai, n - i);
            vi = v_fnma(ai, ai, vi);
        }
        vreal step = v_div(v_mul(rate, gi), v_sqrt(v_add(vi, epsilon)));
        if (momentum) {
            step = v_fma(keep, v_load_up_to(m + i, n - i), step);
            v_store_up_to(m + i, step, n - i);
        }
        v_store_up_to(w + i, v_sub(wi, step), n - i);
    }
}

void KERNEL(rmsprop)(const fnn_update *u)
{
    if (u->slot[1] && u->slot[2])
        rmsprop_pass(u, 1, 1);
    else if (u->slot[1])
        rmsprop_pass(u, 1, 0);
    else if (u->slot[2])
        rmsprop_pass(u, 0, 1);
    else
        rmsprop_pass(u, 0, 0);
}
