/* embedding.inc.c - y[i] = table[index[i]]: rows of a table by their numbers, and the gradient of the table.
 *
 * Numbers come as reals, as all inputs do; embedding_indices finds one that is not a whole number in range before
 * anything is read by it. Each element of the gradient is one sum in the order of the rows of dy, whichever columns
 * a call computes. Rows that no number refers to are neither read nor written: embedding_mark notes the others in
 * `touched`, a byte for each row of the table, and embedding_clear sets these to 0 again and forgets them.
 */
#include "../simd/rows.h"

fnn_idx KERNEL(embedding_indices)(int32_t *index, const void *x_, fnn_idx n, fnn_idx limit)
{
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++) {
        if (!(x[i] >= R(0.0) && (double)x[i] < (double)limit))
            return i;
        index[i] = (int32_t)x[i];
        if ((real)index[i] != x[i])
            return i;
    }
    return -1;
}

void KERNEL(embedding_forward)(void *y_, const void *table_, const int32_t *index, fnn_idx m, fnn_idx n)
{
    const real *table = table_;
    real *y = y_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j += VLEN)
            v_store_up_to(y + i * n + j, v_load_up_to(table + index[i] * n + j, n - j), n - j);
}

/* n columns of dtable and dy, both of which have rows of `row` elements. */
void KERNEL(embedding_backward)(void *dtable_, const void *dy_, const int32_t *index, fnn_idx m, fnn_idx n,
                                fnn_idx row)
{
    const real *dy = dy_;
    real *dtable = dtable_;
    for (fnn_idx i = 0; i < m; i++) {
        real *sum = dtable + index[i] * row;
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal old = v_load_up_to(sum + j, n - j);
            v_store_up_to(sum + j, v_add(old, v_load_up_to(dy + i * row + j, n - j)), n - j);
        }
    }
}

void KERNEL(embedding_mark)(uint8_t *touched, const int32_t *index, fnn_idx m)
{
    for (fnn_idx i = 0; i < m; i++)
        touched[index[i]] = 1;
}

void KERNEL(embedding_clear)(void *dtable_, uint8_t *touched, fnn_idx rows, fnn_idx n)
{
    real *dtable = dtable_;
    for (fnn_idx i = 0; i < rows; i++)
        if (touched[i]) {
            row_fill(dtable + i * n, R(0.0), n);
            touched[i] = 0;
        }
}
