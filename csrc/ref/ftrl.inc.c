/* ftrl.inc.c - slots: sum of squares, and the linear term. */
#include <math.h>

void KERNEL(ftrl)(const fnn_update *u)
{
    real *w = u->w, *a = u->slot[0], *z = u->slot[1];
    for (fnn_idx i = 0; i < u->n; i++) {
        const double g = scaled_gradient(u, i), old = decayed_weight(u, i), sum = a[i] + g * g;
        const double raised = pow(sum, u->power), share = sum > 0 ? fmin(1, g * g / sum) : 0;
        const double growth = -raised * expm1(u->power * log1p(-share)); /* from a[i]^power to sum^power */
        const double linear = z[i] + g + u->l2_shrinkage * old - growth / u->learning_rate * old;
        const double beyond = fabs(linear) > u->l1 ? copysign(u->l1, linear) - linear : 0;
        a[i] = (real)sum;
        z[i] = (real)linear;
        w[i] = (real)((isnan(linear) ? linear : beyond) / (raised / u->learning_rate + u->l2));
    }
}
