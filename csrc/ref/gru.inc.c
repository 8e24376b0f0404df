/* gru.inc.c - [z, r] = gates of x_t W + h_{t-1} U + b, h_t = z h_{t-1} + (1 - z) k, and the candidate
 *
 *   k = activation(x_t W + b + r (h_{t-1} U + b')), or activation(x_t W + b + (r h_{t-1}) U)
 *
 * Columns of W and U are those of [z, r, k]; gates are kept as [k, z, r, h_{t-1} U + b'], or [k, z, r].
 */
#include "recurrent.h"

static void gru_forward(const moment *m)
{
    const fnn_recurrent *g = m->g;
    const fnn_idx n = g->units;
    const int after = g->cell == FNN_GRU;
    real *k = m->z, *z = k + n, *r = z + n, *q = r + n, *reset = m->x + g->inputs;
    for (fnn_idx j = 0; j < 2 * n; j++)
        z[j] = (real)(bias_of(m, j) + (after ? bias_of(m, 3 * n + j) : 0) + x_times(m, j) +
                      h_times(m, m->h_in, j));
    activate(m, n, 2 * n, &g->recurrent_activation);
    for (fnn_idx j = 0; !after && j < n; j++)
        reset[j] = r[j] * m->h_in[j];
    for (fnn_idx j = 0; j < n; j++) {
        const double x_share = bias_of(m, 2 * n + j) + x_times(m, 2 * n + j);
        if (after) {
            q[j] = (real)(bias_of(m, 5 * n + j) + h_times(m, m->h_in, 2 * n + j));
            k[j] = (real)(x_share + (double)r[j] * q[j]);
        } else
            k[j] = (real)(x_share + h_times(m, reset, 2 * n + j));
    }
    activate(m, 0, n, &g->activation);
    for (fnn_idx j = 0; j < n; j++)
        m->h[j] = z[j] * m->h[j] + (1 - z[j]) * k[j];
}

static void gru_backward(const moment *m)
{
    const fnn_recurrent *g = m->g;
    const fnn_idx n = g->units;
    const int after = g->cell == FNN_GRU;
    real *k = m->z, *z = k + n, *r = z + n, *q = r + n, *d = m->d;
    for (fnn_idx j = 0; j < n; j++) {
        d[j] = m->dh[j] * (1 - z[j]);
        d[n + j] = m->dh[j] * (m->c_before[j] - k[j]);
        m->dh[j] *= z[j];
    }
    activation_slope(m, 0, n, &g->activation);
    activation_slope(m, n, n, &g->recurrent_activation);
    if (after)
        for (fnn_idx j = 0; j < n; j++) {
            d[2 * n + j] = k[j] * q[j];
            q[j] = k[j] * r[j];
        }
    else {
        real *dreset = d; /* of r h_{t-1} */
        memset(dreset, 0, (size_t)n * sizeof(real));
        add_transposed(dreset, n, g->recurrent_kernel, columns_of(g), 2 * n, k, n);
        for (fnn_idx j = 0; j < n; j++) {
            d[2 * n + j] = dreset[j] * m->h_in[j];
            m->dh_in[j] = dreset[j] * r[j];
        }
    }
    activation_slope(m, 2 * n, n, &g->recurrent_activation);
    spread(m, 0, z, z, 2 * n);
    add_transposed(m->dx, g->inputs, g->kernel, columns_of(g), 2 * n, k, n);
    if (after)
        add_transposed(m->dh_in, n, g->recurrent_kernel, columns_of(g), 2 * n, q, n);
}
