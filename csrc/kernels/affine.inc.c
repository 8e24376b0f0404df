/* affine.inc.c - y[i][j] = x[i][j] * scale[j] + shift[j]; x and y (m, n) may be the same, shift NULL for zeros.
 *
 * Product and sum are each rounded: so 255 / 127.5 - 1 is 1, and instruction sets give the same bits.
 *
 * Rows may be shorter than a vector: an image has three colours. Rows short enough are taken several at a
 * time, with scale and shift repeated for as many.
 */
#include "../simd/rows.h"

enum { AFFINE_WIDTH = 128 };

static void affine(void *y_, const void *x_, const void *scale_, const void *shift_, fnn_idx m, fnn_idx n)
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
