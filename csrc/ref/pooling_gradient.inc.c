/* pooling_gradient.inc.c - the gradients of maximum and average over windows, as fastnn.h describes them.
 *
 *   dx[h][w][c] = sum over windows (i, j) around (h, w) of
 *                     dy[i][j][c] where (h, w) is the place of the maximum      max
 *                     dy[i][j][c] / pixels of window (i, j) in the image        average
 */
#include "pooling.h"

/* Rows `first` ... of dx; index is NULL for the average. */
static void pool_backward(real *dx, const real *dy, const void *index, const fnn_pool *p, fnn_idx first,
                          fnn_idx rows)
{
    for (fnn_idx h = first; h < first + rows; h++)
        for (fnn_idx w = 0; w < p->width; w++)
            for (fnn_idx c = 0; c < p->channels; c++) {
                double sum = 0;
                for (fnn_idx i = 0; i < p->out_height; i++) {
                    const fnn_idx kh = h - (i * p->stride[0] - p->pad[0]);
                    for (fnn_idx j = 0; j < p->out_width && kh >= 0 && kh < p->window[0]; j++) {
                        const fnn_idx kw = w - (j * p->stride[1] - p->pad[1]);
                        const fnn_idx at = (i * p->out_width + j) * p->channels + c;
                        const fnn_idx count = (window_last(p, 0, i) - window_first(p, 0, i)) *
                                              (window_last(p, 1, j) - window_first(p, 1, j));
                        if (kw < 0 || kw >= p->window[1])
                            continue;
                        if (!index)
                            sum += dy[at] / (double)count;
                        else if (kh * p->window[1] + kw == (p->window[0] * p->window[1] <= 256
                                                                ? ((const uint8_t *)index)[at]
                                                                : ((const int32_t *)index)[at]))
                            sum += dy[at];
                    }
                }
                dx[h * p->row + w * p->pixel + c] = (real)sum;
            }
}

void KERNEL(max_pool_backward)(void *dx, const void *dy, const void *index, const fnn_pool *p, fnn_idx first,
                               fnn_idx rows)
{
    pool_backward(dx, dy, index, p, first, rows);
}

void KERNEL(average_pool_backward)(void *dx, const void *dy, const fnn_pool *p, fnn_idx first, fnn_idx rows)
{
    pool_backward(dx, dy, NULL, p, first, rows);
}
