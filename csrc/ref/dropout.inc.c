/* dropout.inc.c - y = x / (1 - rate) for elements that are kept, else 0: an element is kept if its word is at least
 * rate 2^32.
 */
#include "random.h"

static double dropout_factor(fnn_idx i, const fnn_random *r)
{
    return random_word(i, r) >= r->rate * 4294967296.0 ? 1 / (1 - r->rate) : 0;
}

void KERNEL(dropout_mask)(void *mask_, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    real *mask = mask_;
    for (fnn_idx i = 0; i < n; i++)
        mask[i] = (real)dropout_factor(first + i, r);
}

void KERNEL(dropout)(void *y_, const void *x_, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++) {
        const real factor = (real)dropout_factor(first + i, r);
        y[i] = factor == 0 ? 0 : factor * x[i];
    }
}
