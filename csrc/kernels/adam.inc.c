/* adam.inc.c - Kingma & Ba (2015) with the "epsilon hat" of its section 2, as in Keras.
 *
 *   m += (1 - beta_1) (g - m)                    slot[0]
 *   v += (1 - beta_2) (g^2 - v)                  slot[1]
 *   w -= lr m / (sqrt(v) + epsilon)              lr has the bias corrections in it
 *
 * AMSGrad (Reddi et al., 2018) has the largest v so far under the root: slot[2], if there is one. Nadam (Dozat
 * 2016), where `nesterov` is set, steps by lr m + gradient_rate g in place of lr m.
 */
#include "update.h"

FNN_INLINE void adam_pass(const fnn_update *u, const int amsgrad, const int nesterov)
{
    const update_constants c = update_constants_of(u);
    const vreal gain_1 = v_set1((real)(1 - u->beta_1)), gain_2 = v_set1((real)(1 - u->beta_2));
    const vreal rate = v_set1((real)u->learning_rate), epsilon = v_set1((real)u->epsilon);
    const vreal gradient_rate = v_set1((real)u->gradient_rate);
    const fnn_idx n = u->n;
    real *w = u->w, *m = u->slot[0], *v = u->slot[1], *largest = u->slot[2];
    const real *g = u->g;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal gi = scaled_gradient(g + i, n - i, c), wi = decayed_weight(w + i, n - i, c);
        vreal mi = v_load_up_to(m + i, n - i), vi = v_load_up_to(v + i, n - i);
        mi = v_fma(gain_1, v_sub(gi, mi), mi);
        vi = v_fma(gain_2, v_sub(v_mul(gi, gi), vi), vi);
        v_store_up_to(m + i, mi, n - i);
        v_store_up_to(v + i, vi, n - i);
        if (amsgrad) {
            vi = v_max(v_load_up_to(largest + i, n - i), vi);
            v_store_up_to(largest + i, vi, n - i);
        }
        vreal step = v_mul(rate, mi);
        if (nesterov)
            step = v_fma(gradient_rate, gi, step);
        v_store_up_to(w + i, v_sub(wi, v_div(step, v_add(v_sqrt(vi), epsilon))), n - i);
    }
}

void KERNEL(adam)(const fnn_update *u)
{
    if (u->slot[2] && u->nesterov)
        adam_pass(u, 1, 1);
    else if (u->slot[2])
        adam_pass(u, 1, 0);
    else if (u->nesterov)
        adam_pass(u, 0, 1);
    else
        adam_pass(u, 0, 0);
}
