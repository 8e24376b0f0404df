/* lstm.inc.c - Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000), as in Keras:
 *
 *   [i, f, g, o] = x_t W + h_{t-1} U + b      i, f, o through the recurrent activation, g through f
 *   c_t = f c_{t-1} + i g,  h_t = o activation(c_t)
 */
#include "recurrent.h"

FNN_INLINE void lstm_row(const slab *s, fnn_idx r, const int fused)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = s->n;
    real *i = s->z + r * g->gate_row, *f = i + n, *k = f + n, *o = k + n;
    real *c = s->c + r * n, *squashed = s->squashed + r * n, *h = s->h + r * n;
    const real *before = s->c_before + r * n;
    if (!fused) {
        activate(s, r, 0, 2 * n, &g->recurrent_activation);
        activate(s, r, 2 * n, n, &g->activation);
        activate(s, r, 3 * n, n, &g->recurrent_activation);
    }
    EACH_VECTOR(j, n) {
        vreal ij = GET(i), fj = GET(f), kj = GET(k);
        if (fused) {
            ij = v_sigmoid(ij);
            fj = v_sigmoid(fj);
            kj = v_tanh(kj);
        }
        const vreal cj = v_fma(fj, GET(before), v_mul(ij, kj));
        PUT(c, cj);
        if (fused) {
            const vreal oj = v_sigmoid(GET(o)), sj = v_tanh(cj);
            PUT(h, v_mul(oj, sj));
            if (g->gates) {
                PUT(i, ij);
                PUT(f, fj);
                PUT(k, kj);
                PUT(o, oj);
                PUT(squashed, sj);
            }
        }
    }
    if (!fused) {
        KERNEL(activation_forward)(squashed, n, c, n, 1, n, &g->activation);
        EACH_VECTOR(j, n)
            PUT(h, v_mul(GET(o), GET(squashed)));
    }
}

static void lstm_forward(slab *s)
{
    const fnn_idx n = s->n;
    const int fused = is_default(s->g);
    multiply(s, 0);
    for (fnn_idx r = 0; r < s->rows; r++)
        if (masked(s, r))
            memmove(s->c + r * n, s->c_before + r * n, (size_t)n * sizeof(real));
        else if (fused)
            lstm_row(s, r, 1);
        else
            lstm_row(s, r, 0);
}

FNN_INLINE void lstm_row_backward(const slab *s, fnn_idx r, const int fused)
{
    const fnn_recurrent *g = s->g;
    const fnn_idx n = g->units;
    real *z = s->z + r * g->gate_row, *d = s->d, *dh = s->dh + r * n, *dc = s->dc + r * n;
    const real *squashed = s->squashed + r * n, *before = s->c_before + r * n;
    if (!fused) {
        EACH_VECTOR(j, n)
            PUT(d, v_mul(GET(dh), GET(z + 3 * n)));
        KERNEL(activation_backward)(d, n, d, n, needs_input(&g->activation) ? s->c + r * n : squashed, n, 1,
                                    n, &g->activation);
    }
    EACH_VECTOR(j, n) {
        const vreal i = GET(z), f = GET(z + n), k = GET(z + 2 * n), o = GET(z + 3 * n);
        const vreal sj = GET(squashed), dhj = GET(dh);
        const vreal own = fused ? v_mul(v_mul(dhj, o), tanh_slope(sj)) : GET(d);
        const vreal dcj = v_add(GET(dc), own), doj = v_mul(dhj, sj);
        const vreal di = v_mul(dcj, k), df = v_mul(dcj, GET(before)), dk = v_mul(dcj, i);
        if (fused) {
            PUT(z, v_mul(di, sigmoid_slope(i)));
            PUT(z + n, v_mul(df, sigmoid_slope(f)));
            PUT(z + 2 * n, v_mul(dk, tanh_slope(k)));
            PUT(z + 3 * n, v_mul(doj, sigmoid_slope(o)));
        } else {
            PUT(d, di);
            PUT(d + n, df);
            PUT(d + 2 * n, dk);
            PUT(d + 3 * n, doj);
        }
        PUT(dc, v_mul(dcj, f));
        PUT(dh, v_set1(0));
    }
    if (!fused) {
        activation_slope(s, r, 0, 2 * n, &g->recurrent_activation);
        activation_slope(s, r, 2 * n, n, &g->activation);
        activation_slope(s, r, 3 * n, n, &g->recurrent_activation);
    }
}

static void lstm_backward(slab *s)
{
    const int fused = is_default(s->g);
    for (fnn_idx r = 0; r < s->rows; r++)
        if (masked(s, r))
            row_fill(s->z + r * s->g->gate_row, 0, 4 * s->g->units);
        else if (fused)
            lstm_row_backward(s, r, 1);
        else
            lstm_row_backward(s, r, 0);
    multiply_transposed(s, 0);
}
