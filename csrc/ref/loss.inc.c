/* loss.inc.c - losses that are a mean over elements, as the textbook has them, in double. */
#include <math.h>

static double row_weight(const fnn_score *s, fnn_idx i)
{
    return s->weight ? (double)((const real *)s->weight)[i / s->rows_per_weight] : 1;
}

/* The value of one element; its derivative by x goes to dx, and what x predicts to p. */
typedef double element_loss(double x, double t, const fnn_score *s, double *dx, double *p);

static double squared_error(double x, double t, const fnn_score *s, double *dx, double *p)
{
    (void)s, (void)p;
    *dx = 2 * (x - t);
    return (x - t) * (x - t);
}

static double absolute_error(double x, double t, const fnn_score *s, double *dx, double *p)
{
    (void)s, (void)p;
    *dx = x > t ? 1 : x < t ? -1 : x - t;
    return fabs(x - t);
}

static double smoothed_binary(double t, const fnn_score *s)
{
    return t * (1 - s->label_smoothing) + 0.5 * s->label_smoothing;
}

static double binary_of_probability(double x, double t, const fnn_score *s, double *dx, double *p)
{
    double q = clip(x, (real)s->clip, (real)(1 - s->clip)), y = smoothed_binary(t, s);
    (void)p;
    *dx = x < q || x > q ? 0 : (1 - y) / (1 - q) - y / q;
    return -y * log(q) - (1 - y) * log(1 - q);
}

static double binary_of_logit(double x, double t, const fnn_score *s, double *dx, double *p)
{
    double y = smoothed_binary(t, s), least = -log1p(-s->clip), most = -log(s->clip);
    *p = logistic(x);
    *dx = *p - y;
    return y * clip(softplus(-x), least, most) + (1 - y) * clip(softplus(x), least, most);
}

static double sum_elements(const fnn_score *s, element_loss *loss, real *dx, real *p)
{
    const real *x = s->x, *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++)
        for (fnn_idx j = 0; j < s->n; j++) {
            const fnn_idx at = i * s->n + j;
            const double share = row_weight(s, i) / (double)s->n;
            double gradient, prediction;
            total += share * loss(x[at], t[at], s, &gradient, &prediction);
            if (dx)
                dx[at] = (real)(s->scale * share * gradient);
            if (p)
                p[at] = (real)prediction;
        }
    return total;
}

static double mean_squared_error(const fnn_score *s) { return sum_elements(s, squared_error, s->dx, NULL); }

static double mean_absolute_error(const fnn_score *s) { return sum_elements(s, absolute_error, s->dx, NULL); }

static double binary_crossentropy(const fnn_score *s)
{
    return sum_elements(s, binary_of_probability, s->dx, NULL);
}

static double binary_crossentropy_logits(const fnn_score *s)
{
    return sum_elements(s, binary_of_logit, s->dx, s->p);
}
