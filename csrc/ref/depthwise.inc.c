/* depthwise.inc.c - a convolution of each channel by itself, as fastnn.h describes the windows.
 *
 *   forward    y[i][j][c] = max(lowest, bias[c] + sum over taps (k, l) of x[h][w][c] w[k][l][c])
 *   backward   dx[h][w][c] = sum over (i, j) and taps that reach (h, w) of dy[i][j][c] w[k][l][c]
 *
 * with h = i stride[0] + k dilation[0] - pad[0], and w of j and l the same; taps outside of the image
 * contribute nothing. x and dx are (height, width, channels), y and dy (out_height, out_width, channels), the kernel w
 * is (window[0], window[1], channels), bias (channels) or NULL. -INFINITY as `lowest` leaves y as it is.
 *
 * A kernel with several filters for each channel acts on x with its channels repeated: repeat.inc.c.
 */
#include "depthwise.h"

void KERNEL(depthwise_forward)(void *y_, const void *x_, const void *w_, const void *bias_, double lowest,
                               const fnn_depthwise *d, fnn_idx first, fnn_idx rows)
{
    real *y = y_;
    const real *x = x_, *w = w_, *bias = bias_;
    for (fnn_idx i = first; i < first + rows; i++)
        for (fnn_idx j = 0; j < d->out_width; j++)
            for (fnn_idx c = 0; c < d->channels; c++) {
                double sum = bias ? bias[c] : 0;
                for (fnn_idx k = 0; k < d->window[0]; k++)
                    for (fnn_idx l = 0; l < d->window[1]; l++) {
                        const real *pixel = pixel_at(x, d->height, d->width, d->channels,
                                                     i * d->stride[0] + k * d->dilation[0] - d->pad[0],
                                                     j * d->stride[1] + l * d->dilation[1] - d->pad[1]);
                        if (pixel)
                            sum += (double)pixel[c] * w[(k * d->window[1] + l) * d->channels + c];
                    }
                y[(i * d->out_width + j) * d->channels + c] = (real)(sum < lowest ? lowest : sum);
            }
}

void KERNEL(depthwise_backward)(void *dx_, const void *dy_, const void *w_, const fnn_depthwise *d,
                                fnn_idx first, fnn_idx rows)
{
    real *dx = dx_;
    const real *dy = dy_, *w = w_;
    for (fnn_idx i = first; i < first + rows; i++)
        for (fnn_idx j = 0; j < d->width; j++)
            for (fnn_idx c = 0; c < d->channels; c++) {
                double sum = 0;
                for (fnn_idx k = 0; k < d->window[0]; k++)
                    for (fnn_idx l = 0; l < d->window[1]; l++) {
                        const fnn_idx down = i + d->pad[0] - k * d->dilation[0];
                        const fnn_idx right = j + d->pad[1] - l * d->dilation[1];
                        const real *pixel = pixel_at(dy, d->out_height, d->out_width, d->channels,
                                                     down / d->stride[0], right / d->stride[1]);
                        if (down >= 0 && right >= 0 && down % d->stride[0] == 0 &&
                            right % d->stride[1] == 0 && pixel)
                            sum += (double)pixel[c] * w[(k * d->window[1] + l) * d->channels + c];
                    }
                dx[(i * d->width + j) * d->channels + c] = (real)sum;
            }
}
