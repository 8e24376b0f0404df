/* crossentropy.inc.c - row by row: the formula, and its derivative by the chain rule, in double. */
#include <math.h>

/* The smoothed target of class j in row i; of a class number, 1 at the class. */
static double dense_target(const fnn_loss_metric *s, fnn_idx i, fnn_idx j)
{
    const double t = ((const real *)s->target)[i * s->n + j];
    return t * (1 - s->label_smoothing) + s->label_smoothing / (double)s->n;
}

static double class_target(const fnn_loss_metric *s, fnn_idx i, fnn_idx j)
{
    return ((const int32_t *)s->target)[i] == j;
}

typedef double target_of(const fnn_loss_metric *s, fnn_idx i, fnn_idx j);

static int counts(const fnn_loss_metric *s, fnn_idx i, target_of *target)
{
    return target != class_target || ((const int32_t *)s->target)[i] != s->ignore_class;
}

/* q = x / S, S = sum x; the loss is -sum t log(clip(q)). With g = dloss/dq: dx = (g - sum g q) / S. */
static double from_probabilities(const fnn_loss_metric *s, target_of *target)
{
    const double low = s->clip, high = 1 - s->clip;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * s->n;
        real *dx = s->dx ? (real *)s->dx + i * s->n : NULL;
        const double weight = row_weight(s, i);
        const int counted = counts(s, i, target);
        double sum = 0, value = 0, sum_gq = 0;
        for (fnn_idx j = 0; j < s->n; j++)
            sum += x[j];
        for (fnn_idx j = 0; j < s->n; j++) {
            const double q = x[j] / sum, t = target(s, i, j);
            value -= t * log(clip(q, low, high));
            sum_gq -= q < low || q > high ? 0 : t;
        }
        total += counted ? weight * value : 0;
        for (fnn_idx j = 0; dx && j < s->n; j++) {
            const double q = x[j] / sum, g = q < low || q > high ? 0 : -target(s, i, j) / q;
            dx[j] = counted ? (real)(s->scale * weight * (g - sum_gq) / sum) : 0;
        }
    }
    return total;
}

/* p = softmax(x); the loss is -sum t log(p), and dx = p sum t - t. */
static double from_logits(const fnn_loss_metric *s, target_of *target)
{
    const double least = -log1p(-s->clip), most = -log(s->clip);
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const real *x = (const real *)s->x + i * s->n;
        real *dx = s->dx ? (real *)s->dx + i * s->n : NULL, *p = s->p ? (real *)s->p + i * s->n : NULL;
        const double weight = row_weight(s, i);
        const int counted = counts(s, i, target);
        double max, log_sum = log_sum_exp(x, s->n, 1, &max), value = 0, sum_t = 0;
        for (fnn_idx j = 0; j < s->n; j++) {
            const double t = target(s, i, j);
            value += t == 0 ? 0 : t * clip(log_sum - (x[j] - max), least, most);
            sum_t += t;
        }
        total += counted ? weight * value : 0;
        for (fnn_idx j = 0; j < s->n; j++) {
            const double pj = exp(x[j] - max - log_sum);
            if (dx)
                dx[j] = counted ? (real)(s->scale * weight * (pj * sum_t - target(s, i, j))) : 0;
            if (p)
                p[j] = (real)pj;
        }
    }
    return total;
}

double KERNEL(categorical_crossentropy)(const fnn_loss_metric *s)
{
    return from_probabilities(s, dense_target);
}

double KERNEL(sparse_categorical_crossentropy)(const fnn_loss_metric *s)
{
    return from_probabilities(s, class_target);
}

double KERNEL(categorical_crossentropy_logits)(const fnn_loss_metric *s)
{
    return from_logits(s, dense_target);
}

double KERNEL(sparse_categorical_crossentropy_logits)(const fnn_loss_metric *s)
{
    return from_logits(s, class_target);
}
