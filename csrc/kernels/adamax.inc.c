/* adamax.inc.c - Kingma & Ba (2015), section 7.1.
 *
 *   m += (1 - beta_1) (g - m)                    slot[0]
 *   v = max(beta_2 v, |g|)                       slot[1]
 *   w -= lr m / (v + epsilon)                    lr has the bias correction in it
 */
#include "update.h"

void KERNEL(adamax)(const fnn_update *u)
{
    const update_constants c = update_constants_of(u);
    const vreal gain = v_set1((real)(1 - u->beta_1)), keep = v_set1((real)u->beta_2);
    const vreal rate = v_set1((real)u->learning_rate), epsilon = v_set1((real)u->epsilon);
    const fnn_idx n = u->n;
    real *w = u->w, *m = u->slot[0], *v = u->slot[1];
    const real *g = u->g;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal gi = scaled_gradient(g + i, n - i, c), wi = decayed_weight(w + i, n - i, c);
        vreal mi = v_load_up_to(m + i, n - i);
        mi = v_fma(gain, v_sub(gi, mi), mi);
        const vreal vi = v_max(v_mul(keep, v_load_up_to(v + i, n - i)), v_abs(gi));
        v_store_up_to(m + i, mi, n - i);
        v_store_up_to(v + i, vi, n - i);
        const vreal step = v_div(v_mul(rate, mi), v_add(vi, epsilon));
        v_store_up_to(w + i, v_sub(wi, step), n - i);
    }
}
