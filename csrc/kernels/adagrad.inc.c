/* adagrad.inc.c - Duchi et al. (2011), as in Keras: epsilon is under the root.
 *
 *   a += g^2                                     slot[0]
 *   w -= lr g / sqrt(a + epsilon)
 */
#include "update.h"

void KERNEL(adagrad)(const fnn_update *u)
{
    const update_constants c = update_constants_of(u);
    const vreal rate = v_set1((real)u->learning_rate), epsilon = v_set1((real)u->epsilon);
    const fnn_idx n = u->n;
    real *w = u->w, *a = u->slot[0];
    const real *g = u->g;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal gi = scaled_gradient(g + i, n - i, c), wi = decayed_weight(w + i, n - i, c);
        const vreal ai = v_fma(gi, gi, v_load_up_to(a + i, n - i));
        v_store_up_to(a + i, ai, n - i);
        const vreal step = v_div(v_mul(rate, gi), v_sqrt(v_add(ai, epsilon)));
        v_store_up_to(w + i, v_sub(wi, step), n - i);
    }
}
