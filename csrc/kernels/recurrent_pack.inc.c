/* recurrent_pack.inc.c - pack the weights of a recurrent layer as its products read them, once for all slabs of a run. */
#include "recurrent.h"

/* The larger size of the two directions. */
fnn_idx KERNEL(recurrent_packed)(const fnn_recurrent *g)
{
    fnn_idx forward = g->gate_row, backward = 0;
    step_product p[MOST_PRODUCTS] = {0};
    transposed_product q[MOST_PRODUCTS] = {0};
    for (int i = 0, count = products_of(g, p); i < count; i++)
        forward += packed_size(p[i].k, p[i].count * g->units); /* groups but the last have whole vectors */
    for (int i = 0, count = transposed_products_of(g, q); i < count; i++)
        backward += packed_size(q[i].k, q[i].n);
    return (forward > backward ? forward : backward) * (fnn_idx)sizeof(real);
}

/* y (k, n) = x, with rows ldy and ldx apart. */
static void copy_block(real *y, fnn_idx ldy, const real *x, fnn_idx ldx, fnn_idx k, fnn_idx n)
{
    fnn_idx j = 0;
    for (; j + VLEN <= n; j += VLEN)
        for (fnn_idx p = 0; p < k; p++)
            v_store(y + p * ldy + j, v_load(x + p * ldx + j));
    for (fnn_idx p = 0; j < n && p < k; p++)
        v_store_n(y + p * ldy + j, v_load_n(x + p * ldx + j, n - j), n - j);
}

/* A group of units from `first` on, and a panel of one of its products. */
typedef struct {
    const step_product *product;
    fnn_idx first, n;
    panel part;
} panel_place;

/* Pack k rows of a panel of b; the columns after the last hold zeros. */
static void pack_panel(const fnn_recurrent *g, const panel_place *at, real *to, const real *b, fnn_idx k)
{
    const fnn_idx gates = gates_of(g), columns = at->product->count * at->n, width = at->part.width;
    const fnn_idx end = least(at->part.column + width, columns), used = end - at->part.column;
    for (fnn_idx j = at->part.column, count; j < end; j += count) {
        const fnn_idx gate = (at->product->source + j / at->n) % gates, unit = j % at->n;
        count = least(at->n - unit, end - j);
        copy_block(to + j - at->part.column, width, b + gate * g->units + at->first + unit, gates * g->units,
                   k, count);
    }
    for (fnn_idx p = 0; used < width && p < k; p++)
        row_fill(to + p * width + used, 0, width - used);
}

/* Pack the biases of the n units from `first` on, in the order of gates. A GRU that resets after the product has two,
 * whose sum is the bias of z and r.
 */
static void pack_bias(const fnn_recurrent *g, real *packed, fnn_idx first, fnn_idx n)
{
    const fnn_idx gates = gates_of(g), turn = gates == 3 ? 2 : 0, units = g->units;
    const size_t size = (size_t)n * sizeof(real);
    const real *b = (const real *)g->bias + first;
    for (fnn_idx q = 0; q < gates; q++)
        memcpy(packed + q * n, b + (q + turn) % gates * units, size);
    if (g->cell != FNN_GRU)
        return;
    for (fnn_idx q = 0; q < 2; q++)
        for (fnn_idx j = 0; j < n; j++)
            packed[(q + 1) * n + j] += b[(3 + q) * units + j];
    memcpy(packed + 3 * n, b + 5 * units, size);
}

static void pack_forward(const fnn_recurrent *g, fnn_idx part, fnn_idx pieces)
{
    const real *w = g->kernel, *u = g->recurrent_kernel;
    real *const bias = g->packed, *panels = bias + g->gate_row;
    step_product p[MOST_PRODUCTS] = {0};
    const int count = products_of(g, p);
    fnn_idx turn = 0, first = 0;
    if (part == 0)
        row_fill(bias, 0, g->gate_row);
    for (fnn_idx group = 0; group < groups_of(g); group++, first += group_units(g)) {
        const fnn_idx n = group_size(g, group);
        if (part == 0 && g->bias)
            pack_bias(g, bias + first * biases_of(g), first, n);
        for (int i = 0; i < count; i++) {
            const fnn_idx inputs = p[i].stack == UNITS ? 0 : g->inputs, units = p[i].k - inputs;
            const fnn_idx w_at = p[i].stack == UNITS_THEN_INPUTS ? units : 0;
            const fnn_idx u_at = p[i].stack == INPUTS_THEN_UNITS ? inputs : 0;
            const fnn_idx columns = p[i].count * n;
            for (fnn_idx j = 0; j < panels_of(g, columns); j++) {
                const panel_place at = {p + i, first, n, panel_of(columns, panels_of(g, columns), j)};
                real *const to = panels + p[i].k * at.part.column;
                if (turn++ % pieces != part)
                    continue;
                pack_panel(g, &at, to + w_at * at.part.width, w, inputs);
                pack_panel(g, &at, to + u_at * at.part.width, u, units);
            }
            panels += packed_size(p[i].k, columns);
        }
    }
}

/* Pack a panel (k, width) of b stored by columns, n of them followed by zeros. */
static void pack_transposed(real *to, fnn_idx width, const real *b, fnn_idx b_column, fnn_idx k, fnn_idx n)
{
    enum { STEPS = 32 };
    real block[STEPS * NR];
    for (fnn_idx p = 0; p < k; p += STEPS)
        for (fnn_idx j = 0; j < width; j += NR) {
            const fnn_idx steps = least(k - p, STEPS);
            pack_columns(block, b + j * b_column + p, b_column, steps, n - j);
            copy_block(to + p * width + j, width, block, NR, steps, least(width - j, NR));
        }
}

static void pack_backward(const fnn_recurrent *g, fnn_idx part, fnn_idx pieces)
{
    const fnn_idx columns = gates_of(g) * g->units;
    real *panels = g->packed;
    transposed_product p[MOST_PRODUCTS];
    fnn_idx turn = 0;
    for (int i = 0, count = transposed_products_of(g, p); i < count; i++) {
        const fnn_idx head = least(p[i].k, columns - p[i].source);
        for (fnn_idx j = 0; j < panels_of(g, p[i].n); j++) {
            const panel at = panel_of(p[i].n, panels_of(g, p[i].n), j);
            real *const to = panels + p[i].k * at.column;
            const real *b =
                (const real *)(p[i].recurrent ? g->recurrent_kernel : g->kernel) + at.column * columns;
            if (turn++ % pieces != part)
                continue;
            pack_transposed(to, at.width, b + p[i].source, columns, head, p[i].n - at.column);
            pack_transposed(to + head * at.width, at.width, b, columns, p[i].k - head, p[i].n - at.column);
        }
        panels += packed_size(p[i].k, p[i].n);
    }
}

void KERNEL(recurrent_pack)(const fnn_recurrent *g, int backward, fnn_idx part, fnn_idx pieces)
{
    if (backward)
        pack_backward(g, part, pieces);
    else
        pack_forward(g, part, pieces);
}
