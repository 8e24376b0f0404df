/* rows.h - loads and stores along a row in vectors, the last of which may be partial, and reductions of a row.
 *
 * So a kernel's loop has one body; the test for the last vector is not measurable from rows of 100 on.
 */
#ifndef FNN_ROWS_H
#define FNN_ROWS_H

#include <math.h>

/* The next `left` elements, or a vector of them; the lanes in excess hold 0. */
FNN_INLINE vreal v_load_up_to(const real *p, fnn_idx left)
{
    return left >= VLEN ? v_load(p) : v_load_n(p, left);
}

/* Take the lanes in excess from `rest`. */
FNN_INLINE vreal v_up_to(vreal a, fnn_idx left, vreal rest)
{
    return left >= VLEN ? a : v_first_n(a, left, rest);
}

FNN_INLINE vreal v_load_up_to_or(const real *p, fnn_idx left, vreal rest)
{
    return v_up_to(v_load_up_to(p, left), left, rest);
}

FNN_INLINE void v_store_up_to(real *p, vreal a, fnn_idx left)
{
    if (left >= VLEN)
        v_store(p, a);
    else
        v_store_n(p, a, left);
}

/* How many elements come before the first vector that is aligned in memory; 0 for a short row. Stores that cross cache
 * lines cost a fifth of the speed of a row.
 */
FNN_INLINE fnn_idx row_head(const real *y, fnn_idx n)
{
    return n < 8 * VLEN ? 0 : (fnn_idx)((0 - (uintptr_t)y / sizeof(real)) % VLEN);
}

/* The largest element; NaN is skipped, on every instruction set alike. */
FNN_INLINE real row_maximum(const real *x, fnn_idx n)
{
    const vreal lowest = v_set1((real)-INFINITY);
    vreal most = lowest;
    for (fnn_idx j = 0; j < n; j += VLEN) {
        vreal xj = v_load_up_to_or(x + j, n - j, lowest);
        most = v_select(v_lt(most, xj), xj, most);
    }
    return v_maximum(most);
}

FNN_INLINE real row_sum(const real *x, fnn_idx n)
{
    vreal sum = v_set1(R(0.0));
    for (fnn_idx j = 0; j < n; j += VLEN)
        sum = v_add(sum, v_load_up_to(x + j, n - j));
    return v_sum(sum);
}

FNN_INLINE void row_fill(real *y, real value, fnn_idx n)
{
    for (fnn_idx j = 0; j < n; j += VLEN)
        v_store_up_to(y + j, v_set1(value), n - j);
}

#endif
