/* warp.inc.c - an affine map of the pixel positions of an image, and its adjoint: y[i][j] is the weighted sum of the
 * pixels of x around the position that (i, j) is mapped to; dx[p] is the sum of dy with the weights of pixel p.
 */
#include <math.h>

typedef struct {
    fnn_idx at; /* the pixel of x, or -1 */
    double weight;
} warp_tap;

/* The position in 0 ... n - 1 that replaces i, or -1. */
static fnn_idx warp_position(fnn_idx i, fnn_idx n, int fill)
{
    switch (fill) {
    case FNN_FILL_WRAP:
        while (i < 0)
            i += n;
        return i % n;
    case FNN_FILL_REFLECT:
        while (i < 0 || i >= n)
            i = i < 0 ? -1 - i : 2 * n - 1 - i;
        return i;
    case FNN_FILL_NEAREST:
        return i < 0 ? 0 : i < n ? i : n - 1;
    default:
        return i >= 0 && i < n ? i : -1;
    }
}

static int warp_taps(warp_tap tap[4], const fnn_warp *w, fnn_idx i, fnn_idx j)
{
    const double *a = w->matrix;
    const double column = a[0] * (double)j + a[1] * (double)i + a[2];
    const double row = a[3] * (double)j + a[4] * (double)i + a[5];
    const int taps = w->bilinear ? 4 : 1;
    for (int t = 0; t < taps; t++) {
        const double r = w->bilinear ? floor(row) + t / 2 : round(row);
        const double q = w->bilinear ? floor(column) + t % 2 : round(column);
        const fnn_idx y = warp_position((fnn_idx)r, w->window_height, w->fill);
        const fnn_idx x = warp_position((fnn_idx)q, w->window_width, w->fill);
        tap[t].at = y < 0 || x < 0 ? -1 : (w->top + y) * w->x_width + w->left + x;
        tap[t].weight = w->bilinear ? (1 - fabs(row - r)) * (1 - fabs(column - q)) : 1;
    }
    return taps;
}

void KERNEL(warp_forward)(void *y_, const void *x_, const fnn_warp *w)
{
    const fnn_idx channels = w->channels;
    const real *x = x_;
    real *y = y_;
    warp_tap tap[4];
    for (fnn_idx i = 0; i < w->height; i++)
        for (fnn_idx j = 0; j < w->width; j++) {
            const int taps = warp_taps(tap, w, i, j);
            for (fnn_idx c = 0; c < channels; c++) {
                double sum = 0;
                for (int t = 0; t < taps; t++)
                    sum += tap[t].weight * (tap[t].at < 0 ? w->fill_value : x[tap[t].at * channels + c]);
                y[(i * w->width + j) * channels + c] = (real)sum;
            }
        }
}

void KERNEL(warp_backward)(void *dx_, const void *dy_, const fnn_warp *w)
{
    const fnn_idx channels = w->channels;
    const real *dy = dy_;
    real *dx = dx_;
    warp_tap tap[4];
    for (fnn_idx i = 0; i < w->x_height * w->x_width * channels; i++)
        dx[i] = 0;
    for (fnn_idx i = 0; i < w->height; i++)
        for (fnn_idx j = 0; j < w->width; j++) {
            const int taps = warp_taps(tap, w, i, j);
            for (int t = 0; t < taps; t++)
                for (fnn_idx c = 0; c < channels && tap[t].at >= 0; c++)
                    dx[tap[t].at * channels + c] +=
                        (real)(tap[t].weight * dy[(i * w->width + j) * channels + c]);
        }
}
