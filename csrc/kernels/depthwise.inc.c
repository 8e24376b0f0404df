/* depthwise.inc.c - a convolution of each channel by itself, as fastnn.h describes the windows.
 *
 *   forward    y[i][j][c] = max(lowest, bias[c] + sum over taps (k, l) of x[h][w][c] w[k][l][c])
 *   backward   dx[h][w][c] = sum over (i, j) and taps that reach (h, w) of dy[i][j][c] w[k][l][c]
 *
 * with h = i stride[0] + k dilation[0] - pad[0], and w of j and l the same; taps outside of the image contribute
 * nothing. Vectors run along the channels. The gradients of the weights are in depthwise_weights.inc.c.
 */
#include "depthwise.h"

/* `tile` results y_step apart, of the next `left` channels. */
FNN_INLINE void results(real *y, fnn_idx y_step, const real *x, const real *w, const real *bias, vreal lowest,
                        const reach *r, const int tile, fnn_idx c, fnn_idx left)
{
    vreal sum[TILE];
    FNN_UNROLL for (int i = 0; i < tile; i++)
        sum[i] = bias ? v_load_up_to(bias + c, left) : v_set1(R(0.0));
    for (fnn_idx k = 0; k < r->height; k++) {
        const real *source = x + k * r->x_row + c, *factors = w + k * r->w_row + c;
        for (fnn_idx l = 0; l < r->width; l++, source += r->x_column, factors += r->w_column) {
            const vreal factor = v_load_up_to(factors, left);
            FNN_UNROLL for (int i = 0; i < tile; i++)
                sum[i] = v_fma(v_load_up_to(source + i * r->x_step, left), factor, sum[i]);
        }
    }
    FNN_UNROLL for (int i = 0; i < tile; i++)
        v_store_up_to(y + i * y_step + c, v_max(lowest, sum[i]), left);
}

/* n results of height x width taps, whose weights stay in registers. */
FNN_INLINE void results_of_few(real *y, fnn_idx y_step, const real *x, const real *w, const real *bias,
                               vreal lowest, fnn_idx n, const reach *r, const int height, const int width,
                               fnn_idx c, fnn_idx left)
{
    const fnn_idx x_row = r->x_row, x_column = r->x_column, x_step = r->x_step;
    const vreal start = bias ? v_load_up_to(bias + c, left) : v_set1(R(0.0));
    vreal factor[SMALL][SMALL];
    FNN_UNROLL for (int k = 0; k < height; k++)
        FNN_UNROLL for (int l = 0; l < width; l++)
            factor[k][l] = v_load_up_to(w + k * r->w_row + l * r->w_column + c, left);
    for (x += c, y += c; n > 0; n--, x += x_step, y += y_step) {
        vreal sum = start;
        FNN_UNROLL for (int k = 0; k < height; k++)
            FNN_UNROLL for (int l = 0; l < width; l++)
                sum = v_fma(v_load_up_to(x + k * x_row + l * x_column, left), factor[k][l], sum);
        v_store_up_to(y, v_max(lowest, sum), left);
    }
}

/* Row i of the results: n of them, y_step apart. */
FNN_NOCLONE static void row_of_results(real *y, fnn_idx y_step, fnn_idx n, const real *x, fnn_idx x_row, const real *w,
                           fnn_idx w_row, const real *bias, vreal lowest, fnn_idx channels, const sources *down,
                           fnn_idx i, const sources *right)
{
    for (fnn_idx j = 0, count; j < n; j += count, y += count * y_step) {
        const reach r = reach_of(down, i, right, j, x_row, w_row, channels);
        int few;
        count = results_at(right, j, n, &r, channels * (fnn_idx)sizeof(real) <= NEAR, &few);
        if (few)
            DEPTHWISE_EACH_SMALL(results_of_few, channels, &r, y, y_step, x + r.x, w + r.w, bias, lowest, count);
        else
            DEPTHWISE_EACH_TILE(results, channels, count, y, y_step, x + r.x, w + r.w, bias, lowest, &r);
    }
}

void KERNEL(depthwise_forward)(void *y_, const void *x, const void *w, const void *bias, double lowest,
                              const fnn_depthwise *d, fnn_idx first, fnn_idx rows)
{
    const sources down = forward_axis(d, 0), right = forward_axis(d, 1);
    const fnn_idx channels = d->channels;
    real *y = y_;
    for (fnn_idx i = first; i < first + rows; i++)
        row_of_results(y + i * d->out_width * channels, channels, d->out_width, x, d->width * channels, w,
                       d->window[1] * channels, bias, v_set1((real)lowest), channels, &down, i, &right);
}

void KERNEL(depthwise_backward)(void *dx_, const void *dy, const void *w, const fnn_depthwise *d,
                               fnn_idx first, fnn_idx rows)
{
    const fnn_idx channels = d->channels, stride = d->stride[1];
    const vreal lowest = v_set1((real)-INFINITY);
    real *dx = dx_;
    for (fnn_idx i = first; i < first + rows; i++) {
        const sources down = backward_axis(d, 0, i % d->stride[0]);
        for (fnn_idx phase = 0; phase < stride && phase < d->width; phase++) {
            const sources right = backward_axis(d, 1, phase);
            row_of_results(dx + (i * d->width + phase) * channels, stride * channels,
                           quotient_up(d->width - phase, stride), dy, d->out_width * channels, w,
                           d->window[1] * channels, NULL, lowest, channels, &down, i / d->stride[0], &right);
        }
    }
}
