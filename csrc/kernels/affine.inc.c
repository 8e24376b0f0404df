/* affine.inc.c - y[i][j] = x[i][j] scale[j] + shift[j]; x and y (m, n) may be the same array, shift may be NULL for 0.
 *
 * Product and sum are rounded separately: so 255 / 127.5 - 1 is exactly 1, and all instruction sets agree bit for
 * bit. Rows may be shorter than a vector, as the three colours of an image are: several short rows are then
 * processed at a time, with scale and shift repeated as often.
 *
 * standardize_scale and destandardize_scale compute scale and shift (n) from a mean and a variance that are
 * broadcast by an index map: (x - mean) / d and its inverse x d + mean, with d = max(sqrt(variance), epsilon).
 * They run once for each batch, on as many elements as a row has at most, so they are scalar and in double.
 */
#include <math.h>

#include "../simd/rows.h"

enum { AFFINE_WIDTH = 128 };

void KERNEL(affine)(void *y_, const void *x_, const void *scale_, const void *shift_, fnn_idx m, fnn_idx n)
{
    const vreal zero = v_set1(R(0.0));
    const fnn_idx rows = n > 0 && n <= AFFINE_WIDTH ? AFFINE_WIDTH / n : 1;
    real scales[AFFINE_WIDTH], shifts[AFFINE_WIDTH];
    const real *x = x_, *scale = scale_, *shift = shift_;
    real *y = y_;
    if (rows > 1) {
        for (fnn_idx k = 0; k < rows * n; k++)
            scales[k] = k < n ? scale[k] : scales[k - n];
        for (fnn_idx k = 0; shift && k < rows * n; k++)
            shifts[k] = k < n ? shift[k] : shifts[k - n];
        scale = scales;
        shift = shift ? shifts : NULL;
    }
    for (fnn_idx i = 0; i < m; i += rows, x += rows * n, y += rows * n) {
        const fnn_idx width = (rows < m - i ? rows : m - i) * n;
        for (fnn_idx j = 0; j < width; j += VLEN) {
            const vreal a = v_load_up_to(scale + j, width - j);
            const vreal b = shift ? v_load_up_to(shift + j, width - j) : zero;
            v_store_up_to(y + j, v_add(v_mul(v_load_up_to(x + j, width - j), a), b), width - j);
        }
    }
}

FNN_INLINE double deviation_of(real variance, double epsilon)
{
    const double deviation = sqrt((double)variance);
    return deviation < epsilon ? epsilon : deviation;
}

void KERNEL(standardize_scale)(void *scale_, void *centre_, const void *mean_, const void *variance_,
                               const fnn_idx *index, fnn_idx n, double epsilon)
{
    real *scale = scale_, *centre = centre_;
    const real *mean = mean_, *variance = variance_;
    for (fnn_idx i = 0; i < n; i++) {
        scale[i] = (real)(1 / deviation_of(variance[index[i]], epsilon));
        centre[i] = mean[index[i]];
    }
}

void KERNEL(destandardize_scale)(void *scale_, void *shift_, const void *mean_, const void *variance_,
                                 const fnn_idx *index, fnn_idx n, double epsilon)
{
    real *scale = scale_, *shift = shift_;
    const real *mean = mean_, *variance = variance_;
    for (fnn_idx i = 0; i < n; i++) {
        scale[i] = (real)deviation_of(variance[index[i]], epsilon);
        shift[i] = mean[index[i]];
    }
}
