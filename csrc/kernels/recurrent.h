/* recurrent.h - what the cells share: one step of time for a slab of rows, and its products with packed weights.
 *
 * A row of `a` is the left operand of a step's products: [h, x], or [h, x, r h] if a GRU resets the state before the
 * product. So the projection of the input is the end of the chain of multiply-adds over the units, at
 * no cost of its own, for narrow and wide inputs alike: weights are packed in one piece. The state comes first
 * since its vectors then lie in whole cache lines: each is stored just before the next step reads it.
 *
 * Gates have the order of Keras (i f c o), except in a GRU: [candidate, z, r], followed by the candidate's share of the
 * state if reset comes after the product. Each product backward then reads neighbouring columns. In a slab they are not
 * grouped by units, so that the update of the cell would find them in registers: that pads each gate to whole vectors
 * (16 in place of 13 for 50 units), while reading them again from L1 takes 26 of 750 cycles a row. A single row
 * processes its units in groups, each with its gates in this order: that takes a tenth off the time of LSTM(50).
 */
#ifndef FNN_RECURRENT_H
#define FNN_RECURRENT_H

#include "../simd/math.h"
#include "../simd/rows.h"

enum {
    MOST_PRODUCTS = 3,
    CACHE_LINE = 64,
    GROUP_COLUMNS = 64, /* columns of gates, about, that a single row computes before it updates the units */
    GROUP_UNIT = 16,    /* groups have whole vectors of units on every instruction set */
};

/* A panel of a single row's products, and whether it is the last one of its product. */
typedef struct {
    tile_fn *run;
    tile_job tile;
    int ends;
} row_job;

typedef struct {
    const fnn_recurrent *g;
    fnn_idx first, rows, t;
    fnn_idx n;                          /* units: all of them, or a group's */
    const row_job *jobs[MOST_PRODUCTS]; /* of the products of a group */
    real *a, *z,
        *pre; /* of this step: the rows of the products, gates, and what they were before activation */
    real *c_before, *c, *squashed;
    real *h;                /* (rows, units) the state */
    real *dh, *dc, *da, *d; /* gradients: of the state, of the cell, of a; and of a row of gates */
    const real *bias, *packed;
} slab;

/* A product of a step: `count` gates from gate `to` on = bias + a (columns `from` ... from + k - 1) times `count` gates
 * of the matrices that are stacked in this order, from gate `source` on, the first gate following the last. The chains
 * may continue from what the gates hold.
 */
enum stack { UNITS_THEN_INPUTS, INPUTS_THEN_UNITS, INPUTS, UNITS };

typedef struct {
    fnn_idx from, k, to, count, source;
    enum stack stack;
    int continues;
} step_product;

/* The same for gradients: a's columns `to` ... from those of gates, through one of the two matrices transposed;
 * of its columns, source is the first, and after the last comes column 0.
 */
typedef struct {
    fnn_idx from, k, to, n, source;
    int recurrent;
} transposed_product;

FNN_INLINE fnn_idx gates_of(const fnn_recurrent *g)
{
    return g->cell == FNN_SIMPLE_RNN ? 1 : g->cell == FNN_LSTM ? 4 : 3;
}

/* A GRU that resets after the product has one more bias, and one more column for each unit. */
FNN_INLINE fnn_idx biases_of(const fnn_recurrent *g) { return gates_of(g) + (g->cell == FNN_GRU); }

FNN_INLINE fnn_idx time_of(const fnn_recurrent *g, fnn_idx t) { return g->backwards ? g->steps - 1 - t : t; }

FNN_INLINE int masked(const slab *s, fnn_idx r)
{
    const fnn_recurrent *g = s->g;
    const real *mask = g->mask;
    return mask && mask[(s->first + r) * g->mask_row + time_of(g, s->t)] == 0;
}

FNN_INLINE int needs_input(const fnn_activation *f)
{
    return fnn_activations[f->code].saved == FNN_SAVED_INPUT;
}

/* Whether the activations are the defaults of Keras, which are applied in registers, as are their gradients. */
FNN_INLINE int is_default(const fnn_recurrent *g)
{
    return g->activation.code == FNN_ACT_tanh && g->recurrent_activation.code == FNN_ACT_sigmoid;
}

/* The vectors of the widest panels: as many as hide the latency of the multiply-add. With 16 registers, tiles of 4 rows
 * by 3 vectors reach 94 % of the peak in 51 steps, those of 4 by 2, 5 by 2 and 6 by 2 85, 88 and 92 %, and 4 by 1 half.
 */
FNN_INLINE fnn_idx widest(const fnn_recurrent *g)
{
    return g->rows <= FEW || FEW > 3 ? few_width(least(g->rows, FEW)) / VLEN : GEMM_NV;
}

/* Panels of n columns have whole vectors, and as many of them as the next or one more or less. */
typedef struct {
    fnn_idx column, width;
} panel;

FNN_INLINE fnn_idx panels_of(const fnn_recurrent *g, fnn_idx n) { return parts(parts(n, VLEN), widest(g)); }

/* Panel i of `count`. */
FNN_INLINE panel panel_of(fnn_idx n, fnn_idx count, fnn_idx i)
{
    const fnn_idx vectors = parts(n, VLEN), low = vectors / count, higher = vectors % count;
    return (panel){(i * low + least(i, higher)) * VLEN, (low + (i < higher)) * VLEN};
}

/* How many groups a single row divides its units into: while the gates of one become its state, the weights of the next
 * are read. There is one group if gates are kept for backward, which reads them in one order, or if a product depends
 * on all units. A rest too small for a group belongs to the last one.
 */
FNN_INLINE int in_groups(const fnn_recurrent *g)
{
    return g->rows == 1 && !g->gates && g->cell != FNN_GRU_RESET_BEFORE;
}

FNN_INLINE fnn_idx group_units(const fnn_recurrent *g)
{
    const fnn_idx units = parts(GROUP_COLUMNS / gates_of(g), GROUP_UNIT) * GROUP_UNIT;
    return in_groups(g) && units < g->units ? units : g->units;
}

FNN_INLINE fnn_idx groups_of(const fnn_recurrent *g)
{
    const fnn_idx units = group_units(g);
    return g->units / units + (g->units % units >= GROUP_UNIT);
}

/* The units of group i. */
FNN_INLINE fnn_idx group_size(const fnn_recurrent *g, fnn_idx i)
{
    return i < groups_of(g) - 1 ? group_units(g) : g->units - i * group_units(g);
}

FNN_INLINE fnn_idx packed_size(fnn_idx k, fnn_idx n) { return k * parts(n, VLEN) * VLEN; }

/* c (rows, n) = bias or 0 or what it holds, + a (rows, k) times panels */
FNN_NOCLONE static void multiply_panels(const fnn_recurrent *g, real *c, fnn_idx ldc, const real *a,
                                        fnn_idx a_row, const real *panels, const real *bias, fnn_idx rows,
                                        fnn_idx k, fnn_idx n, int continues)
{
    const int wide = widest(g) > GEMM_NV;
    const fnn_idx count = panels_of(g, n), heights = parts(rows, wide ? FEW : GEMM_MR);
    const fnn_idx low = rows / (heights ? heights : 1), higher = rows - low * heights;
    tile_job t = {.ldc = ldc, .a_row = a_row, .a_column = 1, .b = panels, .k = k, .from_c = continues};
    for (fnn_idx i = 0, j = 0; i < count; i++, j += t.b_row, t.b += k * t.b_row) {
        t.b_row = panel_of(n, count, i).width;
        t.bias = bias ? bias + j : NULL;
        t.c = c + j;
        t.a = a;
        const fnn_idx vectors = t.b_row / VLEN;
        t.last = least(n - j, t.b_row) - (vectors - 1) * VLEN;
        for (fnn_idx h = 0, high; h < heights; h++, t.c += high * ldc, t.a += high * a_row) {
            high = low + (h < higher);
            (wide ? few_tiles[high - 1][vectors - 1] : tiles[high - 1][vectors - 1])[t.last < VLEN](&t);
        }
    }
}

/* The same for one panel and a single row. */
FNN_INLINE row_job row_job_of(const fnn_recurrent *g, real *c, const real *a, const real *panels,
                              const real *bias, fnn_idx k, fnn_idx n, int continues, fnn_idx i)
{
    const panel at = panel_of(n, panels_of(g, n), i);
    const fnn_idx vectors = at.width / VLEN, last = least(n - at.column, at.width) - (vectors - 1) * VLEN;
    return (row_job){
        .run = few_tiles[0][vectors - 1][last < VLEN],
        .tile = {.c = c + at.column,
                 .a = a,
                 .a_column = 1,
                 .b = panels + at.column * k,
                 .b_row = at.width,
                 .k = k,
                 .from_c = continues,
                 .bias = bias + at.column,
                 .last = last},
        .ends = n - at.column <= at.width,
    };
}

/* Run all panels, which takes as long as reading them: alternately from the first to the last and back, so that those in
 * L1 are read again before they are replaced.
 */
static void multiply_row(const fnn_recurrent *g, real *c, const real *a, const real *panels, const real *bias,
                         fnn_idx k, fnn_idx n, int continues, int back)
{
    const fnn_idx count = panels_of(g, n);
    for (fnn_idx i = 0; i < count; i++) {
        const row_job job = row_job_of(g, c, a, panels, bias, k, n, continues, back ? count - 1 - i : i);
        job.run(&job.tile);
    }
}

/* The products of a step forward; the weights of each follow those of the one before. */
static int products_of(const fnn_recurrent *g, step_product p[MOST_PRODUCTS])
{
    const fnn_idx inputs = g->inputs, n = g->units, k = inputs + n;
    if (g->cell == FNN_SIMPLE_RNN || g->cell == FNN_LSTM) {
        p[0] = (step_product){.k = k, .count = gates_of(g)};
        return 1;
    }
    if (g->cell == FNN_GRU_RESET_BEFORE) {
        p[0] = (step_product){.k = k, .to = 1, .count = 2};
        p[1] = (step_product){.from = n, .k = k, .count = 1, .source = 2, .stack = INPUTS_THEN_UNITS};
        return 2;
    }
    p[0] = (step_product){.k = n, .to = 1, .count = 3, .stack = UNITS};
    p[1] = (step_product){.from = n, .k = inputs, .count = 3, .source = 2, .stack = INPUTS, .continues = 1};
    return 2;
}

/* The products of a step backward: the gradients of the state and of x are the first two. */
static int transposed_products_of(const fnn_recurrent *g, transposed_product p[MOST_PRODUCTS])
{
    const fnn_idx inputs = g->inputs, n = g->units, gates = gates_of(g) * n;
    if (g->cell == FNN_SIMPLE_RNN || g->cell == FNN_LSTM) {
        p[0] = (transposed_product){.k = gates, .n = n, .recurrent = 1};
        p[1] = (transposed_product){.k = gates, .to = n, .n = inputs};
        return 2;
    }
    p[0] = (transposed_product){.from = n, .k = gates, .n = n, .recurrent = 1};
    p[1] = (transposed_product){.k = gates, .to = n, .n = inputs, .source = 2 * n};
    if (g->cell == FNN_GRU)
        return 2;
    p[0].k = 2 * n;
    p[2] = (transposed_product){.k = n, .to = n + inputs, .n = n, .source = 2 * n, .recurrent = 1};
    return 3;
}

/* Product i of this step. */
static void multiply(const slab *s, int i)
{
    const fnn_recurrent *g = s->g;
    const real *panels = s->packed;
    step_product p[MOST_PRODUCTS] = {0};
    if (s->jobs[i]) {
        const row_job *job = s->jobs[i];
        do
            job->run(&job->tile);
        while (!(job++)->ends);
        return;
    }
    products_of(g, p);
    for (int j = 0; j < i; j++)
        panels += packed_size(p[j].k, p[j].count * s->n);
    const step_product *q = p + i;
    const fnn_idx to = q->to * s->n, n = q->count * s->n;
    const real *a = s->a + q->from, *bias = s->bias + to;
    if (g->rows == 1)
        multiply_row(g, s->z + to, a, panels, bias, q->k, n, q->continues, s->t & 1);
    else
        multiply_panels(g, s->z + to, g->gate_row, a, g->a_row, panels, bias, s->rows, q->k, n, q->continues);
}

static void multiply_transposed(const slab *s, int i)
{
    const fnn_recurrent *g = s->g;
    const real *panels = s->packed;
    transposed_product p[MOST_PRODUCTS] = {0};
    transposed_products_of(g, p);
    for (int j = 0; j < i; j++)
        panels += packed_size(p[j].k, p[j].n);
    multiply_panels(g, s->da + p[i].to, g->a_row, s->z + p[i].from, g->gate_row, panels, NULL, s->rows,
                    p[i].k, p[i].n, 0);
}

/* Apply an activation that is not fused to n gates of each row from `at` on, and its gradient. */
static void activate(const slab *s, fnn_idx r, fnn_idx at, fnn_idx n, const fnn_activation *f)
{
    real *z = s->z + r * s->g->gate_row + at;
    if (s->pre)
        memcpy(s->pre + r * s->g->gate_row + at, z, (size_t)n * sizeof(real));
    KERNEL(activation_forward)(z, n, z, n, 1, n, f);
}

static void activation_slope(const slab *s, fnn_idx r, fnn_idx at, fnn_idx n, const fnn_activation *f)
{
    const fnn_idx row = r * s->g->gate_row + at;
    const real *saved = needs_input(f) ? s->pre + row : s->z + row;
    KERNEL(activation_backward)(s->z + row, n, s->d + at, n, saved, n, 1, n, f);
}

#define EACH_VECTOR(j, n) for (fnn_idx j = 0; j < (n); j += VLEN)
#define GET(p) v_load_up_to((p) + j, n - j)
#define PUT(p, value) v_store_up_to((p) + j, value, n - j)

FNN_INLINE vreal tanh_slope(vreal y) { return v_fnma(y, y, v_set1(1)); }
FNN_INLINE vreal sigmoid_slope(vreal y) { return v_mul(y, v_sub(v_set1(1), y)); }

#endif
