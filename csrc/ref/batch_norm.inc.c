/* batch_norm.inc.c - normalization by the statistics of channels, as plain loops in double.
 *
 *   x, y, dx, dy (outer, n, inner): n channels; sums (2, n) of double, slopes (3, n); the rest (n)
 */
#include <math.h>

void KERNEL(channel_scale)(void *scale_, const void *variance_, const void *gamma_, fnn_idx n, double epsilon)
{
    real *scale = scale_;
    const real *variance = variance_, *gamma = gamma_;
    for (fnn_idx c = 0; c < n; c++)
        scale[c] = (real)((gamma ? gamma[c] : 1) / sqrt(variance[c] + epsilon));
}

void KERNEL(channel_affine)(void *y_, const void *x_, const void *centre_, const void *scale_,
                            const void *shift_, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    real *y = y_;
    const real *x = x_, *centre = centre_, *scale = scale_, *shift = shift_;
    for (fnn_idx i = 0; i < outer; i++)
        for (fnn_idx c = 0; c < n; c++)
            for (fnn_idx j = 0; j < inner; j++) {
                const fnn_idx at = (i * n + c) * inner + j;
                const double away = x[at] - (centre ? (double)centre[c] : 0);
                y[at] = (real)(away * scale[c] + (shift ? shift[c] : 0));
            }
}

void KERNEL(channel_sums)(double *sums, const void *dy_, const void *x_, const void *mean_, fnn_idx outer,
                          fnn_idx n, fnn_idx inner)
{
    const real *dy = dy_, *x = x_, *mean = mean_;
    for (fnn_idx c = 0; c < n; c++) {
        sums[c] = sums[n + c] = 0;
        for (fnn_idx i = 0; i < outer; i++)
            for (fnn_idx j = 0; j < inner; j++) {
                const fnn_idx at = (i * n + c) * inner + j;
                sums[c] += dy[at];
                sums[n + c] += dy[at] * ((double)x[at] - mean[c]);
            }
    }
}

void KERNEL(channel_slopes)(void *slopes_, double *sums, const void *variance_, const void *gamma_,
                            fnn_idx count, fnn_idx n, fnn_idx groups, double epsilon)
{
    real *slopes = slopes_;
    const real *variance = variance_, *gamma = gamma_;
    const fnn_idx size = n / groups;
    for (fnn_idx g = 0; g < n; g += size) {
        const double inverse = 1 / sqrt(variance[g] + epsilon);
        const double share = inverse / (double)(count * size);
        double direct = 0, along = 0;
        for (fnn_idx c = g; c < g + size; c++) {
            sums[n + c] *= inverse;
            direct += (gamma ? gamma[c] : 1) * sums[c];
            along += (gamma ? gamma[c] : 1) * sums[n + c];
        }
        for (fnn_idx c = g; c < g + size; c++) {
            slopes[c] = (real)((gamma ? gamma[c] : 1) * inverse);
            slopes[n + c] = (real)(-share * inverse * along);
            slopes[2 * n + c] = (real)(-share * direct);
        }
    }
}

/* Masked rows were no part of the statistics, so no gradient passes through these. */
void KERNEL(channel_gradient)(void *dx_, const void *dy_, const void *x_, const void *mean_,
                              const void *slopes_, const void *mask_, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    real *dx = dx_;
    const real *dy = dy_, *x = x_, *mean = mean_, *slopes = slopes_, *mask = mask_;
    for (fnn_idx i = 0; i < outer; i++)
        for (fnn_idx c = 0; c < n; c++)
            for (fnn_idx j = 0; j < inner; j++) {
                const fnn_idx at = (i * n + c) * inner + j;
                const double away = (double)x[at] - mean[c], direct = (double)slopes[c] * dy[at];
                const int masked = mask && mask[i] == 0;
                dx[at] = (real)(masked ? direct : direct + slopes[n + c] * away + slopes[2 * n + c]);
            }
}
