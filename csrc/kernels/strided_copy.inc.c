/* strided_copy.inc.c - y[i0 y0 + i1 y1 + ...] = x[i0 x0 + i1 x1 + ...] for every index i of the box n.
 *
 * At least two dimensions, and any strides: transposition, cropping, padding and filling (stride 0 in x) are all
 * this loop. Its speed depends on the last two dimensions, (n0, n1), which callers order accordingly:
 *
 *   n1 contiguous in x and y     runs are copied
 *   n1 contiguous in y, stride   runs are filled
 *   0 in x
 *   n1 contiguous in one and     squares of VLEN by VLEN are transposed in registers, up to 8 times as fast as
 *   n0 in the other              element by element; a pass over n0 covers BAND of n1, so that cache lines of x
 *                                that a square reads a part of are in L1 for the next. If n0 or n1 is at most
 *                                half a vector, as with 3 colours, element by element is 2 to 5 times as fast.
 */
#include "../simd/rows.h"

enum { BAND = 64 };

/* y (n0, n1), rows y0 apart, is the transpose of x (n1, n0), rows x1 apart: VLEN of each here, up to VLEN below. */
FNN_INLINE void copy_square(real *y, fnn_idx y0, const real *x, fnn_idx x1)
{
    vreal r[VLEN];
    v_load_transposed(r, x, x1);
    FNN_UNROLL_FOR(int i = 0; i < VLEN; i++)
        v_store(y + i * y0, r[i]);
}

FNN_INLINE void copy_corner(real *y, fnn_idx y0, const real *x, fnn_idx x1, fnn_idx n0, fnn_idx n1)
{
    vreal r[VLEN];
    for (int i = 0; i < VLEN; i++)
        r[i] = i < n1 ? v_load_up_to(x + i * x1, n0) : v_set1(R(0.0));
    v_transpose(r);
    for (int i = 0; i < VLEN && i < n0; i++)
        v_store_up_to(y + i * y0, r[i], n1);
}

static void copy_squares(real *y, fnn_idx y0, const real *x, fnn_idx x1, fnn_idx n0, fnn_idx n1)
{
    for (fnn_idx strip = 0; strip < n1; strip += BAND) {
        const fnn_idx end = n1 - strip < BAND ? n1 : strip + BAND;
        for (fnn_idx i = 0; i < n0; i += VLEN)
            for (fnn_idx j = strip; j < end; j += VLEN)
                if (n0 - i >= VLEN && end - j >= VLEN)
                    copy_square(y + i * y0 + j, y0, x + i + j * x1, x1);
                else
                    copy_corner(y + i * y0 + j, y0, x + i + j * x1, x1, n0 - i, end - j);
    }
}

static void copy_elements(real *y, const real *x, fnn_idx n0, fnn_idx n1, fnn_idx y0, fnn_idx y1, fnn_idx x0,
                          fnn_idx x1)
{
    for (fnn_idx i = 0; i < n0; i++)
        for (fnn_idx j = 0; j < n1; j++)
            y[i * y0 + j * y1] = x[i * x0 + j * x1];
}

static void copy_transposed(real *y, fnn_idx y0, const real *x, fnn_idx x1, fnn_idx n0, fnn_idx n1)
{
    if (2 * n0 <= VLEN)
        copy_elements(y, x, n0, n1, y0, 1, 1, x1);
    else if (2 * n1 <= VLEN)
        copy_elements(y, x, n1, n0, 1, y0, x1, 1);
    else
        copy_squares(y, y0, x, x1, n0, n1);
}

static void copy_plane(real *y, const real *x, const fnn_idx n[2], const fnn_idx y_strides[2],
                       const fnn_idx x_strides[2])
{
    const fnn_idx n0 = n[0], n1 = n[1], y0 = y_strides[0], y1 = y_strides[1], x0 = x_strides[0],
                  x1 = x_strides[1];
    if (y1 == 1 && x1 == 1)
        for (fnn_idx i = 0; i < n0; i++)
            for (fnn_idx j = 0; j < n1; j += VLEN)
                v_store_up_to(y + i * y0 + j, v_load_up_to(x + i * x0 + j, n1 - j), n1 - j);
    else if (y1 == 1 && x1 == 0)
        for (fnn_idx i = 0; i < n0; i++)
            row_fill(y + i * y0, x[i * x0], n1);
    else if (y1 == 1 && x0 == 1)
        copy_transposed(y, y0, x, x1, n0, n1);
    else if (y0 == 1 && x1 == 1)
        copy_transposed(y, y1, x, x0, n1, n0);
    else
        copy_elements(y, x, n0, n1, y0, y1, x0, x1);
}

void KERNEL(strided_copy)(void *y_, const void *x_, fnn_idx dims, const fnn_idx *n, const fnn_idx *y_strides,
                          const fnn_idx *x_strides)
{
    real *y = y_;
    const real *x = x_;
    if (dims > 2)
        for (fnn_idx i = 0; i < *n; i++)
            KERNEL(strided_copy)(y + i * *y_strides, x + i * *x_strides, dims - 1, n + 1, y_strides + 1,
                                 x_strides + 1);
    else
        copy_plane(y, x, n, y_strides, x_strides);
}
