/* category_encoding.inc.c - y[i][k] = how many of the n numbers index[i][j], from 0 to depth - 1, equal k, at most
 * `most`; y is (m, depth). With most = 1 it says whether there is any.
 *
 * Counts go to addresses that come from memory, so the loop is scalar.
 */
#include "../simd/rows.h"

void KERNEL(count_categories)(void *y_, const int32_t *index, fnn_idx m, fnn_idx n, fnn_idx depth,
                              double most)
{
    const real limit = (real)most;
    real *y = y_;
    row_fill(y, R(0.0), m * depth);
    for (fnn_idx i = 0; i < m; i++, y += depth, index += n)
        for (fnn_idx j = 0; j < n; j++) {
            const real count = y[index[j]] + R(1.0);
            y[index[j]] = count < limit ? count : limit;
        }
}
