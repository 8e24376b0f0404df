/* lion.inc.c - slot: mean of the gradient. */
#include <math.h>

void KERNEL(lion)(const fnn_update *u)
{
    real *w = u->w, *m = u->slot[0];
    for (fnn_idx i = 0; i < u->n; i++) {
        const double g = scaled_gradient(u, i), towards = u->beta_1 * m[i] + (1 - u->beta_1) * g;
        const double sign = isnan(towards) ? towards : (towards > 0) - (towards < 0);
        m[i] = (real)(u->beta_2 * m[i] + (1 - u->beta_2) * g);
        w[i] = (real)(decayed_weight(u, i) - u->learning_rate * sign);
    }
}
