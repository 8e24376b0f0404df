/* adadelta.inc.c - slots: mean square of the gradient, and of the steps. */
#include <math.h>

void KERNEL(adadelta)(const fnn_update *u)
{
    real *w = u->w, *a = u->slot[0], *d = u->slot[1];
    const double rho = u->beta_1;
    for (fnn_idx i = 0; i < u->n; i++) {
        const double g = scaled_gradient(u, i), square = rho * a[i] + (1 - rho) * g * g;
        const double step = sqrt(d[i] + u->epsilon) * g / sqrt(square + u->epsilon);
        a[i] = (real)square;
        d[i] = (real)(rho * d[i] + (1 - rho) * step * step);
        w[i] = (real)(decayed_weight(u, i) - u->learning_rate * step);
    }
}
