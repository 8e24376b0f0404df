/* uniform.inc.c - (word + 1/2) / 2^32 for the elements from `first` on. */
#include "random.h"

static void uniform(double *u, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    for (fnn_idx i = 0; i < n; i++)
        u[i] = (random_word(first + i, r) + 0.5) / 4294967296.0;
}
