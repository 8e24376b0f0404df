/* sgd.inc.c - gradient descent; slot[0], if given, is the velocity. */
#include <math.h>

static double scaled_gradient(const fnn_update *u, fnn_idx i)
{
    const double g = u->gradient_scale * ((const real *)u->g)[i];
    return u->clip_value > 0 && fabs(g) > u->clip_value ? copysign(u->clip_value, g) : g;
}

static double decayed_weight(const fnn_update *u, fnn_idx i)
{
    const double w = ((const real *)u->w)[i];
    return w - u->decay * w;
}

void KERNEL(sgd)(const fnn_update *u)
{
    real *w = u->w, *m = u->slot[0];
    for (fnn_idx i = 0; i < u->n; i++) {
        const double g = scaled_gradient(u, i);
        double step = -u->learning_rate * g;
        if (m) {
            const double velocity = u->momentum * m[i] - u->learning_rate * g;
            m[i] = (real)velocity;
            step = u->nesterov ? u->momentum * velocity - u->learning_rate * g : velocity;
        }
        w[i] = (real)(decayed_weight(u, i) + step);
    }
}
