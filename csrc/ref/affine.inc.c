/* affine.inc.c - y[i][j] = x[i][j] scale[j] + shift[j], x and y (m, n), shift NULL for 0. And the scale and shift (n)
 * of (x - mean) / d and of its inverse, x d + mean, where d = max(sqrt(variance), epsilon); element i of either has
 * mean[index[i]] and variance[index[i]].
 */
#include <math.h>

void KERNEL(affine)(void *y_, const void *x_, const void *scale_, const void *shift_, fnn_idx m, fnn_idx n)
{
    real *y = y_;
    const real *x = x_, *scale = scale_, *shift = shift_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            y[i * n + j] = (real)((double)x[i * n + j] * scale[j] + (shift ? shift[j] : 0));
}

void KERNEL(standardize_scale)(void *scale_, void *centre_, const void *mean_, const void *variance_,
                               const fnn_idx *index, fnn_idx n, double epsilon)
{
    real *scale = scale_, *centre = centre_;
    const real *mean = mean_, *variance = variance_;
    for (fnn_idx i = 0; i < n; i++) {
        const double root = sqrt((double)variance[index[i]]), d = root < epsilon ? epsilon : root;
        scale[i] = (real)(1 / d);
        centre[i] = mean[index[i]];
    }
}

void KERNEL(destandardize_scale)(void *scale_, void *shift_, const void *mean_, const void *variance_,
                                 const fnn_idx *index, fnn_idx n, double epsilon)
{
    real *scale = scale_, *shift = shift_;
    const real *mean = mean_, *variance = variance_;
    for (fnn_idx i = 0; i < n; i++) {
        const double root = sqrt((double)variance[index[i]]);
        scale[i] = (real)(root < epsilon ? epsilon : root);
        shift[i] = mean[index[i]];
    }
}
