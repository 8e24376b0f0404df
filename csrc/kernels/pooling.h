/* pooling.h - what the kernels of pooling share: windows, pixels, and the places of maxima.
 *
 * Vectors run along the channels. The place of a maximum, tap kh window[1] + kw of its window, is kept in a byte, or
 * in 32 bits if the window has more than PLACES pixels.
 */
#ifndef FNN_POOLING_H
#define FNN_POOLING_H

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

/* Convert lanes to bytes and back: always whole vectors, for which the compiler has an instruction. */
FNN_INLINE void store_places(uint8_t *place, vreal k, fnn_idx left)
{
    real lane[VLEN];
    int32_t number[VLEN];
    uint8_t byte[VLEN];
    v_store(lane, k);
    FNN_LOOP_FOR(int c = 0; c < VLEN; c++)
        number[c] = (int32_t)lane[c];
    FNN_LOOP_FOR(int c = 0; c < VLEN; c++)
        byte[c] = (uint8_t)number[c];
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
    FNN_UNROLL_FOR(int c = 0; c < VLEN; c++)
        lane[c] = (real)(int)byte[c];
    return v_load(lane);
}

/* A statement for all channels from c on, in vectors; for whole ones `left` is a constant. */
#define POOL_EACH_VECTOR(c, left, channels, statement) \
    do { \
        fnn_idx c = 0; \
        for (const fnn_idx left = VLEN; c + VLEN <= (channels); c += VLEN) \
            statement; \
        if (c < (channels)) { \
            const fnn_idx left = (channels) - c; \
            statement; \
        } \
    } while (0)

#endif
