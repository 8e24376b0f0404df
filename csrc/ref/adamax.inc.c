/* adamax.inc.c - slots: mean of the gradient, its largest size, fading. */
#include <math.h>

void KERNEL(adamax)(const fnn_update *u)
{
    real *w = u->w, *m = u->slot[0], *v = u->slot[1];
    for (fnn_idx i = 0; i < u->n; i++) {
        const double g = scaled_gradient(u, i), faded = u->beta_2 * v[i];
        const double mean = m[i] + (1 - u->beta_1) * (g - m[i]);
        const double largest = faded > fabs(g) ? faded : fabs(g);
        m[i] = (real)mean;
        v[i] = (real)largest;
        w[i] = (real)(decayed_weight(u, i) - u->learning_rate * mean / (largest + u->epsilon));
    }
}
