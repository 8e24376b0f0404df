/* uniform.inc.c - (word + 1/2) / 2^32 for the elements from `first` on, in (0, 1) or mapped to a range for each. */
#include "random.h"

void KERNEL(uniform)(double *u, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    for (fnn_idx i = 0; i < n; i++)
        u[i] = (random_word(first + i, r) + 0.5) / 4294967296.0;
}

void KERNEL(uniform_between)(double *u, const double *range, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    for (fnn_idx i = 0; i < n; i++) {
        const double low = range[2 * i], high = range[2 * i + 1];
        u[i] = low + (random_word(first + i, r) + 0.5) / 4294967296.0 * (high - low);
    }
}
