/* simple_rnn.inc.c - h_t = f(x_t W + h_{t-1} U + b): the gates are h itself. */
#include "recurrent.h"

/* How many rows to activate at once: all, or one if some of them may be masked. */
FNN_INLINE fnn_idx stretch(const slab *s) { return s->g->mask ? 1 : s->rows; }

static void simple_rnn_forward(slab *s)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = s->n, row = g->gate_row, count = stretch(s);
    multiply(s, 0);
    for (fnn_idx r = 0; s->pre && r < s->rows; r++)
        memcpy(s->pre + r * row, s->z + r * row, (size_t)n * sizeof(real));
    for (fnn_idx r = 0; r < s->rows; r += count)
        if (!masked(s, r))
            KERNEL(activation_forward)(s->h + r * n, n, s->z + r * row, row, count, n, &g->activation);
    for (fnn_idx r = 0; g->gates && r < s->rows; r++)
        memcpy(s->z + r * row, s->h + r * n, (size_t)n * sizeof(real));
}

static void simple_rnn_backward(slab *s)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = s->n, row = g->gate_row, count = stretch(s);
    const real *saved = needs_input(&g->activation) ? s->pre : s->z;
    for (fnn_idx r = 0; r < s->rows; r += count) {
        real *z = s->z + r * row, *dh = s->dh + r * n;
        if (masked(s, r)) {
            row_fill(z, 0, n);
            continue;
        }
        KERNEL(activation_backward)(z, row, dh, n, saved + r * row, row, count, n, &g->activation);
        row_fill(dh, 0, count * n);
    }
    multiply_transposed(s, 0);
}
