/* sgd.inc.c - gradient descent as in Keras: the learning rate is inside the velocity m.
 *
 *   plain      w -= lr g                              without slot[0]
 *   momentum   m = momentum m - lr g;  w += m         slot[0] is m
 *   nesterov   ...                     w += momentum m - lr g
 */
#include "update.h"

FNN_INLINE void sgd_pass(const fnn_update *u, const int momentum, const int nesterov)
{
    const update_constants c = update_constants_of(u);
    const vreal rate = v_set1((real)u->learning_rate), keep = v_set1((real)u->momentum);
    const fnn_idx n = u->n;
    real *w = u->w, *m = u->slot[0];
    const real *g = u->g;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal gi = scaled_gradient(g + i, n - i, c), wi = decayed_weight(w + i, n - i, c);
        if (momentum) {
            const vreal mi = v_fnma(rate, gi, v_mul(keep, v_load_up_to(m + i, n - i)));
            const vreal step = nesterov ? v_fnma(rate, gi, v_mul(keep, mi)) : mi;
            v_store_up_to(m + i, mi, n - i);
            v_store_up_to(w + i, v_add(wi, step), n - i);
        } else {
            v_store_up_to(w + i, v_fnma(rate, gi, wi), n - i);
        }
    }
}

void KERNEL(sgd)(const fnn_update *u)
{
    if (!u->slot[0])
        sgd_pass(u, 0, 0);
    else if (!u->nesterov)
        sgd_pass(u, 1, 0);
    else
        sgd_pass(u, 1, 1);
}
