/* layer_norm.inc.c - normalization of each row by itself, as plain loops in double.
 *
 *   x, y, dx, dy (m, n); mean, inverse (m); gamma, beta (n); sums (2, n) of double
 */
#include <math.h>

void KERNEL(layer_norm_forward)(void *y_, void *mean_, void *inverse_, const void *x_, const void *gamma_,
                                const void *beta_, fnn_idx m, fnn_idx n, double epsilon)
{
    real *y = y_, *mean = mean_, *inverse = inverse_;
    const real *x = x_, *gamma = gamma_, *beta = beta_;
    for (fnn_idx i = 0; i < m; i++, x += n, y += n) {
        double sum = 0, squares = 0;
        for (fnn_idx j = 0; mean && j < n; j++)
            sum += x[j];
        const double middle = sum / (double)n;
        for (fnn_idx j = 0; j < n; j++)
            squares += (x[j] - middle) * (x[j] - middle);
        const double factor = 1 / sqrt(squares / (double)n + epsilon);
        for (fnn_idx j = 0; j < n; j++)
            y[j] = (real)((x[j] - middle) * factor * (gamma ? gamma[j] : 1) + (beta ? beta[j] : 0));
        if (mean)
            mean[i] = (real)middle;
        inverse[i] = (real)factor;
    }
}

void KERNEL(layer_norm_backward)(void *dx_, double *sums, const void *dy_, const void *x_, const void *mean_,
                                 const void *inverse_, const void *gamma_, fnn_idx m, fnn_idx n)
{
    real *dx = dx_;
    const real *dy = dy_, *x = x_, *mean = mean_, *inverse = inverse_, *gamma = gamma_;
    for (fnn_idx i = 0; i < m; i++, x += n, dy += n) {
        const double middle = mean ? mean[i] : 0, factor = inverse[i];
        double direct = 0, along = 0;
        for (fnn_idx j = 0; j < n; j++) {
            const double slope = dy[j] * (gamma ? (double)gamma[j] : 1);
            direct += mean ? slope : 0;
            along += slope * (x[j] - middle) * factor;
        }
        direct /= (double)n;
        along /= (double)n;
        for (fnn_idx j = 0; dx && j < n; j++) {
            const double slope = dy[j] * (gamma ? (double)gamma[j] : 1);
            dx[i * n + j] = (real)(factor * (slope - direct - (x[j] - middle) * factor * along));
        }
        for (fnn_idx j = 0; sums && j < n; j++) {
            sums[j] += dy[j];
            sums[n + j] += dy[j] * (x[j] - middle) * factor;
        }
    }
}

void KERNEL(unit_norm_forward)(void *y_, void *inverse_, const void *x_, fnn_idx m, fnn_idx n, double most)
{
    real *y = y_, *inverse = inverse_;
    const real *x = x_;
    for (fnn_idx i = 0; i < m; i++) {
        double squares = 0;
        for (fnn_idx j = 0; j < n; j++)
            squares += (double)x[i * n + j] * x[i * n + j];
        const double factor = 1 / sqrt(squares);
        inverse[i] = (real)(factor > most ? most : factor);
        for (fnn_idx j = 0; j < n; j++)
            y[i * n + j] = x[i * n + j] * inverse[i];
    }
}

void KERNEL(unit_norm_backward)(void *dx_, const void *dy_, const void *y_, const void *inverse_, fnn_idx m,
                                fnn_idx n, double most)
{
    real *dx = dx_;
    const real *dy = dy_, *y = y_, *inverse = inverse_;
    for (fnn_idx i = 0; i < m; i++) {
        double along = 0;
        for (fnn_idx j = 0; inverse[i] < (real)most && j < n; j++)
            along += (double)dy[i * n + j] * y[i * n + j];
        for (fnn_idx j = 0; j < n; j++)
            dx[i * n + j] = (real)(inverse[i] * (dy[i * n + j] - y[i * n + j] * along));
    }
}
