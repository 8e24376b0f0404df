/* adagrad.inc.c - slot: sum of squares. */
#include <math.h>

void KERNEL(adagrad)(const fnn_update *u)
{
    real *w = u->w, *a = u->slot[0];
    for (fnn_idx i = 0; i < u->n; i++) {
        const double g = scaled_gradient(u, i), sum = a[i] + g * g;
        a[i] = (real)sum;
        w[i] = (real)(decayed_weight(u, i) - u->learning_rate * g / sqrt(sum + u->epsilon));
    }
}
