/* depthwise.inc.c - a convolution of each channel by itself, as fastnn.h describes the windows.
 *
 *   forward    y[i][j][c] = max(lowest, bias[c] + sum over taps (k, l) of x[h][w][c] w[k][l][c])
 *   backward   dx[h][w][c] = sum over (i, j) and taps that reach (h, w) of dy[i][j][c] w[k][l][c]
 *   weights    dw[k][l][c] += sum over (i, j) of x[h][w][c] dy[i][j][c];  db[c] += sum over (i, j) of dy[i][j][c]
 *
 * with h = i stride[0] + k dilation[0] - pad[0], and w of j and l the same; taps outside of the image count
 * nothing. Vectors run along the channels.
 *
 * All three see an axis as results that reach from `first` on over `taps` sources, `step` apart. To the gradient
 * of the input the results with the same remainder by the stride are such, and the taps count backwards.
 *
 * Results of a row are made in tiles, so that a number of the kernel is loaded once for TILE of them, or, where
 * windows are SMALL and pixels NEAR each other in memory (bytes), with the whole window in registers, which has
 * no loops inside. Measured on 3 x 3 windows as a share of the multiply-adds that registers allow (AVX-512):
 * 32 channels 49 % in tiles and 59 % in registers, 128 channels 53 and 42 %, 512 channels 38 and 21 %.
 */
#include "../simd/rows.h"

enum { TILE = 8, SMALL = 3, NEAR = 256 };

/* Result j of an axis is made of the sources first + j stride + t step, t = 0 ... taps - 1, of those from 0 to
 * size - 1; tap t has row or column kernel + t kernel_step of the kernel. Results from full_from to full_to - 1
 * have all their sources.
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

/* Rows or columns phase, phase + stride, ... of dx. Tap k reaches them where phase + pad - k dilation is a
 * multiple of the stride; such k are stride / gcd(stride, dilation) apart.
 */
static sources backward_axis(const fnn_depthwise *d, int i, fnn_idx phase)
{
    const fnn_idx stride = d->stride[i], dilation = d->dilation[i], at = phase + d->pad[i];
    fnn_idx a = stride, b = dilation, k = d->window[i] - 1, apart, taps = 0, last;
    while (b) {
        const fnn_idx rest = a % b;
        a = b;
        b = rest;
    }
    apart = stride / a;
    while (k >= 0 && (at - k * dilation) % stride != 0)
        k--;
    last = k;
    for (; k >= 0; k -= apart)
        taps++;
    return axis_of(taps ? (at - last * dilation) / stride : 0, 1, apart * dilation / stride, taps,
                   i ? d->out_width : d->out_height, last, -apart);
}

/* The taps of result j that there are: `count` from `from` on. */
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

/* Where results from j on in row i have their sources, and these their numbers in the kernel; in elements. */
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

/* How many results are made at once from j on, of those with all their sources; others are made one by one. `few`
 * says whether registers then hold the numbers of all taps, or their gradients. Along a row this is done as
 * far as its pixels are `near`: the cache has few places for lines that are a power of 2 apart.
 */
static fnn_idx results_at(const sources *a, fnn_idx j, fnn_idx n, const reach *r, int near, int *few)
{
    const fnn_idx to = a->full_to < n ? a->full_to : n, left = to - j;
    const int alone = j < a->full_from || left < 2;
    const int small = r->height >= 2 && r->height <= SMALL && r->width >= 2 && r->width <= SMALL;
    *few = small && (near || alone);
    return alone ? 1 : *few ? left : left >= TILE ? TILE : left >= TILE / 2 ? TILE / 2 : 2;
}

/* Calls f(..., c, left) for all channels, in vectors, with numbers that the compiler knows. */
#define EACH_VECTOR(f, channels, ...) \
    do { \
        fnn_idx c = 0; \
        for (; c + VLEN <= (channels); c += VLEN) \
            f(__VA_ARGS__, c, VLEN); \
        if (c < (channels)) \
            f(__VA_ARGS__, c, (channels) - c); \
    } while (0)

/* The same with the number of taps, or of results. */
#define EACH_SMALL(f, channels, r, ...) \
    do { \
        if ((r)->height == 2 && (r)->width == 2) \
            EACH_VECTOR(f, channels, __VA_ARGS__, r, 2, 2); \
        else if ((r)->height == 2) \
            EACH_VECTOR(f, channels, __VA_ARGS__, r, 2, 3); \
        else if ((r)->width == 2) \
            EACH_VECTOR(f, channels, __VA_ARGS__, r, 3, 2); \
        else \
            EACH_VECTOR(f, channels, __VA_ARGS__, r, 3, 3); \
    } while (0)

#define EACH_TILE(f, channels, tile, ...) \
    do { \
        if (tile == TILE) \
            EACH_VECTOR(f, channels, __VA_ARGS__, TILE); \
        else if (tile == TILE / 2) \
            EACH_VECTOR(f, channels, __VA_ARGS__, TILE / 2); \
        else if (tile == 2) \
            EACH_VECTOR(f, channels, __VA_ARGS__, 2); \
        else \
            EACH_VECTOR(f, channels, __VA_ARGS__, 1); \
    } while (0)

/* ---- results ---------------------------------------------------------------------------------------- */

/* `tile` results y_step apart, of the next `left` channels */
FNN_INLINE void results(real *y, fnn_idx y_step, const real *x, const real *w, const real *bias, vreal lowest,
                        const reach *r, const int tile, fnn_idx c, fnn_idx left)
{
    vreal sum[TILE];
    FNN_UNROLL for (int i = 0; i < tile; i++)
        sum[i] = bias ? v_load_up_to(bias + c, left) : v_set1(R(0.0));
    for (fnn_idx k = 0; k < r->height; k++) {
        const real *source = x + k * r->x_row + c, *factors = w + k * r->w_row + c;
        for (fnn_idx l = 0; l < r->width; l++, source += r->x_column, factors += r->w_column) {
            const vreal factor = v_load_up_to(factors, left);
            FNN_UNROLL for (int i = 0; i < tile; i++)
                sum[i] = v_fma(v_load_up_to(source + i * r->x_step, left), factor, sum[i]);
        }
    }
    FNN_UNROLL for (int i = 0; i < tile; i++)
        v_store_up_to(y + i * y_step + c, v_max(lowest, sum[i]), left);
}

/* n results of height x width taps, whose numbers stay in registers. */
FNN_INLINE void results_of_few(real *y, fnn_idx y_step, const real *x, const real *w, const real *bias,
                               vreal lowest, fnn_idx n, const reach *r, const int height, const int width,
                               fnn_idx c, fnn_idx left)
{
    const fnn_idx x_row = r->x_row, x_column = r->x_column, x_step = r->x_step;
    const vreal start = bias ? v_load_up_to(bias + c, left) : v_set1(R(0.0));
    vreal factor[SMALL][SMALL];
    FNN_UNROLL for (int k = 0; k < height; k++)
        FNN_UNROLL for (int l = 0; l < width; l++)
            factor[k][l] = v_load_up_to(w + k * r->w_row + l * r->w_column + c, left);
    for (x += c, y += c; n > 0; n--, x += x_step, y += y_step) {
        vreal sum = start;
        FNN_UNROLL for (int k = 0; k < height; k++)
            FNN_UNROLL for (int l = 0; l < width; l++)
                sum = v_fma(v_load_up_to(x + k * x_row + l * x_column, left), factor[k][l], sum);
        v_store_up_to(y, v_max(lowest, sum), left);
    }
}

/* Row i of n results, y_step apart. */
static void row_of_results(real *y, fnn_idx y_step, fnn_idx n, const real *x, fnn_idx x_row, const real *w,
                           fnn_idx w_row, const real *bias, vreal lowest, fnn_idx channels, const sources *down,
                           fnn_idx i, const sources *right)
{
    for (fnn_idx j = 0, count; j < n; j += count, y += count * y_step) {
        const reach r = reach_of(down, i, right, j, x_row, w_row, channels);
        int few;
        count = results_at(right, j, n, &r, channels * (fnn_idx)sizeof(real) <= NEAR, &few);
        if (few)
            EACH_SMALL(results_of_few, channels, &r, y, y_step, x + r.x, w + r.w, bias, lowest, count);
        else
            EACH_TILE(results, channels, count, y, y_step, x + r.x, w + r.w, bias, lowest, &r);
    }
}

static void depthwise_forward(void *y_, const void *x, const void *w, const void *bias, double lowest,
                              const fnn_depthwise *d, fnn_idx first, fnn_idx rows)
{
    const sources down = forward_axis(d, 0), right = forward_axis(d, 1);
    const fnn_idx channels = d->channels;
    real *y = y_;
    for (fnn_idx i = first; i < first + rows; i++)
        row_of_results(y + i * d->out_width * channels, channels, d->out_width, x, d->width * channels, w,
                       d->window[1] * channels, bias, v_set1((real)lowest), channels, &down, i, &right);
}

static void depthwise_backward(void *dx_, const void *dy, const void *w, const fnn_depthwise *d,
                               fnn_idx first, fnn_idx rows)
{
    const fnn_idx channels = d->channels, stride = d->stride[1];
    const vreal lowest = v_set1((real)-INFINITY);
    real *dx = dx_;
    for (fnn_idx i = first; i < first + rows; i++) {
        const sources down = backward_axis(d, 0, i % d->stride[0]);
        for (fnn_idx phase = 0; phase < stride && phase < d->width; phase++) {
            const sources right = backward_axis(d, 1, phase);
            row_of_results(dx + (i * d->width + phase) * channels, stride * channels,
                           quotient_up(d->width - phase, stride), dy, d->out_width * channels, w,
                           d->window[1] * channels, NULL, lowest, channels, &down, i / d->stride[0], &right);
        }
    }
}

/* ---- gradients of weights --------------------------------------------------------------------------- */

/* What `tile` results, of gradients dy, give to the bias and to the numbers of their sources. */
FNN_INLINE void give_weights(real *dw, real *db, const real *x, const real *dy, fnn_idx channels,
                             const reach *r, const int tile, fnn_idx c, fnn_idx left)
{
    vreal gradient[TILE];
    FNN_UNROLL for (int i = 0; i < tile; i++)
        gradient[i] = v_load_up_to(dy + i * channels + c, left);
    if (db) {
        vreal sum = v_load_up_to(db + c, left);
        FNN_UNROLL for (int i = 0; i < tile; i++)
            sum = v_add(sum, gradient[i]);
        v_store_up_to(db + c, sum, left);
    }
    for (fnn_idx k = 0; k < r->height; k++) {
        const real *source = x + k * r->x_row + c;
        real *to = dw + k * r->w_row + c;
        for (fnn_idx l = 0; l < r->width; l++, source += r->x_column, to += r->w_column) {
            vreal sum = v_load_up_to(to, left);
            FNN_UNROLL for (int i = 0; i < tile; i++)
                sum = v_fma(v_load_up_to(source + i * r->x_step, left), gradient[i], sum);
            v_store_up_to(to, sum, left);
        }
    }
}

/* The same of n results and height x width taps, whose sums stay in registers. */
FNN_INLINE void give_few_weights(real *dw, real *db, const real *x, const real *dy, fnn_idx channels,
                                 fnn_idx n, const reach *r, const int height, const int width, fnn_idx c,
                                 fnn_idx left)
{
    const fnn_idx x_row = r->x_row, x_column = r->x_column, x_step = r->x_step;
    vreal sum[SMALL][SMALL], of_bias = db ? v_load_up_to(db + c, left) : v_set1(R(0.0));
    FNN_UNROLL for (int k = 0; k < height; k++)
        FNN_UNROLL for (int l = 0; l < width; l++)
            sum[k][l] = v_load_up_to(dw + k * r->w_row + l * r->w_column + c, left);
    for (x += c, dy += c; n > 0; n--, x += x_step, dy += channels) {
        const vreal gradient = v_load_up_to(dy, left);
        of_bias = v_add(of_bias, gradient);
        FNN_UNROLL for (int k = 0; k < height; k++)
            FNN_UNROLL for (int l = 0; l < width; l++)
                sum[k][l] = v_fma(v_load_up_to(x + k * x_row + l * x_column, left), gradient, sum[k][l]);
    }
    if (db)
        v_store_up_to(db + c, of_bias, left);
    FNN_UNROLL for (int k = 0; k < height; k++)
        FNN_UNROLL for (int l = 0; l < width; l++)
            v_store_up_to(dw + k * r->w_row + l * r->w_column + c, sum[k][l], left);
}

static void depthwise_weights(void *dw_, void *db_, const void *x_, const void *dy_, const fnn_depthwise *d)
{
    const sources down = forward_axis(d, 0), right = forward_axis(d, 1);
    const fnn_idx channels = d->channels, width = d->width * channels, kernel = d->window[1] * channels;
    real *dw = dw_, *db = db_;
    const real *x = x_, *dy = dy_;
    for (fnn_idx i = 0; i < d->out_height; i++)
        for (fnn_idx j = 0, count; j < d->out_width; j += count, dy += count * channels) {
            const reach r = reach_of(&down, i, &right, j, width, kernel, channels);
            int few;
            count = results_at(&right, j, d->out_width, &r, channels * (fnn_idx)sizeof(real) <= 4 * NEAR, &few);
            if (few)
                EACH_SMALL(give_few_weights, channels, &r, dw + r.w, db, x + r.x, dy, channels, count);
            else
                EACH_TILE(give_weights, channels, count, dw + r.w, db, x + r.x, dy, channels, &r);
        }
}
#undef EACH_VECTOR
#undef EACH_SMALL
#undef EACH_TILE

/* ---- several results of a channel ------------------------------------------------------------------- */

/* Numbers of times for which the compiler knows how to do it in vectors. */
#define TIMES(f, times, ...) \
    switch (times) { \
    case 2: \
        f(__VA_ARGS__, 2); \
        break; \
    case 4: \
        f(__VA_ARGS__, 4); \
        break; \
    default: \
        f(__VA_ARGS__, times); \
    }

FNN_INLINE void repeat(real *restrict y, const real *restrict x, fnn_idx n, fnn_idx times)
{
    for (fnn_idx i = 0; i < n; i++)
        for (fnn_idx m = 0; m < times; m++)
            y[i * times + m] = x[i];
}

/* y (n, times): each element of x (n) so many times */
static void repeat_channels(void *y, const void *x, fnn_idx n, fnn_idx times)
{
    TIMES(repeat, times, y, x, n)
}

FNN_INLINE void add_up(real *restrict dx, const real *restrict dy, fnn_idx n, fnn_idx times)
{
    for (fnn_idx i = 0; i < n; i++) {
        real sum = dy[i * times];
        for (fnn_idx m = 1; m < times; m++)
            sum += dy[i * times + m];
        dx[i] = sum;
    }
}

/* dx (n): the sums of the rows of dy (n, times) */
static void sum_repeated(void *dx, const void *dy, fnn_idx n, fnn_idx times)
{
    TIMES(add_up, times, dx, dy, n)
}
#undef TIMES
