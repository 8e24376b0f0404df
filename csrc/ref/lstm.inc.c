/* lstm.inc.c - [i, f, k, o] = gates of x_t W + h_{t-1} U + b, c_t = f c_{t-1} + i k, h_t = o activation(c_t) */
#include "recurrent.h"

static void lstm_forward(const moment *m)
{
    const fnn_recurrent *g = m->g;
    const fnn_idx n = g->units;
    const real *z = m->z;
    for (fnn_idx j = 0; j < 4 * n; j++)
        m->z[j] = (real)(bias_of(m, j) + x_times(m, j) + h_times(m, m->h_in, j));
    activate(m, 0, 2 * n, &g->recurrent_activation);
    activate(m, 2 * n, n, &g->activation);
    activate(m, 3 * n, n, &g->recurrent_activation);
    for (fnn_idx j = 0; j < n; j++)
        m->c[j] = z[n + j] * m->c_before[j] + z[j] * z[2 * n + j];
    KERNEL(activation_forward)(m->squashed, n, m->c, n, 1, n, &g->activation);
    for (fnn_idx j = 0; j < n; j++)
        m->h[j] = z[3 * n + j] * m->squashed[j];
}

static void lstm_backward(const moment *m)
{
    const fnn_recurrent *g = m->g;
    const fnn_idx n = g->units;
    const real *z = m->z, *saved = needs_input(&g->activation) ? m->c : m->squashed;
    real *d = m->d;
    for (fnn_idx j = 0; j < n; j++)
        d[j] = m->dh[j] * z[3 * n + j];
    KERNEL(activation_backward)(d, n, d, n, saved, n, 1, n, &g->activation);
    for (fnn_idx j = 0; j < n; j++) {
        const real dc = m->dc[j] + d[j];
        d[j] = dc * z[2 * n + j];
        d[n + j] = dc * m->c_before[j];
        d[2 * n + j] = dc * z[j];
        d[3 * n + j] = m->dh[j] * m->squashed[j];
        m->dc[j] = dc * z[n + j];
        m->dh[j] = 0;
    }
    activation_slope(m, 0, 2 * n, &g->recurrent_activation);
    activation_slope(m, 2 * n, n, &g->activation);
    activation_slope(m, 3 * n, n, &g->recurrent_activation);
    spread(m, 0, z, z, 4 * n);
}
