/* hinge.inc.c - margins, as the textbook has them, of labels y = param[0] t + param[1]. */
#include <math.h>

static double margin(double x, double t, const fnn_loss_metric *s, double *y)
{
    const double r = 1 - (*y = s->param[0] * t + s->param[1]) * x;
    return r < 0 ? 0 : r;
}

static double hinge_loss(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    double y, h = margin(x, t, s, &y);
    *dx = h > 0 ? -y : h;
    (void)p;
    return h;
}

static double squared_hinge_loss(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    double y, h = margin(x, t, s, &y);
    *dx = -2 * y * h;
    (void)p;
    return h * h;
}

double KERNEL(hinge)(const fnn_loss_metric *s) { return sum_elements(s, hinge_loss, s->dx, NULL); }

double KERNEL(squared_hinge)(const fnn_loss_metric *s)
{
    return sum_elements(s, squared_hinge_loss, s->dx, NULL);
}

/* max(the largest (1 - t) x - sum t x + 1, 0); the derivative is -t, and 1 - t more where the largest is */
double KERNEL(categorical_hinge)(const fnn_loss_metric *s)
{
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * s->n, *t = (const real *)s->target + i * s->n;
        real *dx = s->dx ? (real *)s->dx + i * s->n : NULL;
        double own = 0, other = -INFINITY;
        fnn_idx at = 0;
        for (fnn_idx j = 0; j < s->n; j++) {
            const double xj = (1 - (double)t[j]) * x[j];
            own += (double)t[j] * x[j];
            at = xj > other ? j : at;
            other = xj > other ? xj : other;
        }
        const double value = other - own + 1, slope = value > 0 ? 1 : value == value ? 0 : value;
        total += row_weight(s, i) * (value < 0 ? 0 : value);
        for (fnn_idx j = 0; dx && j < s->n; j++)
            dx[j] = (real)(s->scale * row_weight(s, i) * slope * (j == at ? 1 - 2 * (double)t[j] : -t[j]));
    }
    return total;
}
