/* warp.inc.c - an affine map of the pixel positions of an image, and its exact adjoint.
 *
 *   y[i][j] = x at row r = matrix[3] j + matrix[4] i + matrix[5], column q = matrix[0] j + matrix[1] i + matrix[2]
 *
 * of the window: bilinear interpolation between four pixels, or the nearest one; `fill` says what pixels beyond the
 * edges are. Backward adds dy to the same pixels with the same weights, in the order of the rows of y.
 *
 * Positions are computed in double for both dtypes and without a fused multiply-add, so that ties round to the same
 * pixel everywhere, for a block of columns at a time. Pixels with fewer channels than a vector has lanes are
 * processed channel by channel.
 */
#include <math.h>

#include "../simd/rows.h"

enum { WARP_BLOCK = 64, TAPS = 4 };

typedef struct {
    fnn_idx at[TAPS][WARP_BLOCK]; /* elements from the start of x */
    real weight[TAPS][WARP_BLOCK];
    real outside[WARP_BLOCK]; /* sum of the weights of pixels that do not exist */
} warp_places;

/* The position in 0 ... n - 1 that replaces i; *exists becomes 0 if there is none. */
FNN_INLINE fnn_idx warp_position(fnn_idx i, fnn_idx n, int fill, int *exists)
{
    if (i >= 0 && i < n)
        return i;
    if (fill == FNN_FILL_WRAP)
        return (i % n + n) % n;
    if (fill == FNN_FILL_REFLECT) {
        i = (i % (2 * n) + 2 * n) % (2 * n);
        return i < n ? i : 2 * n - 1 - i;
    }
    *exists = *exists && fill == FNN_FILL_NEAREST;
    return i < 0 ? 0 : n - 1;
}

FNN_INLINE void warp_tap(warp_places *p, int tap, fnn_idx k, const fnn_warp *w, fnn_idx row, fnn_idx column,
                         double weight)
{
    int exists = 1;
    row = w->top + warp_position(row, w->window_height, w->fill, &exists);
    column = w->left + warp_position(column, w->window_width, w->fill, &exists);
    p->at[tap][k] = (row * w->x_width + column) * w->channels;
    p->weight[tap][k] = exists ? (real)weight : 0;
    p->outside[k] += exists ? 0 : (real)weight;
}

/* The four pixels from (row, column) on, all of them inside the window. */
FNN_INLINE void warp_inside(warp_places *p, fnn_idx k, const fnn_warp *w, fnn_idx row, fnn_idx column,
                            real bottom, real right)
{
    const fnn_idx at = ((w->top + row) * w->x_width + w->left + column) * w->channels;
    const real above = 1 - bottom;
    p->at[0][k] = at;
    p->at[1][k] = at + w->channels;
    p->at[2][k] = at + w->x_width * w->channels;
    p->at[3][k] = at + (w->x_width + 1) * w->channels;
    p->weight[0][k] = above * (1 - right);
    p->weight[1][k] = above * right;
    p->weight[2][k] = bottom * (1 - right);
    p->weight[3][k] = bottom * right;
}

/* Rounds half away from zero, as round() of C does. */
FNN_INLINE double warp_round(double a) { return copysign(floor(fabs(a) + 0.5), a); }

/* The pixels and weights of columns first ... end - 1 of row i of y; returns the number of taps of each. */
static int warp_locate(warp_places *p, const fnn_warp *w, fnn_idx i, fnn_idx first, fnn_idx end)
{
    const double *a = w->matrix;
    for (fnn_idx j = first; j < end; j++) {
        const fnn_idx k = j - first;
        const double column = a[0] * (double)j + a[1] * (double)i + a[2];
        const double row = a[3] * (double)j + a[4] * (double)i + a[5];
        p->outside[k] = 0;
        if (w->bilinear) {
            const double left = floor(column), top = floor(row), right = column - left, bottom = row - top;
            const fnn_idx q = (fnn_idx)left, r = (fnn_idx)top;
            if (r >= 0 && r + 1 < w->window_height && q >= 0 && q + 1 < w->window_width) {
                warp_inside(p, k, w, r, q, (real)bottom, (real)right);
                continue;
            }
            warp_tap(p, 0, k, w, r, q, (1 - bottom) * (1 - right));
            warp_tap(p, 1, k, w, r, q + 1, (1 - bottom) * right);
            warp_tap(p, 2, k, w, r + 1, q, bottom * (1 - right));
            warp_tap(p, 3, k, w, r + 1, q + 1, bottom * right);
        } else
            warp_tap(p, 0, k, w, (fnn_idx)warp_round(row), (fnn_idx)warp_round(column), 1);
    }
    return w->bilinear ? TAPS : 1;
}

FNN_INLINE void warp_gather(real *y, const real *x, const warp_places *p, int taps, fnn_idx k,
                            fnn_idx channels, real fill)
{
    const real outside = p->outside[k] * fill;
    if (channels < VLEN) {
        for (fnn_idx c = 0; c < channels; c++) {
            real sum = outside;
            for (int t = 0; t < taps; t++)
                sum += p->weight[t][k] * x[p->at[t][k] + c];
            y[c] = sum;
        }
        return;
    }
    for (fnn_idx c = 0; c < channels; c += VLEN) {
        vreal sum = v_set1(outside);
        for (int t = 0; t < taps; t++)
            sum = v_fma(v_set1(p->weight[t][k]), v_load_up_to(x + p->at[t][k] + c, channels - c), sum);
        v_store_up_to(y + c, sum, channels - c);
    }
}

/* Two taps may be the same pixel, so each sum is stored before the next is loaded. */
FNN_INLINE void warp_scatter(real *dx, const real *dy, const warp_places *p, int taps, fnn_idx k,
                             fnn_idx channels)
{
    for (int t = 0; t < taps; t++) {
        real *out = dx + p->at[t][k];
        const real weight = p->weight[t][k];
        if (channels < VLEN) {
            for (fnn_idx c = 0; c < channels; c++)
                out[c] += weight * dy[c];
            continue;
        }
        for (fnn_idx c = 0; c < channels; c += VLEN) {
            const vreal sum = v_load_up_to(out + c, channels - c), g = v_load_up_to(dy + c, channels - c);
            v_store_up_to(out + c, v_fma(v_set1(weight), g, sum), channels - c);
        }
    }
}

#define EACH_COLUMN(body, taps) \
    for (fnn_idx k = 0; k < end - first; k++) { \
        const fnn_idx at = (i * w->width + first + k) * w->channels; \
        body(at, k, taps); \
    }
#define EACH_PLACE(body) \
    warp_places places; \
    for (fnn_idx i = 0; i < w->height; i++) \
        for (fnn_idx first = 0; first < w->width; first += WARP_BLOCK) { \
            const fnn_idx end = first + WARP_BLOCK < w->width ? first + WARP_BLOCK : w->width; \
            if (warp_locate(&places, w, i, first, end) == 1) \
                EACH_COLUMN(body, 1) \
            else \
                EACH_COLUMN(body, TAPS) \
        }
#define GATHER(at, k, taps) warp_gather(y + at, x, &places, taps, k, w->channels, (real)w->fill_value)
#define SCATTER(at, k, taps) warp_scatter(dx, dy + at, &places, taps, k, w->channels)

void KERNEL(warp_forward)(void *y_, const void *x, const fnn_warp *w)
{
    real *y = y_;
    EACH_PLACE(GATHER)
}

void KERNEL(warp_backward)(void *dx_, const void *dy_, const fnn_warp *w)
{
    real *dx = dx_;
    const real *dy = dy_;
    row_fill(dx, 0, w->x_height * w->x_width * w->channels);
    EACH_PLACE(SCATTER)
}
#undef EACH_COLUMN
#undef EACH_PLACE
#undef GATHER
#undef SCATTER
