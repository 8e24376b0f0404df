/* loss.inc.c - losses that are a mean over elements, as the textbook has them, in double. */
#include <math.h>

static double row_weight(const fnn_loss_metric *s, fnn_idx i)
{
    return s->weight ? (double)((const real *)s->weight)[i / s->rows_per_weight] : 1;
}

/* The value of one element; its derivative by x goes to dx, and what x predicts to p. */
typedef double element_loss(double x, double t, const fnn_loss_metric *s, double *dx, double *p);

static double squared_error(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    (void)s, (void)p;
    *dx = 2 * (x - t);
    return (x - t) * (x - t);
}

static double absolute_error(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    (void)s, (void)p;
    *dx = x > t ? 1 : x < t ? -1 : x - t;
    return fabs(x - t);
}

static double percentage_error(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    const double share = 100 / (fabs(t) > s->clip ? fabs(t) : s->clip);
    *dx = share * (x > t ? 1 : x < t ? -1 : x - t);
    (void)p;
    return share * fabs(x - t);
}

static double logarithmic_error(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    const double q = x < s->clip ? s->clip : x, d = log1p(q) - log1p(t < s->clip ? s->clip : t);
    *dx = x < s->clip ? 0 : 2 * d / (1 + q);
    (void)p;
    return d * d;
}

static double huber_error(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    const double d = x - t, delta = (real)s->param[0];
    *dx = d > delta ? delta : d < -delta ? -delta : d;
    (void)p;
    return fabs(d) <= delta ? d * d / 2 : delta * (fabs(d) - delta / 2);
}

static double log_cosh_error(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    const double e = fabs(x - t);
    *dx = tanh(x - t);
    (void)s, (void)p;
    return e + log1p(expm1(-2 * e) / 2);
}

static double poisson_error(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    *dx = 1 - t / (x + s->clip);
    (void)p;
    return x - t * log(x + s->clip);
}

static double divergence(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    const double y = clip(t, (real)s->clip, 1), q = clip(x, (real)s->clip, 1);
    *dx = x < q || x > q ? 0 : -y / q;
    (void)p;
    return y * log(y / q);
}

static double smoothed_binary(double t, const fnn_loss_metric *s)
{
    return t * (1 - s->label_smoothing) + 0.5 * s->label_smoothing;
}

static double binary_of_probability(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    double q = clip(x, (real)s->clip, (real)(1 - s->clip)), y = smoothed_binary(t, s);
    (void)p;
    *dx = x < q || x > q ? 0 : (1 - y) / (1 - q) - y / q;
    return -y * log(q) - (1 - y) * log(1 - q);
}

static double binary_of_logit(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    double y = smoothed_binary(t, s), least = -log1p(-s->clip), most = -log(s->clip);
    *p = logistic(x);
    *dx = *p - y;
    return y * clip(softplus(-x), least, most) + (1 - y) * clip(softplus(x), least, most);
}

/* The sum over j is divided by `count`. */
static double sum_elements_over(const fnn_loss_metric *s, fnn_idx count, element_loss *loss, real *dx,
                                real *p)
{
    const real *x = s->x, *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++)
        for (fnn_idx j = 0; j < s->n; j++) {
            const fnn_idx at = i * s->n + j;
            const double share = row_weight(s, i) / (double)count;
            double gradient, prediction;
            total += share * loss(x[at], t[at], s, &gradient, &prediction);
            if (dx)
                dx[at] = (real)(s->scale * share * gradient);
            if (p)
                p[at] = (real)prediction;
        }
    return total;
}

static double sum_elements(const fnn_loss_metric *s, element_loss *loss, real *dx, real *p)
{
    return sum_elements_over(s, s->n, loss, dx, p);
}

double KERNEL(mean_squared_error)(const fnn_loss_metric *s)
{
    return sum_elements(s, squared_error, s->dx, NULL);
}

double KERNEL(mean_absolute_error)(const fnn_loss_metric *s)
{
    return sum_elements(s, absolute_error, s->dx, NULL);
}

double KERNEL(sum_squared_error)(const fnn_loss_metric *s)
{
    return sum_elements_over(s, 1, squared_error, s->dx, NULL);
}

double KERNEL(mean_absolute_percentage_error)(const fnn_loss_metric *s)
{
    return sum_elements(s, percentage_error, s->dx, NULL);
}

double KERNEL(mean_squared_logarithmic_error)(const fnn_loss_metric *s)
{
    return sum_elements(s, logarithmic_error, s->dx, NULL);
}

double KERNEL(huber)(const fnn_loss_metric *s) { return sum_elements(s, huber_error, s->dx, NULL); }

double KERNEL(log_cosh)(const fnn_loss_metric *s) { return sum_elements(s, log_cosh_error, s->dx, NULL); }

double KERNEL(poisson)(const fnn_loss_metric *s) { return sum_elements(s, poisson_error, s->dx, NULL); }

double KERNEL(kl_divergence)(const fnn_loss_metric *s)
{
    return sum_elements_over(s, 1, divergence, s->dx, NULL);
}

double KERNEL(binary_crossentropy)(const fnn_loss_metric *s)
{
    return sum_elements(s, binary_of_probability, s->dx, NULL);
}

double KERNEL(binary_crossentropy_logits)(const fnn_loss_metric *s)
{
    return sum_elements(s, binary_of_logit, s->dx, s->p);
}
