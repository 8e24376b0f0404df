/* resample.inc.c - y[i][j][c] = sum over p, q of rows[i][p] columns[j][q] x[p][q][c].
 *
 * Two passes for each row of y: along the height into a line as wide as x, which stays in cache, then along the
 * width. The lanes of the first pass are contiguous elements whatever the number of channels. Those of the second:
 *
 *   many channels    contiguous elements again, c being the last index;
 *   few channels     VLEN rows of y: the first pass stores its lines transposed, VLEN rows side by side, and the
 *                    second transposes its results back, all in registers, so that three channels are as fast as
 *                    many.
 *
 * In both, each sum is one chain of v_fma over the taps from 0 on: the bits depend neither on the number of
 * channels nor on which rows begin ... end - 1 a call computes.
 */
#include "../simd/rows.h"

static int resample_sideways(const fnn_resample *r) { return 2 * r->channels <= VLEN; }

fnn_idx KERNEL(resample_workspace)(const fnn_resample *r)
{
    const fnn_idx lanes = resample_sideways(r) ? VLEN : 1;
    return r->x_width * r->channels * lanes * (fnn_idx)sizeof(real);
}

/* The weighted sum of x[first + t] over the taps t of row i, `stride` elements apart; n lanes, at most VLEN, exist. */
FNN_INLINE vreal resample_sum(const fnn_taps *taps, fnn_idx i, const real *x, fnn_idx stride, fnn_idx n)
{
    const real *weight = (const real *)taps->weight + taps->start[i];
    const fnn_idx count = taps->start[i + 1] - taps->start[i];
    vreal sum = v_set1(R(0.0));
    x += taps->first[i] * stride;
    if (n >= VLEN)
        for (fnn_idx t = 0; t < count; t++)
            sum = v_fma(v_set1(weight[t]), v_load(x + t * stride), sum);
    else
        for (fnn_idx t = 0; t < count; t++)
            sum = v_fma(v_set1(weight[t]), v_load_n(x + t * stride, n), sum);
    return sum;
}

static void resample_row(real *y, const real *x, fnn_idx i, const fnn_resample *r, real *line)
{
    const fnn_idx channels = r->channels, n = r->x_width * channels;
    for (fnn_idx e = 0; e < n; e += VLEN)
        v_store_up_to(line + e, resample_sum(&r->rows, i, x + e, n, n - e), n - e);
    for (fnn_idx j = 0; j < r->y_width; j++, y += channels)
        for (fnn_idx c = 0; c < channels; c += VLEN)
            v_store_up_to(y + c, resample_sum(&r->columns, j, line + c, channels, channels - c),
                          channels - c);
}

/* m rows from i on, at most VLEN; line is (width of x, channels, VLEN). */
static void resample_rows(real *y, const real *x, fnn_idx i, fnn_idx m, const fnn_resample *r, real *line)
{
    const fnn_idx channels = r->channels, n = r->x_width * channels, y_row = r->y_width * channels;
    vreal lanes[VLEN];
    for (fnn_idx e = 0; e < n; e += VLEN) {
        for (int k = 0; k < VLEN; k++)
            lanes[k] = k < m ? resample_sum(&r->rows, i + k, x + e, n, n - e) : v_set1(R(0.0));
        v_transpose(lanes);
        for (int k = 0; k < VLEN && k < n - e; k++)
            v_store(line + (e + k) * VLEN, lanes[k]);
    }
    for (fnn_idx e = 0, j = 0, c = 0; e < y_row; e += VLEN) {
        for (int k = 0; k < VLEN; k++) {
            lanes[k] = v_set1(R(0.0));
            if (k < y_row - e)
                lanes[k] = resample_sum(&r->columns, j, line + c * VLEN, channels * VLEN, VLEN);
            c = c + 1 < channels ? c + 1 : 0;
            j += c == 0;
        }
        v_transpose(lanes);
        for (int k = 0; k < VLEN && k < m; k++)
            v_store_up_to(y + k * y_row + e, lanes[k], y_row - e);
    }
}

void KERNEL(resample)(void *y_, const void *x_, fnn_idx begin, fnn_idx end, const fnn_resample *r,
                      void *workspace)
{
    const fnn_idx y_row = r->y_width * r->channels;
    real *y = y_;
    if (resample_sideways(r))
        for (fnn_idx i = begin; i < end; i += VLEN)
            resample_rows(y + i * y_row, x_, i, end - i, r, workspace);
    else
        for (fnn_idx i = begin; i < end; i++)
            resample_row(y + i * y_row, x_, i, r, workspace);
}
