/* recurrent.inc.c - a recurrent layer over time: the loop that all cells share.
 *
 *   forward    for each step: a = [h_{t-1}, x_t]; gates = b + a [U; W]; the cell computes h_t from them
 *   backward   from the last step on: the cell computes the gradients of the gates, in place, from those of h_t and
 *              c_t; the gradients of h_{t-1} and x_t are their products with U' and W'
 *
 * A slab of rows runs through all steps in one call: its state stays in L1, the weights stay in L2, and no
 * thread waits for another. The gradients of weights are products of what `a` and `gates` hold then, which the
 * caller computes over all rows and steps at once.
 *
 * The result of a masked step is discarded: its row keeps h and c, and backward the gradients of its gates are 0 and
 * those of h and c stay. A row's results do not depend on the rows beside it.
 */
#include "recurrent.h"

typedef void cell_fn(slab *);

static cell_fn *const forward_cells[] = {simple_rnn_forward, lstm_forward, gru_forward, gru_forward};
static cell_fn *const backward_cells[] = {simple_rnn_backward, lstm_backward, gru_backward, gru_backward};

/* The arrays of step t; those kept for backward are in the slab's part of them. */
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
    return (slab){.g = g, .first = first, .rows = rows, .n = g->units};
}

/* The bytes of so many elements in whole cache lines. */
FNN_INLINE fnn_idx whole_lines(fnn_idx n)
{
    const fnn_idx line = CACHE_LINE / (fnn_idx)sizeof(real);
    return parts(n, line) * line;
}

/* The most bytes that a group and its panels take. */
static fnn_idx group_bytes(const fnn_recurrent *g)
{
    fnn_idx jobs = 0;
    step_product p[MOST_PRODUCTS] = {0};
    for (int i = 0, count = products_of(g, p); i < count; i++)
        jobs += parts(parts(p[i].count * (group_units(g) + GROUP_UNIT), VLEN), ROW_NV);
    return parts((fnn_idx)sizeof(slab) + jobs * (fnn_idx)sizeof(row_job), CACHE_LINE) * CACHE_LINE;
}

/* The larger of what backward takes and forward when nothing is kept, and what a single row takes besides. */
fnn_idx KERNEL(recurrent_workspace)(const fnn_recurrent *g, fnn_idx rows)
{
    fnn_recurrent row = *g;
    row.rows = 1;
    row.gates = NULL;
    const fnn_idx step = rows * (g->a_row + g->gate_row) + 3 * whole_lines(rows * g->units) + 4 * g->units;
    return step * (fnn_idx)sizeof(real) + groups_of(&row) * group_bytes(&row);
}

/* Describe the groups of a single row, and the panels of each: once, since the next step would wait for what a step has
 * just written of a slab.
 */
static void list_groups(const slab *s, slab *group, row_job *job)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx groups = groups_of(g);
    const real *panels = (const real *)g->packed + g->gate_row;
    step_product p[MOST_PRODUCTS] = {0};
    const int count = products_of(g, p);
    for (fnn_idx q = 0, from = 0; q < groups; q++, from += group_units(g), group++) {
        *group = *s;
        group->n = group_size(g, q);
        group->h += from;
        group->c += from;
        group->c_before += from;
        group->bias += from * biases_of(g);
        for (int i = 0; i < count; i++) {
            const fnn_idx to = p[i].to * group->n, n = p[i].count * group->n;
            group->jobs[i] = job;
            for (fnn_idx j = 0; j < panels_of(g, n); j++)
                *job++ = row_job_of(g, s->z + to, s->a + p[i].from, panels, group->bias + to, p[i].k, n,
                                    p[i].continues, j);
            panels += packed_size(p[i].k, n);
        }
    }
}

/* Compute a step for all units, or for one group after the other: every other step begins with the group that the step
 * before ended with, whose weights are still in L1.
 */
static void step_forward(slab *s, slab *groups, fnn_idx count)
{
    if (!groups)
        forward_cells[s->g->cell](s);
    for (fnn_idx i = 0; groups && i < count; i++) {
        slab *group = groups + (s->t & 1 ? count - 1 - i : i);
        group->t = s->t;
        forward_cells[s->g->cell](group);
    }
}

/* y (n) = x, times `factor` unless it is NULL. */
FNN_INLINE void copy_scaled(real *y, const real *x, const real *factor, fnn_idx n)
{
    EACH_VECTOR(j, n)
        PUT(y, factor ? v_mul(GET(x), GET(factor)) : GET(x));
}

/* Write the rows [h_{t-1}, x_t] of the products. */
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

/* Copy a state (rows, units), whose rows are `ld` apart, or zeros if it is NULL. */
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

/* Where the result of this step and row is in y, or its gradient in dy; -1 if there is none. */
FNN_INLINE fnn_idx result_at(const slab *s, fnn_idx r)
{
    const fnn_recurrent *g = s->g;
    if (!g->sequences && s->t < g->steps - 1)
        return -1;
    return (s->first + r) * g->y_row + (g->sequences ? s->t * g->units : 0);
}

void KERNEL(recurrent_forward)(const fnn_recurrent *g, fnn_idx first, fnn_idx rows, void *workspace)
{
    const fnn_idx n = g->units;
    const fnn_idx count = groups_of(g), state = whole_lines(rows * n);
    slab s = slab_of(g, first, rows), *const groups = in_groups(g) ? workspace : NULL;
    s.h = (real *)((char *)workspace + (groups ? count * group_bytes(g) : 0));
    real *const c_last = s.h + state;
    s.bias = g->packed;
    s.packed = s.bias + g->gate_row;
    s.c_before = s.c = c_last;
    s.squashed = c_last + state;
    s.a = s.squashed + state;
    s.z = s.a + rows * g->a_row;
    if (groups)
        list_groups(&s, groups, (row_job *)(groups + count));
    load_state(&s, s.h, g->h0, g->state_row);
    at_step(&s, 0);
    if (g->cell == FNN_LSTM)
        load_state(&s, s.c_before, g->c0, g->state_row);
    else if (g->cells)
        memcpy(s.c_before, s.h, (size_t)(rows * n) * sizeof(real));
    for (fnn_idx t = 0; t < g->steps; t++) {
        at_step(&s, t);
        join(&s);
        step_forward(&s, groups, count);
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
    if (g->steps == 0) { /* the last state is the first one */
        s.c = s.c_before;
        store_state(&s, g->sequences ? NULL : g->y, g->y_row, s.h);
    }
    store_state(&s, g->h, g->last_row, s.h);
    if (g->cell == FNN_LSTM)
        store_state(&s, g->c, g->last_row, s.c);
}

void KERNEL(recurrent_backward)(const fnn_recurrent *g, fnn_idx first, fnn_idx rows, void *workspace)
{
    const fnn_idx n = g->units, inputs = g->inputs;
    const real *x_factor = g->input_mask, *h_factor = g->state_mask, *dy = g->dy;
    slab s = slab_of(g, first, rows);
    s.packed = g->packed;
    s.dh = workspace;
    s.dc = s.dh + rows * n;
    s.da = s.dc + rows * n;
    s.d = s.da + rows * g->a_row;
    load_state(&s, s.dh, g->dh, n);
    load_state(&s, s.dc, g->dc, n);
    for (fnn_idx i = 0; g->steps == 0 && !g->sequences && dy && i < rows * n; i++)
        s.dh[i] += dy[first * n + i];
    for (fnn_idx t = g->steps - 1; t >= 0; t--) {
        at_step(&s, t);
        for (fnn_idx r = 0; dy && r < rows; r++) {
            const fnn_idx at = result_at(&s, r);
            real *dh = s.dh + r * n;
            if (at >= 0 && !(g->zero_masked && masked(&s, r)))
                EACH_VECTOR(j, n)
                    PUT(dh, v_add(GET(dh), GET(dy + at)));
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
