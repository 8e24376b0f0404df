/* pooling.inc.c - maximum and average over windows, as fastnn.h describes them, and their gradients.
 *
 *   forward    y[i][j][c] = max or mean of x over the part of window (i, j) that lies in the image
 *   backward   dx[h][w][c] = sum over windows (i, j) around (h, w) of
 *                  dy[i][j][c] where (h, w) is the place of the maximum      max
 *                  dy[i][j][c] / pixels of window (i, j) in the image        average
 *
 * Vectors run along the channels. The place of a maximum, tap kh window[1] + kw of its window, is kept in a
 * byte where that is enough and in 32 bits where it is not (PLACES); a window of so many pixels is passed over
 * with all channels at once, so that memory is read in order. The first of equals is kept: x replaces the
 * maximum unless it is at most as large or the maximum is not a number, so NaN is kept as well.
 *
 * Backward makes dx row by row, each row in the cache until all windows over it have given theirs: windows
 * may overlap, and a caller may go on with the row at once. Where windows do not overlap nothing is added.
 */
#include <string.h>

#include "../simd/rows.h"

enum { PLACES = 256 };

/* Taps [from, to) of a window along an axis: those in the image. */
typedef struct {
    fnn_idx from, to;
} span;

FNN_INLINE span inside(const fnn_pool *p, int dimension, fnn_idx i)
{
    const fnn_idx begin = i * p->stride[dimension] - p->pad[dimension],
                  left = (dimension ? p->width : p->height) - begin;
    return (span){begin < 0 ? -begin : 0, p->window[dimension] < left ? p->window[dimension] : left};
}

/* Windows [from, to) that hold row h of the image. */
static span windows_over(const fnn_pool *p, fnn_idx h)
{
    const fnn_idx at = h + p->pad[0], stride = p->stride[0], to = at / stride + 1;
    const fnn_idx from = at < p->window[0] ? 0 : (at - p->window[0]) / stride + 1;
    return (span){from, to < p->out_height ? to : p->out_height};
}

/* Where tap (down, right) of window (i, j) is in the image. */
FNN_INLINE fnn_idx pixel_of(const fnn_pool *p, fnn_idx i, fnn_idx j, fnn_idx down, fnn_idx right)
{
    return (i * p->stride[0] - p->pad[0] + down) * p->row + (j * p->stride[1] - p->pad[1] + right) * p->pixel;
}

FNN_INLINE int in_bytes(const fnn_pool *p) { return p->window[0] * p->window[1] <= PLACES; }

/* Numbers of lanes as bytes, and back: whole vectors are converted, since the compiler has an instruction. */
FNN_INLINE void store_places(uint8_t *place, vreal k, fnn_idx left)
{
    real lane[VLEN];
    uint8_t byte[VLEN];
    v_store(lane, k);
    for (int c = 0; c < VLEN; c++)
        byte[c] = (uint8_t)(int)lane[c];
    if (left >= VLEN)
        memcpy(place, byte, sizeof byte);
    else
        for (fnn_idx c = 0; c < left; c++)
            place[c] = byte[c];
}

FNN_INLINE vreal load_places(const uint8_t *place, fnn_idx left)
{
    real lane[VLEN];
    uint8_t byte[VLEN] = {0};
    if (left >= VLEN)
        memcpy(byte, place, sizeof byte);
    else
        for (fnn_idx c = 0; c < left; c++)
            byte[c] = place[c];
    for (int c = 0; c < VLEN; c++)
        lane[c] = (real)(int)byte[c];
    return v_load(lane);
}

/* Statements on all channels from c on, in vectors: full ones first, whose number of lanes the compiler knows. */
#define EACH_VECTOR(c, left, channels, statement) \
    do { \
        fnn_idx c = 0; \
        for (const fnn_idx left = VLEN; c + VLEN <= (channels); c += VLEN) \
            statement; \
        if (c < (channels)) { \
            const fnn_idx left = (channels) - c; \
            statement; \
        } \
    } while (0)

/* ---- maximum ---------------------------------------------------------------------------------------- */

/* The maximum over height x width pixels, of the next `left` channels; `first` is the place of the first. */
FNN_INLINE void maximum(real *y, uint8_t *place, const real *x, const fnn_pool *p, fnn_idx height,
                        fnn_idx width, fnn_idx first, fnn_idx left)
{
    const vreal one = v_set1(R(1.0));
    vreal most = v_load_up_to(x, left), at = v_set1((real)first);
    for (fnn_idx kh = 0; kh < height; kh++) {
        vreal k = v_set1((real)(first + kh * p->window[1]));
        for (fnn_idx kw = 0; kw < width; kw++) {
            const vreal value = v_load_up_to(x + kh * p->row + kw * p->pixel, left);
            const vmask keep = m_or(v_le(value, most), v_isnan(most));
            most = v_select(keep, most, value);
            if (place)
                at = v_select(keep, at, k);
            k = v_add(k, one);
        }
    }
    v_store_up_to(y, most, left);
    if (place)
        store_places(place, at, left);
}

/* Whether `most` remains the maximum beside `value`; without a branch, for the compiler's vectors. */
FNN_INLINE int stays(real most, real value) { return (value <= most) | (most != most); }

/* The same of all channels, tap by tap. */
static void maximum_of_many(real *y, int32_t *place, const real *x, const fnn_pool *p, span down, span right)
{
    for (fnn_idx c = 0; c < p->channels; c++)
        y[c] = x[c];
    for (fnn_idx c = 0; place && c < p->channels; c++)
        place[c] = (int32_t)(down.from * p->window[1] + right.from);
    for (fnn_idx kh = down.from; kh < down.to; kh++)
        for (fnn_idx kw = right.from; kw < right.to; kw++) {
            const real *value = x + (kh - down.from) * p->row + (kw - right.from) * p->pixel;
            const int32_t k = (int32_t)(kh * p->window[1] + kw);
            for (fnn_idx c = 0; place && c < p->channels; c++)
                place[c] = stays(y[c], value[c]) ? place[c] : k;
            for (fnn_idx c = 0; c < p->channels; c++)
                y[c] = stays(y[c], value[c]) ? y[c] : value[c];
        }
}

/* `places` is NULL or index, so that the compiler makes two versions. */
FNN_INLINE void maximum_rows(real *y, void *index, uint8_t *places, const real *x, const fnn_pool *p,
                             fnn_idx first, fnn_idx rows)
{
    const fnn_idx channels = p->channels;
    for (fnn_idx i = first; i < first + rows; i++)
        for (fnn_idx j = 0; j < p->out_width; j++) {
            const span down = inside(p, 0, i), right = inside(p, 1, j);
            const fnn_idx height = down.to - down.from, width = right.to - right.from;
            const fnn_idx at = (i * p->out_width + j) * channels, k = down.from * p->window[1] + right.from;
            const real *from = x + pixel_of(p, i, j, down.from, right.from);
            uint8_t *place = places ? places + at : NULL;
            if (!in_bytes(p)) {
                maximum_of_many(y + at, index ? (int32_t *)index + at : NULL, from, p, down, right);
                continue;
            }
            if (height == 2 && width == 2)
                EACH_VECTOR(c, left, channels,
                            maximum(y + at + c, place ? place + c : NULL, from + c, p, 2, 2, k, left));
            else
                EACH_VECTOR(
                    c, left, channels,
                    maximum(y + at + c, place ? place + c : NULL, from + c, p, height, width, k, left));
        }
}

static void max_pool_forward(void *y, void *index, const void *x, const fnn_pool *p, fnn_idx first,
                             fnn_idx rows)
{
    if (index)
        maximum_rows(y, index, index, x, p, first, rows);
    else
        maximum_rows(y, NULL, NULL, x, p, first, rows);
}

/* ---- average ---------------------------------------------------------------------------------------- */

FNN_INLINE void mean(real *y, const real *x, const fnn_pool *p, fnn_idx height, fnn_idx width, fnn_idx left)
{
    vreal sum = v_set1(R(0.0));
    for (fnn_idx kh = 0; kh < height; kh++) {
        vreal of_row = v_load_up_to(x + kh * p->row, left);
        for (fnn_idx kw = 1; kw < width; kw++)
            of_row = v_add(of_row, v_load_up_to(x + kh * p->row + kw * p->pixel, left));
        sum = v_add(sum, of_row);
    }
    v_store_up_to(y, v_mul(sum, v_set1(R(1.0) / (real)(height * width))), left);
}

static void average_pool_forward(void *y_, const void *x_, const fnn_pool *p, fnn_idx first, fnn_idx rows)
{
    const fnn_idx channels = p->channels;
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = first; i < first + rows; i++)
        for (fnn_idx j = 0; j < p->out_width; j++) {
            const span down = inside(p, 0, i), right = inside(p, 1, j);
            const fnn_idx height = down.to - down.from, width = right.to - right.from;
            const real *from = x + pixel_of(p, i, j, down.from, right.from);
            real *to = y + (i * p->out_width + j) * channels;
            if (height == 2 && width == 2)
                EACH_VECTOR(c, left, channels, mean(to + c, from + c, p, 2, 2, left));
            else
                EACH_VECTOR(c, left, channels, mean(to + c, from + c, p, height, width, left));
        }
}

/* Sums over positions go on in double after so many. */
enum { MEAN_BLOCK = 128, MEAN_VECTORS = 4 };

/* The mean of x (positions, channels) of the next columns: `vectors` vectors of them, or `left` of the one. */
FNN_INLINE void global_mean(real *y, const real *x, fnn_idx positions, fnn_idx channels, int vectors,
                            fnn_idx left)
{
    double total[MEAN_VECTORS * VLEN] = {0};
    for (fnn_idx first = 0; first < positions; first += MEAN_BLOCK) {
        const fnn_idx last = positions < first + MEAN_BLOCK ? positions : first + MEAN_BLOCK;
        vreal sum[MEAN_VECTORS];
        real lane[MEAN_VECTORS * VLEN];
        for (int v = 0; v < vectors; v++)
            sum[v] = v_set1(R(0.0));
        for (fnn_idx i = first; i < last; i++)
    FNN_UNROLL for (int v = 0; v < vectors; v++)
                sum[v] = v_add(sum[v], v_load_up_to(x + i * channels + v * VLEN, left));
        for (int v = 0; v < vectors; v++)
            v_store(lane + v * VLEN, sum[v]);
        for (int c = 0; c < vectors * VLEN; c++)
            total[c] += lane[c];
    }
    for (fnn_idx c = 0; c < vectors * VLEN && c < left; c++)
        y[c] = (real)(total[c] / (double)positions);
}

static void global_average(void *y_, const void *x_, fnn_idx positions, fnn_idx channels)
{
    enum { WIDE = MEAN_VECTORS * VLEN };
    real *y = y_;
    const real *x = x_;
    fnn_idx c = 0;
    for (; c + WIDE <= channels; c += WIDE)
        global_mean(y + c, x + c, positions, channels, MEAN_VECTORS, WIDE);
    for (; c < channels; c += VLEN)
        global_mean(y + c, x + c, positions, channels, 1, channels - c);
}

/* ---- gradients -------------------------------------------------------------------------------------- */

/* What a window gives to the pixels of a row under it, of the next `left` channels: dy to all of them, or where
 * `place` is given to the pixel there. The first pixel has place k.
 */
FNN_INLINE void give(real *dx, fnn_idx pixel, fnn_idx pixels, vreal dy, const uint8_t *place, fnn_idx k,
                     int adds, fnn_idx left)
{
    const vreal zero = v_set1(R(0.0)), at = place ? load_places(place, left) : zero;
    for (fnn_idx kw = 0; kw < pixels; kw++, dx += pixel) {
        const vreal given = place ? v_select(v_eq(at, v_set1((real)(k + kw))), dy, zero) : dy;
        v_store_up_to(dx, adds ? v_add(v_load_up_to(dx, left), given) : given, left);
    }
}

/* The same of all channels, to the places of a large window. */
static void give_many(real *dx, const real *dy, const int32_t *place, int32_t k, fnn_idx channels)
{
    for (fnn_idx c = 0; c < channels; c++)
        dx[c] += place[c] == k ? dy[c] : 0;
}

/* Row h of dx: what the windows over it give. For the average index is NULL. */
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
                    give_many(to + kw * pixel, dy + at, (const int32_t *)index + at, (int32_t)(k + kw),
                              channels);
                continue;
            }
            if (average)
                EACH_VECTOR(c, left, channels,
                            give(to + c, pixel, width, v_mul(v_load_up_to(dy + at + c, left), share), NULL, 0, adds, left));
            else
                EACH_VECTOR(c, left, channels,
                            give(to + c, pixel, width, v_load_up_to(dy + at + c, left), (const uint8_t *)index + at + c, k, adds, left));
        }
    }
}

/* Whether a row is written by one window at each pixel: then it does not have to be zero before. */
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

static void max_pool_backward(void *dx, const void *dy, const void *index, const fnn_pool *p, fnn_idx first,
                              fnn_idx rows)
{
    gradient_rows(dx, dy, index, p, first, rows, 0);
}

static void average_pool_backward(void *dx, const void *dy, const fnn_pool *p, fnn_idx first, fnn_idx rows)
{
    gradient_rows(dx, dy, NULL, p, first, rows, 1);
}
#undef EACH_VECTOR
