/* depthwise_weights.inc.c - the gradients of weights and bias of a depthwise convolution, for one image.
 *
 *   dw[k][l][c] += sum over (i, j) of x[h][w][c] dy[i][j][c]        db[c] += sum over (i, j) of dy[i][j][c]
 *
 * with h = i stride[0] + k dilation[0] - pad[0], and w of j and l the same.
 */
#include "depthwise.h"

/* Add to the gradients of bias and weights what `tile` results, whose gradients are dy, contribute. */
FNN_INLINE void add_weight_gradients(real *dw, real *db, const real *x, const real *dy, fnn_idx channels,
                                     const reach *r, const int tile, fnn_idx c, fnn_idx left)
{
    vreal gradient[TILE];
    FNN_UNROLL_FOR(int i = 0; i < tile; i++)
        gradient[i] = v_load_up_to(dy + i * channels + c, left);
    if (db) {
        vreal sum = v_load_up_to(db + c, left);
        FNN_UNROLL_FOR(int i = 0; i < tile; i++)
            sum = v_add(sum, gradient[i]);
        v_store_up_to(db + c, sum, left);
    }
    for (fnn_idx k = 0; k < r->height; k++) {
        const real *source = x + k * r->x_row + c;
        real *to = dw + k * r->w_row + c;
        for (fnn_idx l = 0; l < r->width; l++, source += r->x_column, to += r->w_column) {
            vreal sum = v_load_up_to(to, left);
            FNN_UNROLL_FOR(int i = 0; i < tile; i++)
                sum = v_fma(v_load_up_to(source + i * r->x_step, left), gradient[i], sum);
            v_store_up_to(to, sum, left);
        }
    }
}

/* The same for n results and height x width taps, whose sums stay in registers. */
FNN_INLINE void add_few_weight_gradients(real *dw, real *db, const real *x, const real *dy, fnn_idx channels,
                                         fnn_idx n, const reach *r, const int height, const int width,
                                         fnn_idx c, fnn_idx left)
{
    const fnn_idx x_row = r->x_row, x_column = r->x_column, x_step = r->x_step;
    vreal sum[SMALL][SMALL], of_bias = db ? v_load_up_to(db + c, left) : v_set1(R(0.0));
    FNN_UNROLL_FOR(int k = 0; k < height; k++)
        FNN_UNROLL_FOR(int l = 0; l < width; l++)
            sum[k][l] = v_load_up_to(dw + k * r->w_row + l * r->w_column + c, left);
    for (x += c, dy += c; n > 0; n--, x += x_step, dy += channels) {
        const vreal gradient = v_load_up_to(dy, left);
        of_bias = v_add(of_bias, gradient);
        FNN_UNROLL_FOR(int k = 0; k < height; k++)
            FNN_UNROLL_FOR(int l = 0; l < width; l++)
                sum[k][l] = v_fma(v_load_up_to(x + k * x_row + l * x_column, left), gradient, sum[k][l]);
    }
    if (db)
        v_store_up_to(db + c, of_bias, left);
    FNN_UNROLL_FOR(int k = 0; k < height; k++)
        FNN_UNROLL_FOR(int l = 0; l < width; l++)
            v_store_up_to(dw + k * r->w_row + l * r->w_column + c, sum[k][l], left);
}

void KERNEL(depthwise_weights)(void *dw_, void *db_, const void *x_, const void *dy_, const fnn_depthwise *d)
{
    const sources down = forward_axis(d, 0), right = forward_axis(d, 1);
    const fnn_idx channels = d->channels, width = d->width * channels, kernel = d->window[1] * channels;
    real *dw = dw_, *db = db_;
    const real *x = x_, *dy = dy_;
    for (fnn_idx i = 0; i < d->out_height; i++)
        for (fnn_idx j = 0, count; j < d->out_width; j += count, dy += count * channels) {
            const reach r = reach_of(&down, i, &right, j, width, kernel, channels);
            int few;
            count = results_at(&right, j, d->out_width, &r, channels * (fnn_idx)sizeof(real) <= 4 * NEAR, 0,
                               &few);
            if (few)
                DEPTHWISE_EACH_SMALL(add_few_weight_gradients, 0, channels, &r, dw + r.w, db, x + r.x, dy,
                                     channels, count);
            else
                DEPTHWISE_EACH_TILE(add_weight_gradients, 0, channels, count, dw + r.w, db, x + r.x, dy,
                                    channels, &r);
        }
}
