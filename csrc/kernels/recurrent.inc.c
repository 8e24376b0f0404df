/* recurrent - a recurrent layer over time: the loop that all cells share, and the packing of weights.
 *
 *   forward    for each step: a = [h_{t-1}, x_t]; gates = b + a [U; W]; the cell makes h_t of them
 *   backward   from the last step on: the cell makes the gradients of the gates of those of h_t and c_t, in
 *              place; those of h_{t-1} and x_t are their products with U' and W'
 *
 * A slab of rows goes through all steps in one call: its state stays in L1, the weights stay in L2, and no
 * thread waits for another. The gradients of weights are products of what is left in `a` and `gates`, for the
 * caller to do over all rows and steps at once.
 *
 * A masked step computes like any other, and is thrown away: its row keeps h and c, and backward its gates'
 * gradients are 0 and those of h and c stay. A row's results do not depend on the rows beside it.
 */
#include "recurrent.h"

typedef void cell_fn(slab *);

static cell_fn *const forward_cells[] = {simple_rnn_forward, lstm_forward, gru_forward, gru_forward};
static cell_fn *const backward_cells[] = {simple_rnn_backward, lstm_backward, gru_backward, gru_backward};

/* Of one direction or the other, whichever is more. */
static fnn_idx recurrent_packed(const fnn_recurrent *g)
{
    fnn_idx forward = g->gate_row, backward = 0;
    step_product p[MOST_PRODUCTS];
    transposed_product q[MOST_PRODUCTS];
    for (int i = 0, count = products_of(g, p); i < count; i++)
        forward += packed_size(p[i].k, p[i].n + ROW_NV * VLEN, VLEN); /* enough for panels of any width */
    for (int i = 0, count = transposed_products_of(g, q); i < count; i++)
        backward += packed_size(q[i].k, q[i].n, NR);
    return (forward > backward ? forward : backward) * (fnn_idx)sizeof(real);
}

/* Panel (k, width) of k rows of b from column j on, the columns after the last of `columns` filled up with zeros. */
static void pack_panel(real *panel, fnn_idx width, const real *b, fnn_idx k, fnn_idx b_row, fnn_idx columns)
{
    for (fnn_idx p = 0; p < k; p++)
        for (fnn_idx j = 0; j < width; j += VLEN) {
            const fnn_idx left = columns - j;
            v_store(panel + p * width + j, left > 0 ? v_load_up_to(b + p * b_row + j, left) : v_set1(0));
        }
}

/* Biases in the order of gates. A GRU that resets behind the product has two, which z and r take together. */
static void pack_bias(const fnn_recurrent *g)
{
    const fnn_idx n = g->units;
    const real *b = g->bias;
    real *packed = g->packed;
    row_fill(packed, 0, g->gate_row);
    if (!b)
        return;
    if (g->cell == FNN_SIMPLE_RNN || g->cell == FNN_LSTM) {
        memcpy(packed, b, (size_t)(gates_of(g) * n) * sizeof(real));
        return;
    }
    memcpy(packed, b + 2 * n, (size_t)n * sizeof(real));
    memcpy(packed + n, b, (size_t)(2 * n) * sizeof(real));
    if (g->cell == FNN_GRU) {
        for (fnn_idx j = 0; j < 2 * n; j++)
            packed[n + j] += b[3 * n + j];
        memcpy(packed + 3 * n, b + 5 * n, (size_t)n * sizeof(real));
    }
}

static void pack_forward(const fnn_recurrent *g, fnn_idx part, fnn_idx pieces)
{
    const fnn_idx columns = gates_of(g) * g->units;
    const real *w = g->kernel, *u = g->recurrent_kernel;
    real *panel = (real *)g->packed + g->gate_row;
    step_product p[MOST_PRODUCTS];
    fnn_idx turn = 0;
    if (part == 0)
        pack_bias(g);
    for (int i = 0, count = products_of(g, p); i < count; i++) {
        const fnn_idx width = panel_width(g, p[i].n);
        const fnn_idx inputs = p[i].stack == UNITS ? 0 : g->inputs, units = p[i].k - inputs;
        const fnn_idx w_at = p[i].stack == UNITS_THEN_INPUTS ? units : 0;
        const fnn_idx u_at = p[i].stack == INPUTS_THEN_UNITS ? inputs : 0;
        for (fnn_idx j = 0; j < p[i].n; j += width, panel += p[i].k * width) {
            if (turn++ % pieces != part)
                continue;
            pack_panel(panel + w_at * width, width, w + p[i].source + j, inputs, columns, p[i].n - j);
            pack_panel(panel + u_at * width, width, u + p[i].source + j, units, columns, p[i].n - j);
        }
    }
}

static void pack_backward(const fnn_recurrent *g, fnn_idx part, fnn_idx pieces)
{
    const fnn_idx columns = gates_of(g) * g->units;
    real *panel = g->packed;
    transposed_product p[MOST_PRODUCTS];
    fnn_idx turn = 0;
    for (int i = 0, count = transposed_products_of(g, p); i < count; i++)
        for (fnn_idx j = 0; j < p[i].n; j += NR, panel += p[i].k * NR) {
            const real *b = (const real *)(p[i].recurrent ? g->recurrent_kernel : g->kernel) + j * columns;
            const fnn_idx head = least(p[i].k, columns - p[i].source);
            if (turn++ % pieces != part)
                continue;
            pack_columns(panel, b + p[i].source, columns, head, p[i].n - j);
            pack_columns(panel + head * NR, b, columns, p[i].k - head, p[i].n - j);
        }
}

static void recurrent_pack(const fnn_recurrent *g, int backward, fnn_idx part, fnn_idx pieces)
{
    if (backward)
        pack_backward(g, part, pieces);
    else
        pack_forward(g, part, pieces);
}

/* The larger of what forward without anything kept and backward take. */
static fnn_idx recurrent_workspace(const fnn_recurrent *g, fnn_idx rows)
{
    return (rows * (g->a_row + g->gate_row + 3 * g->units) + 4 * g->units) * (fnn_idx)sizeof(real);
}

/* The arrays of step t: where something is kept for backward, in the slab's part of it. */
static void at_step(slab *s, fnn_idx t)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx block = s->first * g->steps + t * s->rows, n = g->units;
    s->t = t;
    if (!g->gates)
        return;
    s->a = (real *)g->a + block * g->a_row;
    s->z = (real *)g->gates + block * g->gate_row;
    if (g->preactivation)
        s->pre = (real *)g->preactivation + block * g->gate_row;
    if (g->cells) {
        s->c_before = (real *)g->cells + (s->first * (g->steps + 1) + t * s->rows) * n;
        s->c = s->c_before + s->rows * n;
    }
    if (g->squashed)
        s->squashed = (real *)g->squashed + block * n;
}

static slab slab_of(const fnn_recurrent *g, fnn_idx first, fnn_idx rows)
{
    return (slab){.g = g, .first = first, .rows = rows, .packed = g->packed};
}

/* y (n) = x, times factor if there is one */
FNN_INLINE void copy_scaled(real *y, const real *x, const real *factor, fnn_idx n)
{
    EACH_VECTOR(j, n) PUT(y, factor ? v_mul(GET(x), GET(factor)) : GET(x));
}

/* The rows [h_{t-1}, x_t] of the products. */
static void join(const slab *s)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = g->units;
    for (fnn_idx r = 0; r < s->rows; r++) {
        const fnn_idx row = s->first + r;
        const real *x = (const real *)g->x + row * g->x_row + time_of(g, s->t) * g->inputs;
        const real *x_factor = g->input_mask, *h_factor = g->state_mask;
        real *a = s->a + r * g->a_row;
        copy_scaled(a, s->h + r * n, h_factor ? h_factor + row * n : NULL, n);
        copy_scaled(a + n, x, x_factor ? x_factor + row * g->inputs : NULL, g->inputs);
    }
}

/* A state (rows, units), rows `ld` apart, or zeros. */
static void load_state(const slab *s, real *state, const real *from, fnn_idx ld)
{
    const fnn_idx n = s->g->units;
    for (fnn_idx r = 0; r < s->rows; r++)
        if (from)
            memcpy(state + r * n, from + (s->first + r) * ld, (size_t)n * sizeof(real));
        else
            row_fill(state + r * n, 0, n);
}

static void store_state(const slab *s, real *to, fnn_idx ld, const real *state)
{
    const fnn_idx n = s->g->units;
    for (fnn_idx r = 0; to && r < s->rows; r++)
        memcpy(to + (s->first + r) * ld, state + r * n, (size_t)n * sizeof(real));
}

/* Where y has the result of this step and row, or dy its gradient; -1 if it has none. */
FNN_INLINE fnn_idx result_at(const slab *s, fnn_idx r)
{
    const fnn_recurrent *g = s->g;
    if (!g->sequences && s->t < g->steps - 1)
        return -1;
    return (s->first + r) * g->y_row + (g->sequences ? s->t * g->units : 0);
}

static void recurrent_forward(const fnn_recurrent *g, fnn_idx first, fnn_idx rows, void *workspace)
{
    const fnn_idx n = g->units;
    slab s = slab_of(g, first, rows);
    real *const c_last = (s.h = (real *)workspace) + rows * n;
    s.c_before = s.c = c_last;
    s.squashed = c_last + rows * n;
    s.a = s.squashed + rows * n;
    s.z = s.a + rows * g->a_row;
    load_state(&s, s.h, g->h0, g->state_row);
    at_step(&s, 0);
    if (g->cell == FNN_LSTM)
        load_state(&s, s.c_before, g->c0, g->state_row);
    else if (g->cells)
        memcpy(s.c_before, s.h, (size_t)(rows * n) * sizeof(real));
    for (fnn_idx t = 0; t < g->steps; t++) {
        at_step(&s, t);
        join(&s);
        forward_cells[g->cell](&s);
        if (g->cells && g->cell != FNN_LSTM)
            memcpy(s.c, s.h, (size_t)(rows * n) * sizeof(real));
        for (fnn_idx r = 0; r < rows; r++) {
            const fnn_idx at = result_at(&s, r);
            if (at < 0)
                break;
            if (g->zero_masked && masked(&s, r))
                row_fill((real *)g->y + at, 0, n);
            else
                copy_scaled((real *)g->y + at, s.h + r * n, NULL, n);
        }
    }
    store_state(&s, g->h, g->last_row, s.h);
    if (g->cell == FNN_LSTM)
        store_state(&s, g->c, g->last_row, s.c);
}

static void recurrent_backward(const fnn_recurrent *g, fnn_idx first, fnn_idx rows, void *workspace)
{
    const fnn_idx n = g->units, inputs = g->inputs;
    const real *x_factor = g->input_mask, *h_factor = g->state_mask, *dy = g->dy;
    slab s = slab_of(g, first, rows);
    s.dh = workspace;
    s.dc = s.dh + rows * n;
    s.da = s.dc + rows * n;
    s.d = s.da + rows * g->a_row;
    load_state(&s, s.dh, g->dh, n);
    load_state(&s, s.dc, g->dc, n);
    for (fnn_idx t = g->steps - 1; t >= 0; t--) {
        at_step(&s, t);
        for (fnn_idx r = 0; dy && r < rows; r++) {
            const fnn_idx at = result_at(&s, r);
            real *dh = s.dh + r * n;
            if (at >= 0 && !(g->zero_masked && masked(&s, r)))
                EACH_VECTOR(j, n) PUT(dh, v_add(GET(dh), GET(dy + at)));
        }
        backward_cells[g->cell](&s);
        if (g->dx)
            multiply_transposed(&s, 1);
        for (fnn_idx r = 0; r < rows; r++) {
            const fnn_idx row = first + r;
            const real *da = s.da + r * g->a_row, *factor = h_factor ? h_factor + row * n : NULL;
            real *dh = s.dh + r * n;
            EACH_VECTOR(j, n)
            PUT(dh, factor ? v_fma(GET(da), GET(factor), GET(dh)) : v_add(GET(da), GET(dh)));
            if (g->dx)
                copy_scaled((real *)g->dx + (row * g->steps + time_of(g, t)) * inputs, da + n,
                            x_factor ? x_factor + row * inputs : NULL, inputs);
        }
    }
    store_state(&s, g->dh0, n, s.dh);
    store_state(&s, g->dc0, n, s.dc);
}
#undef EACH_VECTOR
#undef GET
#undef PUT
