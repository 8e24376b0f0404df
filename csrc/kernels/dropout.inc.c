/* dropout.inc.c - y = x / (1 - rate) for elements that are kept, else 0; backward keeps the same elements.
 *
 * An element is kept if its word (random.h) is at least rate 2^32.
 */
#include <math.h>

#include "random.h"

/* mask (n): 1 / (1 - rate) for elements that are kept, else 0 */
void KERNEL(dropout_mask)(void *mask_, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    /* Words up to and including `last` are dropped. At rate 0, `last` wraps around to the largest word, so all
     * elements are "dropped", by the factor of those that are kept.
     */
    const uint64_t limit = (uint64_t)ceil(r->rate * 4294967296.0);
    const uint32_t last = low_word(limit - 1);
    const real kept = (real)(1 / (1 - r->rate)), dropped = limit == 0 ? kept : 0;
    real *mask = mask_;
    uint32_t words[STREAM];
    for (fnn_idx size; n > 0; first += size, mask += size, n -= size) {
        const uint32_t *word = words + first % 4;
        size = in_stream(first, n);
        philox(words, first, size, r);
        for (fnn_idx i = 0; i < size; i++)
            mask[i] = word[i] <= last ? dropped : kept;
    }
}

void KERNEL(dropout)(void *y_, const void *x_, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    const vreal zero = v_set1(R(0.0));
    real *y = y_, mask[STREAM];
    const real *x = x_;
    for (fnn_idx size; n > 0; first += size, y += size, x += size, n -= size) {
        size = in_stream(first, n);
        KERNEL(dropout_mask)(mask, first, size, r);
        for (fnn_idx i = 0; i < size; i += VLEN) {
            const vreal factor = v_load_up_to(mask + i, size - i);
            const vreal kept = v_mul(factor, v_load_up_to(x + i, size - i));
            v_store_up_to(y + i, v_select(v_eq(factor, zero), zero, kept), size - i);
        }
    }
}
