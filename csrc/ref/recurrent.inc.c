/* recurrent.inc.c - one row after the other, step by step; a masked step leaves the state as it is, and has no gradients
 * of its own. Weights are not packed.
 */
#include "recurrent.h"

typedef void cell_fn(const moment *);

static cell_fn *const forward_cells[] = {simple_rnn_forward, lstm_forward, gru_forward, gru_forward};
static cell_fn *const backward_cells[] = {simple_rnn_backward, lstm_backward, gru_backward, gru_backward};

fnn_idx KERNEL(recurrent_packed)(const fnn_recurrent *g)
{
    (void)g;
    return 0;
}

void KERNEL(recurrent_pack)(const fnn_recurrent *g, int backward, fnn_idx part, fnn_idx pieces)
{
    (void)g, (void)backward, (void)part, (void)pieces;
}

fnn_idx KERNEL(recurrent_workspace)(const fnn_recurrent *g, fnn_idx rows)
{
    (void)rows;
    return (g->a_row + g->gate_row + g->inputs + 12 * g->units) * (fnn_idx)sizeof(real);
}

static fnn_idx time_of(const fnn_recurrent *g, fnn_idx t) { return g->backwards ? g->steps - 1 - t : t; }

static int masked(const fnn_recurrent *g, fnn_idx row, fnn_idx t)
{
    const real *mask = g->mask;
    return mask && mask[row * g->mask_row + time_of(g, t)] == 0;
}

/* Row r of the slab at step t; arrays that are not kept have one place for all steps. */
static void at_step(moment *m, fnn_idx first, fnn_idx rows, fnn_idx r, fnn_idx t)
{
    const fnn_recurrent *g = m->g;
    const fnn_idx n = g->units, at = first * g->steps + t * rows + r;
    if (g->gates) {
        m->a = (real *)g->a + at * g->a_row;
        m->z = (real *)g->gates + at * g->gate_row;
    }
    if (g->preactivation)
        m->pre = (real *)g->preactivation + at * g->gate_row;
    if (g->squashed)
        m->squashed = (real *)g->squashed + at * n;
    if (g->cells) {
        m->c_before = (real *)g->cells + (first * (g->steps + 1) + t * rows + r) * n;
        m->c = m->c_before + rows * n;
    }
    m->h_in = m->a;
    m->x = m->a + n;
}

static void copy(real *y, const void *x, fnn_idx at, fnn_idx n)
{
    for (fnn_idx j = 0; j < n; j++)
        y[j] = x ? ((const real *)x)[at + j] : 0;
}

static void multiply(real *y, const void *factor, fnn_idx at, fnn_idx n)
{
    for (fnn_idx j = 0; factor && j < n; j++)
        y[j] *= ((const real *)factor)[at + j];
}

static void forward_step(moment *m, fnn_idx row, fnn_idx t)
{
    const fnn_recurrent *g = m->g;
    const fnn_idx n = g->units, inputs = g->inputs;
    const int out = masked(g, row, t);
    copy(m->x, g->x, row * g->x_row + time_of(g, t) * inputs, inputs);
    multiply(m->x, g->input_mask, row * inputs, inputs);
    copy(m->h_in, m->h, 0, n);
    multiply(m->h_in, g->state_mask, row * n, n);
    if (out)
        memmove(m->c, m->c_before, (size_t)n * sizeof(real));
    else
        forward_cells[g->cell](m);
    if (g->cell != FNN_LSTM)
        copy(m->c, m->h, 0, n);
    if (g->sequences || t == g->steps - 1)
        copy((real *)g->y + row * g->y_row + (g->sequences ? t * n : 0), out && g->zero_masked ? NULL : m->h,
             0, n);
}

void KERNEL(recurrent_forward)(const fnn_recurrent *g, fnn_idx first, fnn_idx rows, void *workspace)
{
    const fnn_idx n = g->units;
    for (fnn_idx r = 0; r < rows; r++) {
        real *free = workspace;
        const fnn_idx row = first + r;
        moment m = {.g = g, .h = free, .c_before = free + n, .c = free + n, .squashed = free + 2 * n};
        m.a = free + 3 * n;
        m.z = m.a + g->a_row;
        copy(m.h, g->h0, row * g->state_row, n);
        for (fnn_idx t = 0; t < g->steps; t++) {
            at_step(&m, first, rows, r, t);
            if (t == 0 && g->cell == FNN_LSTM)
                copy(m.c_before, g->c0, row * g->state_row, n);
            else if (t == 0)
                copy(m.c_before, m.h, 0, n);
            forward_step(&m, row, t);
        }
        if (g->steps == 0) {
            copy(m.c, g->c0, row * g->state_row, n);
            if (!g->sequences)
                copy((real *)g->y + row * g->y_row, m.h, 0, n);
        }
        if (g->h)
            copy((real *)g->h + row * g->last_row, m.h, 0, n);
        if (g->c && g->cell == FNN_LSTM)
            copy((real *)g->c + row * g->last_row, m.c, 0, n);
    }
}

static void backward_step(moment *m, fnn_idx row, fnn_idx t)
{
    const fnn_recurrent *g = m->g;
    const fnn_idx n = g->units, inputs = g->inputs;
    const real *dy = (const real *)g->dy + row * g->y_row + (g->sequences ? t * n : 0);
    const int out = masked(g, row, t);
    if (g->dy && (g->sequences || t == g->steps - 1) && !(out && g->zero_masked))
        for (fnn_idx j = 0; j < n; j++)
            m->dh[j] += dy[j];
    memset(m->dh_in, 0, (size_t)n * sizeof(real));
    memset(m->dx, 0, (size_t)inputs * sizeof(real));
    if (out)
        memset(m->z, 0, (size_t)(columns_of(g) + (g->cell == FNN_GRU ? n : 0)) * sizeof(real));
    else
        backward_cells[g->cell](m);
    multiply(m->dh_in, g->state_mask, row * n, n);
    multiply(m->dx, g->input_mask, row * inputs, inputs);
    for (fnn_idx j = 0; j < n; j++)
        m->dh[j] += m->dh_in[j];
    if (g->dx)
        copy((real *)g->dx + (row * g->steps + time_of(g, t)) * inputs, m->dx, 0, inputs);
}

void KERNEL(recurrent_backward)(const fnn_recurrent *g, fnn_idx first, fnn_idx rows, void *workspace)
{
    const fnn_idx n = g->units;
    for (fnn_idx r = 0; r < rows; r++) {
        real *free = workspace;
        const fnn_idx row = first + r;
        moment m = {
            .g = g, .dh = free, .dc = free + n, .dh_in = free + 2 * n, .d = free + 3 * n, .dx = free + 7 * n};
        copy(m.dh, g->dh, row * n, n);
        copy(m.dc, g->dc, row * n, n);
        for (fnn_idx j = 0; g->steps == 0 && !g->sequences && g->dy && j < n; j++)
            m.dh[j] += ((const real *)g->dy)[row * n + j];
        for (fnn_idx t = g->steps - 1; t >= 0; t--) {
            at_step(&m, first, rows, r, t);
            backward_step(&m, row, t);
        }
        if (g->dh0)
            copy((real *)g->dh0 + row * n, m.dh, 0, n);
        if (g->dc0)
            copy((real *)g->dc0 + row * n, m.dc, 0, n);
    }
}
