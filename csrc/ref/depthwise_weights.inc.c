/* depthwise_weights.inc.c - the gradients of weights and bias of a depthwise convolution, for one image.
 *
 *   dw[k][l][c] += sum over (i, j) of x[h][w][c] dy[i][j][c]        db[c] += sum over (i, j) of dy[i][j][c]
 *
 * with h = i stride[0] + k dilation[0] - pad[0], and w of j and l the same; db may be NULL.
 */
#include "depthwise.h"

void KERNEL(depthwise_weights)(void *dw_, void *db_, const void *x_, const void *dy_, const fnn_depthwise *d)
{
    real *dw = dw_, *db = db_;
    const real *x = x_, *dy = dy_;
    for (fnn_idx c = 0; c < d->channels; c++) {
        for (fnn_idx k = 0; k < d->window[0]; k++)
            for (fnn_idx l = 0; l < d->window[1]; l++) {
                double sum = 0;
                for (fnn_idx i = 0; i < d->out_height; i++)
                    for (fnn_idx j = 0; j < d->out_width; j++) {
                        const real *pixel = pixel_at(x, d->height, d->width, d->channels,
                                                     i * d->stride[0] + k * d->dilation[0] - d->pad[0],
                                                     j * d->stride[1] + l * d->dilation[1] - d->pad[1]);
                        if (pixel)
                            sum += (double)pixel[c] * dy[(i * d->out_width + j) * d->channels + c];
                    }
                dw[(k * d->window[1] + l) * d->channels + c] += (real)sum;
            }
        if (db) {
            double sum = 0;
            for (fnn_idx i = 0; i < d->out_height * d->out_width; i++)
                sum += dy[i * d->channels + c];
            db[c] += (real)sum;
        }
    }
}
