/* uniform.inc.c - uniform random numbers u (n): (word + 1/2) / 2^32, in (0, 1), for the words (random.h) of the
 * elements from `first` on; uniform_between maps number i to the range from range[2 i] to range[2 i + 1].
 *
 * They are double whatever the dtype, so that what a step decides by them is the same in both.
 */
#include "random.h"

void KERNEL(uniform)(double *u, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    uint32_t words[STREAM];
    for (fnn_idx size; n > 0; first += size, u += size, n -= size) {
        size = in_stream(first, n);
        philox(words, first, size, r);
        for (fnn_idx i = 0; i < size; i++)
            u[i] = (words[first % 4 + i] + 0.5) * 0x1p-32;
    }
}

void KERNEL(uniform_between)(double *u, const double *range, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    KERNEL(uniform)(u, first, n, r);
    for (fnn_idx i = 0; i < n; i++)
        u[i] = range[2 * i] + u[i] * (range[2 * i + 1] - range[2 * i]);
}
