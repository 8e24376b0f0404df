/* simple_rnn - h_t = f(x_t W + h_{t-1} U + b): the gates are h itself. */
#include "recurrent.h"

static void simple_rnn_forward(slab *s)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = s->n;
    multiply(s, 0);
    for (fnn_idx r = 0; r < s->rows; r++)
        if (!masked(s, r)) {
            real *z = s->z + r * g->gate_row, *h = s->h + r * n;
            if (s->pre)
                memcpy(s->pre + r * g->gate_row, z, (size_t)n * sizeof(real));
            activation_forward(h, n, z, n, 1, n, &g->activation);
            if (g->gates)
                memcpy(z, h, (size_t)n * sizeof(real));
        }
}

static void simple_rnn_backward(slab *s)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = g->units;
    for (fnn_idx r = 0; r < s->rows; r++) {
        real *z = s->z + r * g->gate_row, *dh = s->dh + r * n;
        const real *saved = needs_input(&g->activation) ? s->pre + r * g->gate_row : z;
        if (masked(s, r)) {
            row_fill(z, 0, n);
            continue;
        }
        activation_backward(z, n, dh, n, saved, n, 1, n, &g->activation);
        row_fill(dh, 0, n);
    }
    multiply_transposed(s, 0);
}
