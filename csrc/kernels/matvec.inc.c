/* matvec.inc.c - products of matrices and vectors, `count` of them with operands of their own one behind the other.
 *
 *   matvec   y (m) = a (m, k) x (k)
 *   vecmat   y (k) = x (m) a (m, k)
 *   outer    y (m, k) = u (m) v (k)
 *
 * Each matrix is read or written once, in the order in which it lies in memory, so what bounds them is the memory; a
 * product by the register tile of `gemm` costs 150 ns besides, more than a scalar product of 1000 elements.
 * Elements of vectors that are shorter than a register leave lanes empty. The order of every sum is fixed by m and k.
 */
#include "../simd/rows.h"

enum { CHAINS = 4 }; /* sums of a scalar product that run side by side: the latency of an FMA */

FNN_INLINE real scalar_product(const real *a, const real *x, fnn_idx k)
{
    vreal sum[CHAINS];
    fnn_idx j = 0;
    for (int c = 0; c < CHAINS; c++)
        sum[c] = v_set1(R(0.0));
    for (; j + CHAINS * VLEN <= k; j += CHAINS * VLEN)
        FNN_UNROLL_FOR(int c = 0; c < CHAINS; c++)
            sum[c] = v_fma(v_load(a + j + c * VLEN), v_load(x + j + c * VLEN), sum[c]);
    for (; j < k; j += VLEN)
        sum[0] = v_fma(v_load_up_to(a + j, k - j), v_load_up_to(x + j, k - j), sum[0]);
    return v_sum(v_add(v_add(sum[0], sum[1]), v_add(sum[2], sum[3])));
}

void KERNEL(matvec)(void *y_, const void *a_, const void *x_, fnn_idx count, fnn_idx m, fnn_idx k)
{
    const real *a = a_, *x = x_;
    real *y = y_;
    for (fnn_idx c = 0; c < count; c++, x += k)
        for (fnn_idx i = 0; i < m; i++, a += k)
            *y++ = scalar_product(a, x, k);
}

FNN_INLINE void columns(real *y, const real *a, const real *x, fnn_idx m, fnn_idx k, fnn_idx left,
                        const int vectors)
{
    vreal sum[CHAINS];
    for (int c = 0; c < vectors; c++)
        sum[c] = v_set1(R(0.0));
    for (fnn_idx i = 0; i < m; i++, a += k) {
        const vreal factor = v_set1(x[i]);
        for (int c = 0; c < vectors; c++)
            sum[c] = v_fma(factor, v_load_up_to(a + c * VLEN, left - c * VLEN), sum[c]);
    }
    for (int c = 0; c < vectors; c++)
        v_store_up_to(y + c * VLEN, sum[c], left - c * VLEN);
}

void KERNEL(vecmat)(void *y_, const void *x_, const void *a_, fnn_idx count, fnn_idx m, fnn_idx k)
{
    const real *a = a_, *x = x_;
    real *y = y_;
    for (fnn_idx c = 0; c < count; c++, a += m * k, x += m, y += k) {
        fnn_idx j = 0;
        for (; j + CHAINS * VLEN <= k; j += CHAINS * VLEN)
            columns(y + j, a + j, x, m, k, CHAINS * VLEN, CHAINS);
        for (; j < k; j += VLEN)
            columns(y + j, a + j, x, m, k, k - j, 1);
    }
}

void KERNEL(outer)(void *y_, const void *u_, const void *v_, fnn_idx count, fnn_idx m, fnn_idx k)
{
    const real *u = u_, *v = v_;
    real *y = y_;
    for (fnn_idx c = 0; c < count; c++, v += k)
        for (fnn_idx i = 0; i < m; i++, y += k) {
            const vreal factor = v_set1(*u++);
            for (fnn_idx j = 0; j < k; j += VLEN)
                v_store_up_to(y + j, v_mul(factor, v_load_up_to(v + j, k - j)), k - j);
        }
}
