/* recurrent.h - what the cells share: a slab of rows at one step of time, and its products with packed weights.
 *
 * A row of `a` is what the products of a step are made of: [x, h], or [r h, x, h] where a GRU resets the state
 * before the product. So the projection of the input is the beginning of the chain of multiply-adds that goes
 * on over the units, at no cost of its own, for narrow and wide inputs alike: weights are packed in one piece.
 *
 * Gates keep Keras' order (i f c o), but for a GRU: [candidate, z, r], behind them the candidate's share of
 * the state where reset comes after. Each product backward then reads neighbouring columns. They are not
 * grouped by units for the cell's update to find them in registers: that pads each gate to whole vectors (16
 * in place of 13 for 50 units), while reading them again from L1 takes 26 of 750 cycles a row.
 */
#ifndef FNN_RECURRENT_H
#define FNN_RECURRENT_H

#include "../simd/math.h"
#include "../simd/rows.h"

enum { MOST_PRODUCTS = 3 };

typedef struct {
    const fnn_recurrent *g;
    fnn_idx first, rows, t;
    fnn_idx x_at, h_at; /* where x and the state begin in a row of a */
    real *a, *z, *pre;  /* of this step: the rows of the products, gates, and what they were before activation */
    real *c_before, *c, *squashed;
    real *h;                   /* (rows, units) the state */
    real *dh, *dc, *da, *d;    /* gradients: of the state, of the cell, of a; and of a row of gates */
    const real *packed;
} slab;

/* y (columns to ... to + n - 1) = b + a (columns from ... from + k - 1) times weights: `inputs` rows of the kernel
 * and all or none of the recurrent kernel, columns from `source` on.
 */
typedef struct {
    fnn_idx from, k, to, n, source;
    int inputs_at; /* the kernel's rows come first (0), last (1), or not at all (-1) */
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

FNN_INLINE fnn_idx time_of(const fnn_recurrent *g, fnn_idx t) { return g->backwards ? g->steps - 1 - t : t; }

FNN_INLINE int masked(const slab *s, fnn_idx r)
{
    const fnn_recurrent *g = s->g;
    const real *mask = g->mask;
    return mask && mask[(s->first + r) * g->mask_row + time_of(g, s->t)] == 0;
}

FNN_INLINE int needs_input(const fnn_activation *f) { return fnn_activations[f->code].saved == FNN_SAVED_INPUT; }

/* Keras' defaults, whose functions and gradients are done in registers. */
FNN_INLINE int is_default(const fnn_recurrent *g)
{
    return g->activation.code == FNN_ACT_tanh && g->recurrent_activation.code == FNN_ACT_sigmoid;
}

/* A single row takes as many vectors side by side as it takes to hide the latency of the multiply-add. */
FNN_INLINE fnn_idx panel_width(const fnn_recurrent *g) { return g->rows == 1 ? ROW_NV * VLEN : NR; }

FNN_INLINE fnn_idx packed_size(fnn_idx k, fnn_idx n, fnn_idx width) { return k * parts(n, width) * width; }

/* c (rows, n) = bias or 0, + a (rows, k) times panels of `width` columns */
static void multiply_panels(real *c, fnn_idx ldc, const real *a, fnn_idx a_row, const real *panels,
                            fnn_idx width, const real *bias, fnn_idx rows, fnn_idx k, fnn_idx n)
{
    const fnn_idx heights = parts(rows, GEMM_MR);
    tile_job t = {.ldc = ldc, .a_row = a_row, .a_column = 1, .b = panels, .b_row = width, .k = k};
    for (fnn_idx j = 0; j < n; j += width, t.b += k * width) {
        const fnn_idx vectors = parts(least(n - j, width), VLEN);
        t.last = least(n - j, width) - (vectors - 1) * VLEN;
        t.bias = bias ? bias + j : NULL;
        for (fnn_idx h = 0, i = 0; h < heights; h++) {
            const fnn_idx high = height(rows, heights, h);
            t.c = c + i * ldc + j;
            t.a = a + i * a_row;
            if (width == NR)
                tiles[high - 1][vectors - 1][t.last < VLEN](&t);
            else
                row_tiles[vectors - 1][t.last < VLEN](&t);
            i += high;
        }
    }
}

/* The products of a step forward; the weights of each follow those of the one before. */
static int products_of(const fnn_recurrent *g, step_product p[MOST_PRODUCTS])
{
    const fnn_idx inputs = g->inputs, n = g->units, k = inputs + n;
    if (g->cell == FNN_SIMPLE_RNN || g->cell == FNN_LSTM) {
        p[0] = (step_product){.k = k, .n = gates_of(g) * n};
        return 1;
    }
    if (g->cell == FNN_GRU_RESET_BEFORE) {
        p[0] = (step_product){.from = n, .k = k, .to = n, .n = 2 * n};
        p[1] = (step_product){.k = k, .n = n, .source = 2 * n, .inputs_at = 1};
        return 2;
    }
    p[0] = (step_product){.k = k, .to = n, .n = 2 * n};
    p[1] = (step_product){.k = inputs, .n = n, .source = 2 * n};
    p[2] = (step_product){.from = inputs, .k = n, .to = 3 * n, .n = n, .source = 2 * n, .inputs_at = -1};
    return 3;
}

/* The products of a step backward: the gradients of the state and of x are the first two. */
static int transposed_products_of(const fnn_recurrent *g, transposed_product p[MOST_PRODUCTS])
{
    const fnn_idx inputs = g->inputs, n = g->units, gates = gates_of(g) * n;
    if (g->cell == FNN_SIMPLE_RNN || g->cell == FNN_LSTM) {
        p[0] = (transposed_product){.k = gates, .to = inputs, .n = n, .recurrent = 1};
        p[1] = (transposed_product){.k = gates, .n = inputs};
        return 2;
    }
    p[1] = (transposed_product){.k = gates, .n = inputs, .source = 2 * n};
    p[0] = (transposed_product){.from = n, .k = gates, .to = inputs, .n = n, .recurrent = 1};
    if (g->cell == FNN_GRU)
        return 2;
    p[0].k = 2 * n;
    p[0].to = inputs + n;
    p[1].to = n;
    p[2] = (transposed_product){.k = n, .n = n, .source = 2 * n, .recurrent = 1};
    return 3;
}

/* Product i of this step. */
static void multiply(const slab *s, int i)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx width = panel_width(g);
    const real *panels = s->packed + g->gate_row;
    step_product p[MOST_PRODUCTS];
    products_of(g, p);
    for (int j = 0; j < i; j++)
        panels += packed_size(p[j].k, p[j].n, width);
    multiply_panels(s->z + p[i].to, g->gate_row, s->a + p[i].from, g->a_row, panels, width,
                    s->packed + p[i].to, s->rows, p[i].k, p[i].n);
}

static void multiply_transposed(const slab *s, int i)
{
    const fnn_recurrent *g = s->g;
    const real *panels = s->packed;
    transposed_product p[MOST_PRODUCTS];
    transposed_products_of(g, p);
    for (int j = 0; j < i; j++)
        panels += packed_size(p[j].k, p[j].n, NR);
    multiply_panels(s->da + p[i].to, g->a_row, s->z + p[i].from, g->gate_row, panels, NR, NULL, s->rows, p[i].k,
                    p[i].n);
}

/* What an activation that is not fused does to n of a row's gates from `at` on, and its gradient. */
static void activate(const slab *s, fnn_idx r, fnn_idx at, fnn_idx n, const fnn_activation *f)
{
    real *z = s->z + r * s->g->gate_row + at;
    if (s->pre)
        memcpy(s->pre + r * s->g->gate_row + at, z, (size_t)n * sizeof(real));
    activation_forward(z, n, z, n, 1, n, f);
}

static void activation_slope(const slab *s, fnn_idx r, fnn_idx at, fnn_idx n, const fnn_activation *f)
{
    const fnn_idx row = r * s->g->gate_row + at;
    const real *saved = needs_input(f) ? s->pre + row : s->z + row;
    activation_backward(s->z + row, n, s->d + at, n, saved, n, 1, n, f);
}

#define EACH_VECTOR(j, n) for (fnn_idx j = 0; j < (n); j += VLEN)
#define GET(p) v_load_up_to((p) + j, n - j)
#define PUT(p, value) v_store_up_to((p) + j, value, n - j)

FNN_INLINE vreal tanh_slope(vreal y) { return v_fnma(y, y, v_set1(1)); }
FNN_INLINE vreal sigmoid_slope(vreal y) { return v_mul(y, v_sub(v_set1(1), y)); }

#endif
