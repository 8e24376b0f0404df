/* pooling.inc.c - maximum and average over windows, as fastnn.h describes them.
 *
 *   y[i][j][c] = max or mean of x over the part of window (i, j) that lies in the image
 *
 * The first of equal numbers is the maximum, and so is the first that is not a number; of no numbers it is -infinity.
 * Its place is counted in rows from the window's beginning, inside of the image or not, and kept in a byte, or in 32
 * bits if the window has more than 256 pixels.
 */
#include <math.h>

#include "pooling.h"

void KERNEL(max_pool_forward)(void *y_, void *index, const void *x_, const fnn_pool *p, fnn_idx first,
                              fnn_idx rows)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = first; i < first + rows; i++)
        for (fnn_idx j = 0; j < p->out_width; j++)
            for (fnn_idx c = 0; c < p->channels; c++) {
                const fnn_idx at = (i * p->out_width + j) * p->channels + c;
                fnn_idx place = 0, taps = 0;
                real most = (real)-INFINITY;
                EACH_TAP(kh, kw, p, i, j)
                {
                    const real value = x[pixel_of_tap(p, i, j, kh, kw) + c];
                    if (!taps++ || value > most || (isnan(value) && !isnan(most))) {
                        most = value;
                        place = kh * p->window[1] + kw;
                    }
                }
                y[at] = most;
                if (index && p->window[0] * p->window[1] <= 256)
                    ((uint8_t *)index)[at] = (uint8_t)place;
                else if (index)
                    ((int32_t *)index)[at] = (int32_t)place;
            }
}

void KERNEL(average_pool_forward)(void *y_, const void *x_, const fnn_pool *p, fnn_idx first, fnn_idx rows)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = first; i < first + rows; i++)
        for (fnn_idx j = 0; j < p->out_width; j++)
            for (fnn_idx c = 0; c < p->channels; c++) {
                double sum = 0;
                fnn_idx count = 0;
                EACH_TAP(kh, kw, p, i, j)
                {
                    sum += x[pixel_of_tap(p, i, j, kh, kw) + c];
                    count++;
                }
                y[(i * p->out_width + j) * p->channels + c] = (real)(sum / (double)count);
            }
}

/* y (channels) = the mean of x (positions, channels) */
void KERNEL(global_average)(void *y_, const void *x_, fnn_idx positions, fnn_idx channels)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx c = 0; c < channels; c++) {
        double sum = 0;
        for (fnn_idx i = 0; i < positions; i++)
            sum += x[i * channels + c];
        y[c] = (real)(sum / (double)positions);
    }
}
