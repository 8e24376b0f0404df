/* rmsprop.inc.c - slots: mean square, velocity if there is momentum, mean gradient if centered. */
#include <math.h>

void KERNEL(rmsprop)(const fnn_update *u)
{
    real *w = u->w, *v = u->slot[0], *m = u->slot[1], *a = u->slot[2];
    const double rho = u->beta_1;
    for (fnn_idx i = 0; i < u->n; i++) {
        const double g = scaled_gradient(u, i), square = rho * v[i] + (1 - rho) * g * g;
        double variance = square, step;
        v[i] = (real)square;
        if (a) {
            const double mean = rho * a[i] + (1 - rho) * g;
            a[i] = (real)mean;
            variance -= mean * mean;
        }
        step = u->learning_rate * g / sqrt(variance + u->epsilon);
        if (m) {
            step += u->momentum * m[i];
            m[i] = (real)step;
        }
        w[i] = (real)(decayed_weight(u, i) - step);
    }
}
