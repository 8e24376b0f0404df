/* softmax.inc.c - softmax and log_softmax over the middle one of (outer, n, inner), in double. */
#include <math.h>

/* The maximum of n numbers `step` apart, and the logarithm of the sum of their exponentials after it. */
static double log_sum_exp(const real *x, fnn_idx n, fnn_idx step, double *max)
{
    double sum = 0;
    *max = -INFINITY;
    for (fnn_idx k = 0; k < n; k++)
        *max = x[k * step] > *max ? x[k * step] : *max;
    for (fnn_idx k = 0; k < n; k++)
        sum += exp(x[k * step] - *max);
    return log(sum);
}

void KERNEL(softmax_forward)(void *y_, const void *x_, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < outer; i++)
        for (fnn_idx j = 0; j < inner; j++) {
            const fnn_idx at = i * n * inner + j;
            double max, log_sum = log_sum_exp(x + at, n, inner, &max);
            for (fnn_idx k = 0; k < n; k++)
                y[at + k * inner] = (real)exp(x[at + k * inner] - max - log_sum);
        }
}

void KERNEL(log_softmax_forward)(void *y_, const void *x_, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < outer; i++)
        for (fnn_idx j = 0; j < inner; j++) {
            const fnn_idx at = i * n * inner + j;
            double max, log_sum = log_sum_exp(x + at, n, inner, &max);
            for (fnn_idx k = 0; k < n; k++)
                y[at + k * inner] = (real)(x[at + k * inner] - max - log_sum);
        }
}

void KERNEL(softmax_backward)(void *dx_, const void *dy_, const void *y_, fnn_idx outer, fnn_idx n,
                              fnn_idx inner)
{
    real *dx = dx_;
    const real *dy = dy_, *y = y_;
    for (fnn_idx i = 0; i < outer; i++)
        for (fnn_idx j = 0; j < inner; j++) {
            const fnn_idx at = i * n * inner + j;
            double sum = 0;
            for (fnn_idx k = 0; k < n; k++)
                sum += (double)dy[at + k * inner] * y[at + k * inner];
            for (fnn_idx k = 0; k < n; k++)
                dx[at + k * inner] = (real)(y[at + k * inner] * (dy[at + k * inner] - sum));
        }
}

void KERNEL(log_softmax_backward)(void *dx_, const void *dy_, const void *y_, fnn_idx outer, fnn_idx n,
                                  fnn_idx inner)
{
    real *dx = dx_;
    const real *dy = dy_, *y = y_;
    for (fnn_idx i = 0; i < outer; i++)
        for (fnn_idx j = 0; j < inner; j++) {
            const fnn_idx at = i * n * inner + j;
            double sum = 0;
            for (fnn_idx k = 0; k < n; k++)
                sum += dy[at + k * inner];
            for (fnn_idx k = 0; k < n; k++)
                dx[at + k * inner] = (real)(dy[at + k * inner] - exp(y[at + k * inner]) * sum);
        }
}
