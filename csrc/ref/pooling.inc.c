/* pooling.inc.c - maximum and average over windows, as fastnn.h describes them, and their gradients.
 *
 *   forward    y[i][j][c] = max or mean of x over the part of window (i, j) that lies in the image
 *   backward   dx[h][w][c] = sum over windows (i, j) around (h, w) of
 *                  dy[i][j][c] where (h, w) is the place of the maximum      max
 *                  dy[i][j][c] / pixels of window (i, j) in the image        average
 *
 * The first of equal numbers is the maximum, and so is the first that is not a number. Its place is counted
 * in rows from the window's beginning, outside of the image or not, and kept in a byte, or in 32 bits where
 * the window has more than 256 pixels.
 */
#include <math.h>

/* The part [first, last) of window i along an axis that lies in the image, in taps of the window. */
static fnn_idx window_first(const fnn_pool *p, int axis, fnn_idx i)
{
    const fnn_idx begin = i * p->stride[axis] - p->pad[axis];
    return begin < 0 ? -begin : 0;
}

static fnn_idx window_last(const fnn_pool *p, int axis, fnn_idx i)
{
    const fnn_idx left = (axis ? p->width : p->height) - (i * p->stride[axis] - p->pad[axis]);
    return p->window[axis] < left ? p->window[axis] : left;
}

#define EACH_TAP(kh, kw, p, i, j) \
    for (fnn_idx kh = window_first(p, 0, i); kh < window_last(p, 0, i); kh++) \
        for (fnn_idx kw = window_first(p, 1, j); kw < window_last(p, 1, j); kw++)

static fnn_idx pixel_of_tap(const fnn_pool *p, fnn_idx i, fnn_idx j, fnn_idx kh, fnn_idx kw)
{
    return (i * p->stride[0] - p->pad[0] + kh) * p->row + (j * p->stride[1] - p->pad[1] + kw) * p->pixel;
}

static void max_pool_forward(void *y_, void *index, const void *x_, const fnn_pool *p, fnn_idx first,
                             fnn_idx rows)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = first; i < first + rows; i++)
        for (fnn_idx j = 0; j < p->out_width; j++)
            for (fnn_idx c = 0; c < p->channels; c++) {
                const fnn_idx at = (i * p->out_width + j) * p->channels + c;
                fnn_idx place = -1;
                real most = 0;
                EACH_TAP(kh, kw, p, i, j)
                {
                    const real value = x[pixel_of_tap(p, i, j, kh, kw) + c];
                    if (place < 0 || value > most || (isnan(value) && !isnan(most))) {
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

static void average_pool_forward(void *y_, const void *x_, const fnn_pool *p, fnn_idx first, fnn_idx rows)
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

/* Rows `first` ... of dx: zero, and then what the windows give to them. index is NULL for the average. */
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

static void max_pool_backward(void *dx, const void *dy, const void *index, const fnn_pool *p, fnn_idx first,
                              fnn_idx rows)
{
    pool_backward(dx, dy, index, p, first, rows);
}

static void average_pool_backward(void *dx, const void *dy, const fnn_pool *p, fnn_idx first, fnn_idx rows)
{
    pool_backward(dx, dy, NULL, p, first, rows);
}

/* y (channels) = the mean of x (positions, channels) */
static void global_average(void *y_, const void *x_, fnn_idx positions, fnn_idx channels)
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
