/* pooling_gradient.inc.c - the gradients of maximum and average over windows, as fastnn.h describes them.
 *
 *   dx[h][w][c] = sum over windows (i, j) around (h, w) of
 *                     dy[i][j][c] where (h, w) is the place of the maximum      max
 *                     dy[i][j][c] / pixels of window (i, j) in the image        average
 *
 * dx is written row by row; a row stays in the cache until all windows that hold it have been added, since windows may
 * overlap, and is then complete. If windows do not overlap, nothing is added.
 */
#include "pooling.h"

/* The gradients of a row of pixels under a window, for the next `left` channels: dy for all of them, or with `place`
 * for the pixel there. The first pixel has place k.
 */
FNN_INLINE void window_gradient(real *dx, fnn_idx pixel, fnn_idx pixels, vreal dy, const uint8_t *place,
                                fnn_idx k, int adds, fnn_idx left)
{
    const vreal zero = v_set1(R(0.0)), at = place ? load_places(place, left) : zero;
    FNN_UNROLL_2_FOR(fnn_idx kw = 0; kw < pixels; kw++, dx += pixel) {
        const vreal given = place ? v_select(v_eq(at, v_set1((real)(k + kw))), dy, zero) : dy;
        v_store_up_to(dx, adds ? v_add(v_load_up_to(dx, left), given) : given, left);
    }
}

/* The same for all channels and one pixel of a large window, at place k. */
static void add_at_place(real *dx, const real *dy, const int32_t *place, int32_t k, fnn_idx channels)
{
    for (fnn_idx c = 0; c < channels; c++)
        dx[c] += place[c] == k ? dy[c] : 0;
}

/* Row h of dx: the sum over the windows that hold it. For the average, index is NULL. */
FNN_INLINE void gradient_row(real *dx, const real *dy, const void *index, const fnn_pool *p, fnn_idx h,
                             const int average, const int adds)
{
    const fnn_idx channels = p->channels, pixel = p->pixel;
    const span over = windows_over(p, h);
    for (fnn_idx i = over.from; i < over.to; i++) {
        const span down = inside(p, 0, i);
        const fnn_idx kh = h - (i * p->stride[0] - p->pad[0]);
        for (fnn_idx j = 0; j < p->out_width; j++) {
            const span right = inside(p, 1, j);
            const fnn_idx at = (i * p->out_width + j) * channels, width = right.to - right.from;
            const fnn_idx k = kh * p->window[1] + right.from;
            const vreal share = v_set1(R(1.0) / (real)((down.to - down.from) * width));
            real *to = dx + pixel_of(p, i, j, kh, right.from);
            if (!average && !in_bytes(p)) {
                for (fnn_idx kw = 0; kw < width; kw++)
                    add_at_place(to + kw * pixel, dy + at, (const int32_t *)index + at, (int32_t)(k + kw),
                                 channels);
                continue;
            }
            if (average)
                POOL_EACH_VECTOR(c, left, channels,
                                 window_gradient(to + c, pixel, width,
                                                 v_mul(v_load_up_to(dy + at + c, left), share), NULL, 0, adds,
                                                 left));
            else if (!adds && width == 2)
                POOL_EACH_VECTOR(c, left, channels,
                                 window_gradient(to + c, pixel, 2, v_load_up_to(dy + at + c, left),
                                                 (const uint8_t *)index + at + c, k, 0, left));
            else
                POOL_EACH_VECTOR(c, left, channels,
                                 window_gradient(to + c, pixel, width, v_load_up_to(dy + at + c, left),
                                                 (const uint8_t *)index + at + c, k, adds, left));
        }
    }
}

/* Whether one window writes each pixel of a row, which then need not be zero before. */
static int one_window_each(const fnn_pool *p, fnn_idx h)
{
    const span over = windows_over(p, h);
    return over.to - over.from == 1 && p->stride[1] == p->window[1] &&
           p->out_width * p->stride[1] - p->pad[1] >= p->width;
}

FNN_INLINE void gradient_rows(real *dx, const real *dy, const void *index, const fnn_pool *p, fnn_idx first,
                              fnn_idx rows, const int average)
{
    for (fnn_idx h = first; h < first + rows; h++) {
        if (one_window_each(p, h) && (average || in_bytes(p))) {
            gradient_row(dx, dy, index, p, h, average, 0);
            continue;
        }
        for (fnn_idx w = 0; w < p->width; w++)
            row_fill(dx + h * p->row + w * p->pixel, R(0.0), p->channels);
        gradient_row(dx, dy, index, p, h, average, 1);
    }
}

void KERNEL(max_pool_backward)(void *dx, const void *dy, const void *index, const fnn_pool *p, fnn_idx first,
                               fnn_idx rows)
{
    gradient_rows(dx, dy, index, p, first, rows, 0);
}

void KERNEL(average_pool_backward)(void *dx, const void *dy, const fnn_pool *p, fnn_idx first, fnn_idx rows)
{
    gradient_rows(dx, dy, NULL, p, first, rows, 1);
}
