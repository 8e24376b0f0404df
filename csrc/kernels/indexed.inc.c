/* indexed.inc.c - arrays read and written through an index map: how arrays are broadcast, summed back and reordered.
 *
 *   gather            y[i] = x[index[i]]                             y, index (n)
 *   gather_multiply   y[i][j] = x[i][j] factor[i ld + index[j]]      x, y (m, n); ld = 0: one row of factors for all
 *   scatter_add       y[index[i]] += x[i], in the order of i         x, index (n)
 *   gather_rows       row i of y = row index[i] of x                 m rows of `bytes` bytes
 *
 * The instruction sets have no common word for a load from several addresses, and a row of random addresses
 * costs what its cache misses cost: so elements are loaded one by one, and only the product is in vectors.
 */
#include <string.h>

#include "../simd/rows.h"

enum { GATHER_BLOCK = 64 };

void KERNEL(gather)(void *y_, const void *x_, const fnn_idx *index, fnn_idx n)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        y[i] = x[index[i]];
}

void KERNEL(gather_multiply)(void *y_, const void *x_, const void *factor_, const fnn_idx *index, fnn_idx m,
                             fnn_idx n, fnn_idx ld)
{
    real *y = y_, block[GATHER_BLOCK];
    const real *x = x_, *factor = factor_;
    for (fnn_idx i = 0; i < m; i++, x += n, y += n, factor += ld)
        for (fnn_idx first = 0; first < n; first += GATHER_BLOCK) {
            const fnn_idx count = n - first < GATHER_BLOCK ? n - first : GATHER_BLOCK;
            KERNEL(gather)(block, factor, index + first, count);
            for (fnn_idx j = 0; j < count; j += VLEN) {
                const vreal product =
                    v_mul(v_load_up_to(x + first + j, count - j), v_load_up_to(block + j, count - j));
                v_store_up_to(y + first + j, product, count - j);
            }
        }
}

void KERNEL(scatter_add)(void *y_, const void *x_, const fnn_idx *index, fnn_idx n)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        y[index[i]] += x[i];
}

void KERNEL(gather_rows)(void *y_, const void *x_, const fnn_idx *index, fnn_idx m, fnn_idx bytes)
{
    char *y = y_;
    const char *x = x_;
    for (fnn_idx i = 0; i < m; i++)
        memcpy(y + i * bytes, x + index[i] * bytes, (size_t)bytes);
}
