/* adam.inc.c - slots: first moment, second moment, and for AMSGrad its largest. */
#include <math.h>

void KERNEL(adam)(const fnn_update *u)
{
    real *w = u->w, *m = u->slot[0], *v = u->slot[1], *largest = u->slot[2];
    for (fnn_idx i = 0; i < u->n; i++) {
        const double g = scaled_gradient(u, i);
        const double first = m[i] + (1 - u->beta_1) * (g - m[i]);
        const double step = u->learning_rate * first + (u->nesterov ? u->gradient_rate * g : 0);
        double second = v[i] + (1 - u->beta_2) * (g * g - v[i]);
        m[i] = (real)first;
        v[i] = (real)second;
        if (largest) {
            second = largest[i] > second ? largest[i] : second;
            largest[i] = (real)second;
        }
        w[i] = (real)(decayed_weight(u, i) - step / (sqrt(second) + u->epsilon));
    }
}
