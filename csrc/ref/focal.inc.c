/* focal.inc.c - cross-entropies that fade where a prediction is right: the formulas, in double. */
#include <float.h>
#include <math.h>

static const double LEAST_MISS = FNN_F64 ? DBL_MIN : (double)FLT_MIN;

/* weight f^gamma b, where b and f have the derivatives db and df */
static double focal(const fnn_loss_metric *s, double y, double b, double db, double f, double df, double *dx)
{
    const double weight = y * s->param[1] + (1 - y) * s->param[2], gamma = s->param[0];
    f = f < LEAST_MISS ? LEAST_MISS : f;
    *dx = weight * (pow(f, gamma) * db + gamma * pow(f, gamma - 1) * df * b);
    return weight * pow(f, gamma) * b;
}

static double binary_focal_of_probability(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    double y = smoothed_binary(t, s), slope, b = binary_of_probability(x, t, s, &slope, p);
    return focal(s, y, b, slope, y * (1 - x) + (1 - y) * x, 1 - 2 * y, dx);
}

static double binary_focal_of_logit(double x, double t, const fnn_loss_metric *s, double *dx, double *p)
{
    double y = smoothed_binary(t, s), slope, b = binary_of_logit(x, t, s, &slope, p), rest = logistic(-x);
    return focal(s, y, b, slope, y * rest + (1 - y) * *p, (1 - 2 * y) * *p * rest, dx);
}

double KERNEL(binary_focal_crossentropy)(const fnn_loss_metric *s)
{
    return sum_elements(s, binary_focal_of_probability, s->dx, NULL);
}

double KERNEL(binary_focal_crossentropy_logits)(const fnn_loss_metric *s)
{
    return sum_elements(s, binary_focal_of_logit, s->dx, s->p);
}

/* q = x / S; with g = dloss/dq, dx = (g - sum g q) / S. */
double KERNEL(categorical_focal_crossentropy)(const fnn_loss_metric *s)
{
    const double low = (real)s->clip, high = (real)(1 - s->clip), gamma = s->param[0];
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * s->n;
        const double weight = s->param[1] * row_weight(s, i);
        double sum = 0, sum_gq = 0;
        for (fnn_idx j = 0; j < s->n; j++)
            sum += x[j];
        for (int pass = 0; pass < 2; pass++)
            for (fnn_idx j = 0; j < s->n; j++) {
                const double p = x[j] / sum, q = clip(p, low, high), t = dense_target(s, i, j);
                const double slope = gamma * pow(1 - q, gamma - 1) * log(q) - pow(1 - q, gamma) / q;
                const double g = p < q || p > q ? 0 : t * slope;
                if (pass == 0) {
                    total -= weight * t * pow(1 - q, gamma) * log(q);
                    sum_gq += g * q;
                } else if (s->dx)
                    ((real *)s->dx)[i * s->n + j] = (real)(s->scale * weight * (g - sum_gq) / sum);
            }
    }
    return total;
}

/* p = softmax(x); with h = p dloss/dp, dx = h - p sum h. */
double KERNEL(categorical_focal_crossentropy_logits)(const fnn_loss_metric *s)
{
    const double least = -log1p(-s->clip), most = -log(s->clip), gamma = s->param[0];
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * s->n;
        const double weight = s->param[1] * row_weight(s, i);
        double max, log_sum = log_sum_exp(x, s->n, 1, &max), sum_h = 0;
        for (int pass = 0; pass < 2; pass++)
            for (fnn_idx j = 0; j < s->n; j++) {
                const double l = x[j] - max - log_sum, p = exp(l), t = dense_target(s, i, j);
                const double rest = -expm1(l), f = rest < LEAST_MISS ? LEAST_MISS : rest;
                const double h = t == 0 ? 0 : t * (gamma * pow(f, gamma - 1) * p * l - pow(f, gamma));
                if (pass == 0) {
                    total += t == 0 ? 0 : weight * t * pow(f, gamma) * clip(-l, least, most);
                    sum_h += h;
                } else {
                    if (s->dx)
                        ((real *)s->dx)[i * s->n + j] = (real)(s->scale * weight * (h - p * sum_h));
                    if (s->p)
                        ((real *)s->p)[i * s->n + j] = (real)p;
                }
            }
    }
    return total;
}
