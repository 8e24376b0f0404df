/* parts.inc.c - y (n) = part 0 + part 1 + ... in this order, or added to y with `accumulate`.
 *
 * A long sum is taken in parts whose number depends on shapes alone, so that it has the same bits for any number of
 * threads.
 */
#include "../simd/rows.h"

void KERNEL(add_parts)(void *y_, const void *parts_, fnn_idx n, fnn_idx count, fnn_idx step, int accumulate)
{
    real *y = y_;
    const real *parts = parts_;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        vreal sum = accumulate ? v_load_up_to(y + i, n - i) : v_set1(R(0.0));
        for (fnn_idx p = 0; p < count; p++)
            sum = v_add(sum, v_load_up_to(parts + p * step + i, n - i));
        v_store_up_to(y + i, sum, n - i);
    }
}

/* Rows are summed in blocks, so that a long sum keeps the last digits of its terms. */
void KERNEL(column_sums)(void *sums_, const void *x_, fnn_idx m, fnn_idx n, int accumulate)
{
    enum { BLOCK = 512 };
    real *sums = sums_;
    const real *x = x_;
    for (fnn_idx j = 0; j < n; j += VLEN) {
        vreal sum = accumulate ? v_load_up_to(sums + j, n - j) : v_set1(0);
        for (fnn_idx i = 0; i < m; i += BLOCK) {
            vreal block = v_set1(0);
            for (fnn_idx p = i; p < m && p < i + BLOCK; p++)
                block = v_add(block, v_load_up_to(x + p * n + j, n - j));
            sum = v_add(sum, block);
        }
        v_store_up_to(sums + j, sum, n - j);
    }
}
