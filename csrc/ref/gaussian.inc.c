/* gaussian.inc.c - y = x + stddev z and y = x (1 + stddev z), where z is normal by Box & Muller (1958). */
#include <math.h>

#include "random.h"

static double normal(fnn_idx i, const fnn_random *r)
{
    const double u = (random_word(i - i % 2, r) + 0.5) / 4294967296.0;
    const double t = (int32_t)random_word(i - i % 2 + 1, r) / 2147483648.0;
    const double angle = 3.14159265358979323846 * t, radius = sqrt(-2 * log(u));
    return radius * (i % 2 ? sin(angle) : cos(angle));
}

void KERNEL(gaussian_noise)(void *y_, const void *x_, fnn_idx first, fnn_idx n, double stddev,
                            const fnn_random *r)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        y[i] = (real)(x[i] + stddev * normal(first + i, r));
}

void KERNEL(gaussian_dropout)(void *y_, const void *x_, fnn_idx first, fnn_idx n, double stddev,
                              const fnn_random *r)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        y[i] = (real)(x[i] * (1 + stddev * normal(first + i, r)));
}
