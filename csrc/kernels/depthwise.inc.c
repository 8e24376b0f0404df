/* depthwise.inc.c - a convolution of each channel by itself, as fastnn.h describes the windows.
 *
 *   forward    y[i][j][c] = max(lowest, bias[c] + sum over taps (k, l) of x[h][w][c] w[k][l][c])
 *   backward   dx[h][w][c] = sum over (i, j) and taps that reach (h, w) of dy[i][j][c] w[k][l][c]
 *
 * with h = i stride[0] + k dilation[0] - pad[0], and w of j and l the same; taps outside of the image contribute
 * nothing. Vectors run along the channels. The gradients of the weights are in depthwise_weights.inc.c.
 */
#include "depthwise.h"

/* `tile` results y_step apart, of the next `left` channels. */
FNN_INLINE void results(real *y, fnn_idx y_step, const real *x, const real *w, const real *bias, vreal lowest,
                        const reach *r, const int tile, fnn_idx c, fnn_idx left)
{
    vreal sum[TILE];
    FNN_UNROLL_FOR(int i = 0; i < tile; i++)
        sum[i] = bias ? v_load_up_to(bias + c, left) : v_set1(R(0.0));
    for (fnn_idx k = 0; k < r->height; k++) {
        const real *source = x + k * r->x_row + c, *factors = w + k * r->w_row + c;
        for (fnn_idx l = 0; l < r->width; l++, source += r->x_column, factors += r->w_column) {
            const vreal factor = v_load_up_to(factors, left);
            FNN_UNROLL_FOR(int i = 0; i < tile; i++)
                sum[i] = v_fma(v_load_up_to(source + i * r->x_step, left), factor, sum[i]);
        }
    }
    FNN_UNROLL_FOR(int i = 0; i < tile; i++)
        v_store_up_to(y + i * y_step + c, v_max(lowest, sum[i]), left);
}

/* n results of height x width taps, whose weights stay in registers. */
FNN_INLINE void results_of_few(real *y, fnn_idx y_step, const real *x, const real *w, const real *bias,
                               vreal lowest, fnn_idx n, const reach *r, const int height, const int width,
                               fnn_idx c, fnn_idx left)
{
    const fnn_idx x_row = r->x_row, x_column = r->x_column, x_step = r->x_step;
    const vreal start = bias ? v_load_up_to(bias + c, left) : v_set1(R(0.0));
    vreal factor[SMALL][SMALL];
    FNN_UNROLL_FOR(int k = 0; k < height; k++)
        FNN_UNROLL_FOR(int l = 0; l < width; l++)
            factor[k][l] = v_load_up_to(w + k * r->w_row + l * r->w_column + c, left);
    for (x += c, y += c; n > 0; n--, x += x_step, y += y_step) {
        vreal sum = start;
        FNN_UNROLL_FOR(int k = 0; k < height; k++)
            FNN_UNROLL_FOR(int l = 0; l < width; l++)
                sum = v_fma(v_load_up_to(x + k * x_row + l * x_column, left), factor[k][l], sum);
        v_store_up_to(y, v_max(lowest, sum), left);
    }
}

/* `count` results, at most TILE / vectors, of windows of `width` columns that start one column apart: each source is
 * loaded once, and what is `ahead` of it fetched. Sources from ... to - 1, counted from the first one of the first
 * window, are in the image.
 */
FNN_INLINE void results_of_shared(real *y, fnn_idx y_step, const real *x, const real *w, const real *bias,
                                  vreal lowest, const reach *r, fnn_idx ahead, fnn_idx count, fnn_idx from,
                                  fnn_idx to, const int width, const int vectors, fnn_idx c)
{
    const int tile = TILE / vectors;
    vreal sum[TILE][PAIR];
    FNN_UNROLL_FOR(int i = 0; i < tile; i++)
        FNN_UNROLL_FOR(int v = 0; v < vectors; v++)
            sum[i][v] = bias ? v_load(bias + c + v * VLEN) : v_set1(R(0.0));
    if (ahead)
        FNN_UNROLL_FOR(int i = 0; i < tile; i++)
            FNN_PREFETCH(x + r->x + ahead + i * r->x_column + c);
    for (fnn_idx k = 0; k < r->height; k++) {
        const fnn_idx source = r->x + k * r->x_row + c;
        const real *factors = w + k * r->w_row + c;
        vreal factor[WIDEST][PAIR];
        FNN_UNROLL_FOR(int l = 0; l < width; l++)
            FNN_UNROLL_FOR(int v = 0; v < vectors; v++)
                factor[l][v] = v_load(factors + l * r->w_column + v * VLEN);
        FNN_UNROLL_FOR(int p = 0; p < tile - 1 + width; p++)
            if (from <= p && p < to)
                FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
                    const vreal value = v_load(x + source + p * r->x_column + v * VLEN);
                    FNN_UNROLL_FOR(int l = 0; l < width; l++)
                        if (p >= l && p - l < tile)
                            sum[p - l][v] = v_fma(value, factor[l][v], sum[p - l][v]);
                }
    }
    FNN_UNROLL_FOR(int i = 0; i < tile; i++)
        if (i < count)
            FNN_UNROLL_FOR(int v = 0; v < vectors; v++)
                v_store(y + i * y_step + c + v * VLEN, v_max(lowest, sum[i][v]));
}

/* The same for the n results of a row; returns of how many channels, or 0 if windows are not such. */
FNN_INLINE fnn_idx shared_row(real *y, fnn_idx y_step, fnn_idx n, const real *x, fnn_idx x_row, const real *w,
                              fnn_idx w_row, const real *bias, vreal lowest, fnn_idx channels,
                              const sources *down, fnn_idx i, const sources *right)
{
    const fnn_idx width = right->taps, bytes = channels * (fnn_idx)sizeof(real);
    const int pairs = VLEN * sizeof(real) < 64 && width == 3 && bytes % FAR == 0;
    const fnn_idx vectors = pairs ? PAIR : 1, tile = pairs ? TILE / PAIR : TILE;
    const fnn_idx most = channels - channels % (vectors * VLEN);
    sources whole = *right; /* as if all results had all sources */
    whole.full_from = 0;
    whole.full_to = n;
    if (VLEN == 1 || right->stride != 1 || right->step != 1 || (width != 3 && width != 5))
        return 0;
    for (fnn_idx j = 0; j < n; j += tile, y += tile * y_step) {
        const reach r = reach_of(down, i, &whole, j, x_row, w_row, channels);
        const fnn_idx count = n - j < tile ? n - j : tile, start = right->first + j;
        const fnn_idx from = start < 0 ? -start : 0, room = right->size - start, end = count - 1 + width;
        const fnn_idx to = end < room ? end : room;
        const fnn_idx ahead = down->size * x_row * (fnn_idx)sizeof(real) > FETCHED ? r.height * r.x_row : 0;
        for (fnn_idx c = 0; c < most; c += vectors * VLEN)
            if (pairs)
                results_of_shared(y, y_step, x, w + r.w, bias, lowest, &r, ahead, count, from, to, 3, PAIR,
                                  c);
            else if (width == 3)
                results_of_shared(y, y_step, x, w + r.w, bias, lowest, &r, ahead, count, from, to, 3, 1, c);
            else
                results_of_shared(y, y_step, x, w + r.w, bias, lowest, &r, ahead, count, from, to, 5, 1, c);
    }
    return most;
}

/* Row i of the results: n of them, y_step apart. */
FNN_NOCLONE static void row_of_results(real *y, fnn_idx y_step, fnn_idx n, const real *x, fnn_idx x_row,
                                       const real *w, fnn_idx w_row, const real *bias, vreal lowest,
                                       fnn_idx channels, const sources *down, fnn_idx i, const sources *right)
{
    const int near = channels * (fnn_idx)sizeof(real) <= NEAR;
    const fnn_idx done =
        near && right->taps <= SMALL && n > 2 * TILE
            ? 0
            : shared_row(y, y_step, n, x, x_row, w, w_row, bias, lowest, channels, down, i, right);
    for (fnn_idx j = 0, count; done < channels && j < n; j += count, y += count * y_step) {
        const reach r = reach_of(down, i, right, j, x_row, w_row, channels);
        int few;
        count = results_at(right, j, n, &r, near, 1, &few);
        if (few && r.height == 2)
            DEPTHWISE_EACH_VECTOR(results_of_few, done, channels, y, y_step, x + r.x, w + r.w, bias, lowest,
                                  count, &r, 2, 2);
        else if (few)
            DEPTHWISE_EACH_VECTOR(results_of_few, done, channels, y, y_step, x + r.x, w + r.w, bias, lowest,
                                  count, &r, 3, 3);
        else
            DEPTHWISE_EACH_TILE(results, done, channels, count, y, y_step, x + r.x, w + r.w, bias, lowest,
                                &r);
    }
}

/* What results are computed from: the arrays of an image, or copies of some of its channels. */
typedef struct {
    real *y;
    fnn_idx y_pixel; /* elements from one pixel of y to the next */
    const real *x, *w, *bias;
    fnn_idx top, bottom; /* rows of the sources from top to bottom - 1 are in x */
    fnn_idx channels;
    real lowest;
} operands;

/* A pass over an image: the vertical axis of row i of its results, with their place on that axis; and a row of them. */
typedef struct {
    sources (*down)(const fnn_depthwise *d, fnn_idx i, fnn_idx *place);
    void (*row)(const operands *o, const fnn_depthwise *d, fnn_idx i, const sources *down, fnn_idx place);
    fnn_idx width; /* pixels in a row of the sources */
} pass;

static sources forward_down(const fnn_depthwise *d, fnn_idx i, fnn_idx *place)
{
    *place = i;
    return forward_axis(d, 0);
}

static void forward_row(const operands *o, const fnn_depthwise *d, fnn_idx i, const sources *down,
                        fnn_idx place)
{
    const sources right = forward_axis(d, 1);
    row_of_results(o->y + i * d->out_width * o->y_pixel, o->y_pixel, d->out_width, o->x,
                   d->width * o->channels, o->w, d->window[1] * o->channels, o->bias, v_set1(o->lowest),
                   o->channels, down, place, &right);
}

static sources backward_down(const fnn_depthwise *d, fnn_idx i, fnn_idx *place)
{
    *place = i / d->stride[0];
    return backward_axis(d, 0, i % d->stride[0]);
}

static void backward_row(const operands *o, const fnn_depthwise *d, fnn_idx i, const sources *down,
                         fnn_idx place)
{
    const fnn_idx stride = d->stride[1];
    for (fnn_idx phase = 0; phase < stride && phase < d->width; phase++) {
        const sources right = backward_axis(d, 1, phase);
        row_of_results(o->y + (i * d->width + phase) * o->y_pixel, stride * o->y_pixel,
                       quotient_up(d->width - phase, stride), o->x, d->out_width * o->channels, o->w,
                       d->window[1] * o->channels, o->bias, v_set1(o->lowest), o->channels, down, place,
                       &right);
    }
}

static void rows_of(const operands *o, const fnn_depthwise *d, const pass *p, fnn_idx first, fnn_idx rows)
{
    for (fnn_idx i = first, place; i < first + rows; i++) {
        sources down = p->down(d, i, &place);
        down.first -= o->top;
        down.size = o->bottom - o->top;
        p->row(o, d, i, &down, place);
    }
}

enum {
    LEAST_BLOCK = 256 / sizeof(real), /* channels that are copied together: four lines */
    COPIED = (1 << 15) / sizeof(real),
    COPIED_WEIGHTS = (1 << 13) / sizeof(real),
};

static int is_crowded(const fnn_depthwise *d)
{
    const fnn_idx pixel = d->channels * (fnn_idx)sizeof(real),
                  columns = (TILE - 1) * d->stride[1] + d->window[1];
    const fnn_idx places = WAYS * (PAGE / common_divisor(PAGE, pixel));
    return VLEN > 1 && d->window[0] * d->window[1] <= COPIED_WEIGHTS / LEAST_BLOCK &&
           d->window[0] * columns + TILE > 3 * places;
}

/* Set which rows of the sources are copied for results from row `first` on, and return of how many rows. */
static fnn_idx rows_together(operands *o, const fnn_depthwise *d, const pass *p, fnn_idx first, fnn_idx rows)
{
    o->top = o->bottom = 0;
    for (fnn_idx n = 0, place; n < rows; n++) {
        const sources down = p->down(d, first + n, &place);
        const tap_range taps = taps_of(&down, place);
        const fnn_idx top = down.first + place * down.stride + taps.from * down.step;
        const fnn_idx from = o->bottom && o->top < top ? o->top : top,
                      to = top + (taps.count - 1) * down.step + 1;
        if (taps.count == 0)
            continue;
        if (((to > o->bottom ? to : o->bottom) - from) * p->width > COPIED / LEAST_BLOCK)
            return n;
        o->top = from;
        o->bottom = to > o->bottom ? to : o->bottom;
    }
    return rows;
}

static void copy_channels(real *to, const real *from, fnn_idx pixel, fnn_idx n, fnn_idx channels)
{
    for (; n > 0; n--, from += pixel, to += channels)
        for (fnn_idx c = 0; c < channels; c += VLEN)
            v_store_up_to(to + c, v_load_up_to(from + c, channels - c), channels - c);
}

static void rows_by_blocks(const operands *o, const fnn_depthwise *d, const pass *p, fnn_idx first,
                           fnn_idx rows)
{
    const fnn_idx taps = d->window[0] * d->window[1], most = COPIED_WEIGHTS / taps, channels = o->channels;
    real x[COPIED], w[COPIED_WEIGHTS];
    for (fnn_idx n; rows > 0; rows -= n, first += n) {
        operands block = *o;
        n = rows_together(&block, d, p, first, rows);
        if (n == 0) {
            rows_of(o, d, p, first, rows);
            return;
        }
        const fnn_idx pixels = (block.bottom - block.top) * p->width, fit = pixels ? COPIED / pixels : most;
        const fnn_idx size = (fit < most ? fit : most) / LEAST_BLOCK * LEAST_BLOCK;
        block.x = x;
        block.w = w;
        for (fnn_idx c = 0; c < channels; c += size) {
            block.channels = channels - c < size ? channels - c : size;
            block.y = o->y + c;
            block.bias = o->bias ? o->bias + c : NULL;
            copy_channels(x, o->x + block.top * p->width * channels + c, channels, pixels, block.channels);
            copy_channels(w, o->w + c, channels, taps, block.channels);
            rows_of(&block, d, p, first, n);
        }
    }
}

void KERNEL(depthwise_forward)(void *y, const void *x, const void *w, const void *bias, double lowest,
                               const fnn_depthwise *d, fnn_idx first, fnn_idx rows)
{
    const operands o = {y, d->channels, x, w, bias, 0, d->height, d->channels, (real)lowest};
    const pass p = {forward_down, forward_row, d->width};
    (is_crowded(d) ? rows_by_blocks : rows_of)(&o, d, &p, first, rows);
}

void KERNEL(depthwise_backward)(void *dx, const void *dy, const void *w, const fnn_depthwise *d,
                                fnn_idx first, fnn_idx rows)
{
    const operands o = {dx, d->channels, dy, w, NULL, 0, d->out_height, d->channels, (real)-INFINITY};
    const pass p = {backward_down, backward_row, d->out_width};
    (is_crowded(d) ? rows_by_blocks : rows_of)(&o, d, &p, first, rows);
}
