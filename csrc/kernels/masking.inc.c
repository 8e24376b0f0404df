/* masking.inc.c - masks of sequences: mask[i] is 1 if step i, row i of x (m, n), is valid, and 0 if it is masked.
 *
 *   mask_steps     a step is masked if all its elements equal `value`; NaN equals nothing, so a step with NaN is valid,
 *                  and if `value` is NaN, each step that has elements
 *   mask_rows      y = x in valid rows, else 0
 *   mask_compact   y = the valid rows of x, one after the other; returns how many there are; y may be NULL
 *   mask_mean      y (n) = the mean of the valid rows of x; NaN if there is none
 *   mask_weights   y (m, n) = mask (m, n) times the weight of the row, weight (m)
 */
#include <math.h>

#include "../simd/rows.h"

void KERNEL(mask_steps)(void *mask_, const void *x_, fnn_idx m, fnn_idx n, double value)
{
    const vreal masked = v_set1((real)value);
    const real *x = x_;
    real *mask = mask_;
    for (fnn_idx i = 0; i < m; i++, x += n) {
        int valid = n > 0 && isnan(value);
        for (fnn_idx j = 0; j < n && !valid; j += VLEN) {
            const vreal xj = v_load_up_to_or(x + j, n - j, masked);
            valid = m_any(m_or(m_or(v_lt(xj, masked), v_lt(masked, xj)), v_isnan(xj)));
        }
        mask[i] = valid ? R(1.0) : R(0.0);
    }
}

void KERNEL(mask_rows)(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    for (fnn_idx i = 0; i < m; i++, x += n, y += n) {
        if (mask[i] == R(0.0))
            row_fill(y, R(0.0), n);
        else
            for (fnn_idx j = 0; j < n; j += VLEN)
                v_store_up_to(y + j, v_load_up_to(x + j, n - j), n - j);
    }
}

fnn_idx KERNEL(mask_compact)(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    fnn_idx count = 0;
    for (fnn_idx i = 0; i < m; i++) {
        if (mask[i] == R(0.0))
            continue;
        for (fnn_idx j = 0; y && j < n; j += VLEN)
            v_store_up_to(y + count * n + j, v_load_up_to(x + i * n + j, n - j), n - j);
        count++;
    }
    return count;
}

void KERNEL(mask_mean)(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    const vreal count = v_set1(row_sum(mask, m));
    for (fnn_idx j = 0; j < n; j += VLEN) {
        vreal sum = v_set1(R(0.0));
        for (fnn_idx i = 0; i < m; i++)
            sum = v_fma(v_set1(mask[i]), v_load_up_to(x + i * n + j, n - j), sum);
        v_store_up_to(y + j, v_div(sum, count), n - j);
    }
}

void KERNEL(mask_mean_backward)(void *dx_, const void *dy_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *dy = dy_, *mask = mask_;
    real *dx = dx_;
    const vreal count = v_set1(row_sum(mask, m));
    for (fnn_idx i = 0; i < m; i++, dx += n)
        for (fnn_idx j = 0; j < n; j += VLEN)
            v_store_up_to(dx + j, v_div(v_mul(v_set1(mask[i]), v_load_up_to(dy + j, n - j)), count), n - j);
}

void KERNEL(mask_weights)(void *y_, const void *mask_, const void *weight_, fnn_idx m, fnn_idx n)
{
    const real *mask = mask_, *weight = weight_;
    real *y = y_;
    for (fnn_idx i = 0; i < m; i++, mask += n, y += n) {
        const vreal factor = v_set1(weight[i]);
        for (fnn_idx j = 0; j < n; j += VLEN)
            v_store_up_to(y + j, v_mul(v_load_up_to(mask + j, n - j), factor), n - j);
    }
}
