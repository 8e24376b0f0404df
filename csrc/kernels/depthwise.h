/* depthwise.h - what the kernels of depthwise convolutions share: where each result has its sources, and loops.
 *
 * All of them see an axis as results that reach from `first` on over `taps` sources, `step` apart. To the gradient of
 * the input, the results with the same remainder by the stride are such, and the taps count backwards.
 *
 * The results of a row are computed in tiles, so that a weight is loaded once for TILE of them; or, if windows are
 * SMALL and pixels NEAR each other in memory (bytes), with the whole window in registers, which has no inner loops.
 * Measured on 3 x 3 windows as a share of the multiply-adds that registers allow (AVX-512): 32 channels 49 % in tiles
 * and 59 % in registers, 128 channels 53 and 42 %, 512 channels 38 and 21 %.
 *
 * Results of windows that start one column apart are computed in tiles that load each source once and reach over the
 * edges. That is 1.1 to 1.5 times as fast as the other tiles, and 1.2 to 1.5 times as fast as registers for rows of at
 * most 2 TILE.
 *
 * L1 has 8 places for lines that are a multiple of 4 KiB apart, as the pixels of 1024 channels are. Where a tile reads
 * more than three times as many lines as there are places for, blocks of channels are copied first, so that their
 * pixels lie side by side: 1.2 to 1.8 times as fast for 3 x 3 windows of 1024 channels, 2 to 4 times for 5 x 5 of 512
 * and 1024. Where pixels are a multiple of 2 KiB apart and a vector is half a line, both of its vectors are used at
 * once: 1.1 to 1.5 times as fast for 3 x 3 windows of 512 channels, and slower for numbers of channels between.
 *
 * Of images beyond FETCHED bytes, the row of sources that is next is fetched meanwhile: 1.5 times as fast for 8 images
 * of 56 x 56 x 128, from memory. From L3 it would take 1.1 to 1.3 times as long.
 */
#ifndef FNN_DEPTHWISE_H
#define FNN_DEPTHWISE_H

#include "../simd/rows.h"
#include "sizes.h"

enum { TILE = 8, SMALL = 3, NEAR = 256, WIDEST = 5, PAIR = 2, FAR = 2048, WAYS = 8, FETCHED = 1 << 20 };

/* Result j of an axis is a sum over the sources first + j stride + t step, t = 0 ... taps - 1, that are from 0 to
 * size - 1; tap t is row or column kernel + t kernel_step of the kernel. Results full_from ... full_to - 1 have all
 * their sources.
 */
typedef struct {
    fnn_idx first, stride, step, taps, size;
    fnn_idx kernel, kernel_step;
    fnn_idx full_from, full_to;
} sources;

FNN_INLINE fnn_idx quotient_up(fnn_idx a, fnn_idx b) { return a > 0 ? (a + b - 1) / b : 0; }

static sources axis_of(fnn_idx first, fnn_idx stride, fnn_idx step, fnn_idx taps, fnn_idx size,
                       fnn_idx kernel, fnn_idx kernel_step)
{
    const fnn_idx room = size - 1 - (taps - 1) * step - first; /* left of the image by result 0 */
    return (sources){first,
                     stride,
                     step,
                     taps,
                     size,
                     kernel,
                     kernel_step,
                     quotient_up(-first, stride),
                     room < 0 ? 0 : room / stride + 1};
}

static sources forward_axis(const fnn_depthwise *d, int i)
{
    return axis_of(-d->pad[i], d->stride[i], d->dilation[i], d->window[i], i ? d->width : d->height, 0, 1);
}

/* Rows or columns phase, phase + stride, ... of dx. Tap k reaches them if phase + pad - k dilation is a multiple of
 * the stride; such k are stride / gcd(stride, dilation) apart.
 */
static sources backward_axis(const fnn_depthwise *d, int i, fnn_idx phase)
{
    const fnn_idx stride = d->stride[i], dilation = d->dilation[i], at = phase + d->pad[i];
    const fnn_idx apart = stride / common_divisor(stride, dilation);
    fnn_idx k = d->window[i] - 1, taps = 0, last;
    while (k >= 0 && (at - k * dilation) % stride != 0)
        k--;
    last = k;
    for (; k >= 0; k -= apart)
        taps++;
    return axis_of(taps ? (at - last * dilation) / stride : 0, 1, apart * dilation / stride, taps,
                   i ? d->out_width : d->out_height, last, -apart);
}

/* The taps of result j that have a source: `count` from `from` on. */
typedef struct {
    fnn_idx from, count;
} tap_range;

static tap_range taps_of(const sources *a, fnn_idx j)
{
    if (a->full_from <= j && j < a->full_to)
        return (tap_range){0, a->taps};
    const fnn_idx at = a->first + j * a->stride;
    const fnn_idx from = quotient_up(-at, a->step), to = quotient_up(a->size - at, a->step);
    const fnn_idx end = to < a->taps ? to : a->taps;
    return (tap_range){from, end > from ? end - from : 0};
}

/* Where the sources of results from j on in row i are, and their weights in the kernel; in elements. */
typedef struct {
    fnn_idx height, width; /* taps */
    fnn_idx x, x_row, x_column, x_step;
    fnn_idx w, w_row, w_column;
} reach;

/* x_row and w_row are the elements of a row of the sources and of the kernel. */
static reach reach_of(const sources *down, fnn_idx i, const sources *right, fnn_idx j, fnn_idx x_row,
                      fnn_idx w_row, fnn_idx channels)
{
    const tap_range rows = taps_of(down, i), columns = taps_of(right, j);
    const fnn_idx top = down->first + i * down->stride + rows.from * down->step;
    const fnn_idx start = right->first + j * right->stride + columns.from * right->step;
    return (reach){
        .height = columns.count ? rows.count : 0,
        .width = columns.count,
        .x = top * x_row + start * channels,
        .x_row = down->step * x_row,
        .x_column = right->step * channels,
        .x_step = right->stride * channels,
        .w = (down->kernel + rows.from * down->kernel_step) * w_row +
             (right->kernel + columns.from * right->kernel_step) * channels,
        .w_row = down->kernel_step * w_row,
        .w_column = right->kernel_step * channels,
    };
}

/* How many results to compute at once from j on: several if they have all their sources, else one. `few` says whether
 * registers then hold the weights of all taps, or their gradients; with `square` only of as many rows as columns. For
 * several results that needs pixels that are `near`: the cache has few places for lines that are a power of 2 apart.
 */
static fnn_idx results_at(const sources *a, fnn_idx j, fnn_idx n, const reach *r, int near, int square,
                          int *few)
{
    const fnn_idx to = a->full_to < n ? a->full_to : n, left = to - j;
    const int alone = j < a->full_from || left < 2;
    const int small = r->height >= 2 && r->height <= SMALL && r->width >= 2 && r->width <= SMALL &&
                      (!square || r->height == r->width);
    *few = small && (near || alone);
    return alone ? 1 : *few ? left : left >= TILE ? TILE : left >= TILE / 2 ? TILE / 2 : 2;
}

/* Calls f(..., c, left) for the channels from `first` on, in vectors; for whole ones `left` is a constant. */
#define DEPTHWISE_EACH_VECTOR(f, first, channels, ...) \
    do { \
        fnn_idx c = first; \
        for (; c + VLEN <= (channels); c += VLEN) \
            f(__VA_ARGS__, c, VLEN); \
        if (c < (channels)) \
            f(__VA_ARGS__, c, (channels) - c); \
    } while (0)

/* The same with the numbers of taps, or of results, as constants. */
#define DEPTHWISE_EACH_SMALL(f, first, channels, r, ...) \
    do { \
        if ((r)->height == 2 && (r)->width == 2) \
            DEPTHWISE_EACH_VECTOR(f, first, channels, __VA_ARGS__, r, 2, 2); \
        else if ((r)->height == 2) \
            DEPTHWISE_EACH_VECTOR(f, first, channels, __VA_ARGS__, r, 2, 3); \
        else if ((r)->width == 2) \
            DEPTHWISE_EACH_VECTOR(f, first, channels, __VA_ARGS__, r, 3, 2); \
        else \
            DEPTHWISE_EACH_VECTOR(f, first, channels, __VA_ARGS__, r, 3, 3); \
    } while (0)

#define DEPTHWISE_EACH_TILE(f, first, channels, tile, ...) \
    do { \
        if (tile == TILE) \
            DEPTHWISE_EACH_VECTOR(f, first, channels, __VA_ARGS__, TILE); \
        else if (tile == TILE / 2) \
            DEPTHWISE_EACH_VECTOR(f, first, channels, __VA_ARGS__, TILE / 2); \
        else if (tile == 2) \
            DEPTHWISE_EACH_VECTOR(f, first, channels, __VA_ARGS__, 2); \
        else \
            DEPTHWISE_EACH_VECTOR(f, first, channels, __VA_ARGS__, 1); \
    } while (0)

#endif
