/* gru.inc.c - Cho et al. (2014), as in Keras:
 *
 *   [z, r] = recurrent activation of x_t W + h_{t-1} U + b
 *   k = activation of x_t W + b + r (h_{t-1} U + b')     reset after the product: one product a step, q = h U + b',
 *                     x_t W + (r h_{t-1}) U + b          or before it: two, of which one waits for the other
 *   h_t = z h_{t-1} + (1 - z) k
 *
 * Gates are [k, z, r, q] or [k, z, r]. The state before a step is kept in `cells`.
 */
#include "recurrent.h"

FNN_INLINE void gru_candidate(const slab *s, fnn_idx r, const int fused, const int after)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = s->n;
    real *k = s->z + r * g->gate_row, *z = k + n, *h = s->h + r * n;
    const real *reset = z + n, *q = reset + n;
    EACH_VECTOR(j, n) {
        vreal kj = after ? v_fma(GET(reset), GET(q), GET(k)) : GET(k);
        if (fused)
            kj = v_tanh(kj);
        PUT(k, kj);
        if (fused)
            PUT(h, v_fma(GET(z), v_sub(GET(h), kj), kj));
    }
    if (!fused) {
        activate(s, r, 0, n, &g->activation);
        EACH_VECTOR(j, n)
            PUT(h, v_fma(GET(z), v_sub(GET(h), GET(k)), GET(k)));
    }
}

/* z and r, and r h if the product of the candidate needs it. */
static void gru_gates(const slab *s, fnn_idx r)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = s->n;
    activate(s, r, n, 2 * n, &g->recurrent_activation);
    if (g->cell == FNN_GRU_RESET_BEFORE) {
        real *a = s->a + r * g->a_row;
        const real *reset = s->z + r * g->gate_row + 2 * n;
        EACH_VECTOR(j, n)
            PUT(a + n + g->inputs, v_mul(GET(reset), GET(a)));
    }
}

static void gru_forward(slab *s)
{
    const int after = s->g->cell == FNN_GRU, fused = s->g->activation.code == FNN_ACT_tanh;
    for (fnn_idx r = 0; after && r < s->rows; r++)
        memcpy(s->z + r * s->g->gate_row, s->bias, (size_t)s->n * sizeof(real));
    multiply(s, 0);
    if (after)
        multiply(s, 1);
    for (fnn_idx r = 0; r < s->rows; r++)
        gru_gates(s, r);
    if (!after)
        multiply(s, 1);
    for (fnn_idx r = 0; r < s->rows; r++)
        if (masked(s, r))
            continue;
        else if (fused && after)
            gru_candidate(s, r, 1, 1);
        else if (fused)
            gru_candidate(s, r, 1, 0);
        else
            gru_candidate(s, r, 0, after);
}

/* The gradients of k, z and, with q, of r and q. Only those of default activations are applied here. */
FNN_INLINE void gru_row_backward(const slab *s, fnn_idx r, const int fused, const int after)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = g->units;
    real *k = s->z + r * g->gate_row, *z = k + n, *reset = z + n, *q = reset + n, *d = s->d;
    real *dh = s->dh + r * n;
    const real *before = s->c_before + r * n;
    EACH_VECTOR(j, n) {
        const vreal kj = GET(k), zj = GET(z), dhj = GET(dh);
        const vreal dk = v_fnma(dhj, zj, dhj), dz = v_mul(dhj, v_sub(GET(before), kj));
        if (fused) {
            const vreal slope = v_mul(dk, tanh_slope(kj));
            PUT(k, slope);
            PUT(z, v_mul(dz, sigmoid_slope(zj)));
            if (after) {
                const vreal rj = GET(reset);
                PUT(reset, v_mul(v_mul(slope, GET(q)), sigmoid_slope(rj)));
                PUT(q, v_mul(slope, rj));
            }
        } else {
            PUT(d, dk);
            PUT(d + n, dz);
        }
        PUT(dh, v_mul(dhj, zj));
    }
    if (fused)
        return;
    activation_slope(s, r, 0, n, &g->activation);
    activation_slope(s, r, n, n, &g->recurrent_activation);
    if (after) {
        EACH_VECTOR(j, n) {
            PUT(d + 2 * n, v_mul(GET(k), GET(q)));
            PUT(q, v_mul(GET(k), GET(reset)));
        }
        activation_slope(s, r, 2 * n, n, &g->recurrent_activation);
    }
}

/* The gradients of r and, in place, of h, from that of r h in the last columns of da. */
static void gru_reset_backward(const slab *s, fnn_idx r)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = g->units;
    real *da = s->da + r * g->a_row + n + g->inputs, *d = s->d;
    const real *h = s->a + r * g->a_row, *reset = s->z + r * g->gate_row + 2 * n;
    EACH_VECTOR(j, n) {
        PUT(d + 2 * n, v_mul(GET(da), GET(h)));
        PUT(da, v_mul(GET(da), GET(reset)));
    }
    activation_slope(s, r, 2 * n, n, &g->recurrent_activation);
}

static void gru_backward(slab *s)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = g->units;
    const int after = g->cell == FNN_GRU, fused = is_default(g);
    for (fnn_idx r = 0; r < s->rows; r++)
        if (masked(s, r))
            row_fill(s->z + r * g->gate_row, 0, after ? 4 * n : 2 * n);
        else if (fused && after)
            gru_row_backward(s, r, 1, 1);
        else
            gru_row_backward(s, r, fused, after);
    if (!after) {
        multiply_transposed(s, 2);
        for (fnn_idx r = 0; r < s->rows; r++)
            if (masked(s, r))
                row_fill(s->z + r * g->gate_row + 2 * n, 0, n);
            else
                gru_reset_backward(s, r);
    }
    multiply_transposed(s, 0);
    for (fnn_idx r = 0; !after && r < s->rows; r++) {
        real *dh = s->da + r * g->a_row;
        const real *share = dh + n + g->inputs;
        EACH_VECTOR(j, n)
            PUT(dh, v_add(GET(dh), GET(share)));
    }
}
