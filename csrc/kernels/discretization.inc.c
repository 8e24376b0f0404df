/* discretization.inc.c - the number of the interval that x lies in: y[i] = how many of the `count` ascending
 * bounds are <= x[i], y and x (n). NaN counts as larger than all bounds, as in Keras.
 *
 * Every vector is compared with every bound: up to some hundred bounds that is faster than a binary search, whose
 * branches are unpredictable.
 */
#include "../simd/rows.h"

void KERNEL(bin_numbers)(void *y_, const void *x_, const void *bounds_, fnn_idx n, fnn_idx count)
{
    const real *x = x_, *bounds = bounds_;
    const vreal zero = v_set1(R(0.0)), one = v_set1(R(1.0)), last = v_set1((real)count);
    real *y = y_;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        const vreal xi = v_load_up_to(x + i, n - i);
        vreal below = zero;
        for (fnn_idx k = 0; k < count; k++)
            below = v_add(below, v_select(v_le(v_set1(bounds[k]), xi), one, zero));
        v_store_up_to(y + i, v_select(v_isnan(xi), last, below), n - i);
    }
}
