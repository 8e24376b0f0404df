/* simple_rnn.inc.c - h_t = f(x_t W + h_{t-1} U + b) */
#include "recurrent.h"

static void simple_rnn_forward(const moment *m)
{
    const fnn_idx n = m->g->units;
    for (fnn_idx j = 0; j < n; j++)
        m->z[j] = (real)(bias_of(m, j) + x_times(m, j) + h_times(m, m->h_in, j));
    activate(m, 0, n, &m->g->activation);
    memcpy(m->h, m->z, (size_t)n * sizeof(real));
}

static void simple_rnn_backward(const moment *m)
{
    const fnn_idx n = m->g->units;
    memcpy(m->d, m->dh, (size_t)n * sizeof(real));
    activation_slope(m, 0, n, &m->g->activation);
    memset(m->dh, 0, (size_t)n * sizeof(real));
    spread(m, 0, m->z, m->z, n);
}
