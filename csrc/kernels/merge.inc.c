/* merge.inc.c - the scaled sum of two arrays of n elements: y = factor (a + b); b may be NULL for 0, and y may be a. */
#include "../simd/rows.h"

FNN_INLINE void merge_vector(real *y, const real *a, const real *b, fnn_idx left, vreal scale)
{
    vreal sum = v_load_up_to(a, left);
    if (b)
        sum = v_add(sum, v_load_up_to(b, left));
    v_store_up_to(y, v_mul(sum, scale), left);
}

FNN_INLINE void merge_all(real *y, const real *a, const real *b, fnn_idx n, vreal scale)
{
    fnn_idx i = row_head(y, n);
    if (i)
        merge_vector(y, a, b, i, scale);
    for (; i + 4 * VLEN <= n; i += 4 * VLEN)
        FNN_UNROLL_FOR(int k = 0; k < 4 * VLEN; k += VLEN)
            merge_vector(y + i + k, a + i + k, b ? b + i + k : NULL, VLEN, scale);
    for (; i < n; i += VLEN)
        merge_vector(y + i, a + i, b ? b + i : NULL, n - i, scale);
}

void KERNEL(merge_sum)(void *y, const void *a, const void *b, fnn_idx n, double factor)
{
    const vreal scale = v_set1((real)factor);
    if (b)
        merge_all(y, a, b, n, scale);
    else
        merge_all(y, a, NULL, n, scale);
}
