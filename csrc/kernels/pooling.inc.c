/* pooling.inc.c - maximum and average over windows, as fastnn.h describes them.
 *
 *   y[i][j][c] = max or mean of x over the part of window (i, j) that lies in the image
 *
 * A window of more than PLACES pixels is read once for all channels, so that memory is read in order. The first of
 * equals is kept: x replaces the maximum unless it is at most as large or the maximum is not a number, so NaN is kept
 * as well. The maximum of no pixels is -infinity. The gradients are in pooling_gradient.inc.c.
 */
#include <math.h>

#include "pooling.h"

/* ---- maximum ---------------------------------------------------------------------------------------- */

/* The maximum over height x width pixels, of the next `left` channels; `first` is the place of the first pixel. */
FNN_INLINE void maximum(real *y, uint8_t *place, const real *x, const fnn_pool *p, fnn_idx height,
                        fnn_idx width, fnn_idx first, fnn_idx left)
{
    const vreal one = v_set1(R(1.0));
    vreal most = v_set1((real)-INFINITY), at = v_set1((real)first);
    FNN_UNROLL_2_FOR(fnn_idx kh = 0; kh < height; kh++) {
        vreal k = v_set1((real)(first + kh * p->window[1]));
        FNN_UNROLL_2_FOR(fnn_idx kw = 0; kw < width; kw++) {
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

/* `places` is NULL or index: a constant, for which the compiler makes two versions. */
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
                POOL_EACH_VECTOR(c, left, channels,
                                 maximum(y + at + c, place ? place + c : NULL, from + c, p, 2, 2, k, left));
            else
                POOL_EACH_VECTOR(
                    c, left, channels,
                    maximum(y + at + c, place ? place + c : NULL, from + c, p, height, width, k, left));
        }
}

void KERNEL(max_pool_forward)(void *y, void *index, const void *x, const fnn_pool *p, fnn_idx first,
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
    FNN_UNROLL_2_FOR(fnn_idx kh = 0; kh < height; kh++) {
        vreal of_row = v_load_up_to(x + kh * p->row, left);
        FNN_UNROLL_2_FOR(fnn_idx kw = 1; kw < width; kw++)
            of_row = v_add(of_row, v_load_up_to(x + kh * p->row + kw * p->pixel, left));
        sum = v_add(sum, of_row);
    }
    v_store_up_to(y, v_mul(sum, v_set1(R(1.0) / (real)(height * width))), left);
}

void KERNEL(average_pool_forward)(void *y_, const void *x_, const fnn_pool *p, fnn_idx first, fnn_idx rows)
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
                POOL_EACH_VECTOR(c, left, channels, mean(to + c, from + c, p, 2, 2, left));
            else
                POOL_EACH_VECTOR(c, left, channels, mean(to + c, from + c, p, height, width, left));
        }
}

/* Sums over so many positions are added in double. */
enum { MEAN_BLOCK = 128, MEAN_VECTORS = 4 };

/* The mean of x (positions, channels) for the next columns: `vectors` vectors of them, or `left` of one. */
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
            FNN_UNROLL_FOR(int v = 0; v < vectors; v++)
                sum[v] = v_add(sum[v], v_load_up_to(x + i * channels + v * VLEN, left));
        for (int v = 0; v < vectors; v++)
            v_store(lane + v * VLEN, sum[v]);
        for (int c = 0; c < vectors * VLEN; c++)
            total[c] += lane[c];
    }
    for (fnn_idx c = 0; c < vectors * VLEN && c < left; c++)
        y[c] = (real)(total[c] / (double)positions);
}

void KERNEL(global_average)(void *y_, const void *x_, fnn_idx positions, fnn_idx channels)
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
