/* layer_norm.inc.c - normalization of each row of (m, n) by itself.
 *
 *   layer_norm   y = (x - mean) inverse gamma + beta      inverse = 1 / sqrt(variance + epsilon)
 *                dx = inverse (g - mean g - xhat mean (g xhat)), with g = gamma dy, xhat = (x - mean) inverse
 *                sums += sum dy, sum dy xhat over the rows, of double (2, n): the gradients of beta and gamma
 *   unit_norm    y = x inverse                            inverse = 1 / sqrt(sum x^2), but at most `most`
 *                dx = inverse (dy - y sum dy y), or inverse dy where it is `most`
 *
 * Without `mean` no mean is subtracted, and inverse is 1 / sqrt(mean x^2 + epsilon): RMS normalization. gamma and beta
 * may be NULL for 1 and 0, dx and sums if they are not needed (Ba et al. 2016, Zhang & Sennrich 2019). A row is read
 * from memory once: mean, variance and y are passes over it in the cache. The squares are of deviations from the
 * rounded mean, whose sum corrects the variance. The columns are summed over blocks of ROWS rows that were read for dx
 * just before, and the blocks in double.
 */
#include <math.h>

#include "../simd/rows.h"

enum { ROW_BLOCK = 4096, ROWS = 32 };

/* Sums of a and b over a row: WORD(a, b, j, left) adds those of the next `left` elements from j on, at most a vector.
 * In four chains, and over blocks in double.
 */
#define ROW_SUMS(n, WORD, total_a, total_b) \
    for (fnn_idx block = 0; block < (n); block += ROW_BLOCK) { \
        const fnn_idx end = (n) - block < ROW_BLOCK ? (n) : block + ROW_BLOCK; \
        vreal a[4], b[4]; \
        fnn_idx j = block; \
        FNN_UNROLL_FOR(int v = 0; v < 4; v++) \
            a[v] = b[v] = v_set1(R(0.0)); \
        for (; j + 4 * VLEN <= end; j += 4 * VLEN) \
            FNN_UNROLL_FOR(int v = 0; v < 4; v++) \
                WORD(a[v], b[v], j + v * VLEN, VLEN); \
        for (; j < end; j += VLEN) \
            WORD(a[0], b[0], j, end - j); \
        total_a += v_sum(v_add(v_add(a[0], a[1]), v_add(a[2], a[3]))); \
        total_b += v_sum(v_add(v_add(b[0], b[1]), v_add(b[2], b[3]))); \
    }

FNN_INLINE double row_mean(const real *x, fnn_idx n)
{
    double sum = 0, nothing = 0;
#define TAKE(a, b, j, left) a = v_add(a, v_load_up_to(x + (j), left))
    ROW_SUMS(n, TAKE, sum, nothing)
#undef TAKE
    return (sum + nothing) / (double)n;
}

/* The sum of squares about `middle`; if that is the rounded mean, corrected for its rounding. */
FNN_INLINE double row_squares(const real *x, fnn_idx n, real middle, int is_mean)
{
    const vreal mid = v_set1(middle);
    double sum = 0, squares = 0;
#define TAKE(a, b, j, left) \
    do { \
        const vreal away = v_sub(v_load_up_to_or(x + (j), left, mid), mid); \
        a = v_add(a, away); \
        b = v_fma(away, away, b); \
    } while (0)
    ROW_SUMS(n, TAKE, sum, squares)
#undef TAKE
    return is_mean ? squares - sum * sum / (double)n : squares;
}

/* Mean, or 0, and 1 / deviation of a row whose squares pass the largest number: of values divided by the largest. */
FNN_INLINE double wide_inverse(const real *x, fnn_idx n, real *middle, int centred)
{
    double sum = 0, most = 0, squares = 0;
    for (fnn_idx j = 0; centred && j < n; j++)
        sum += (double)x[j] / (double)n;
    for (fnn_idx j = 0; j < n; j++) { /* not by fmax: GCC 12 for ARM fails to compile that */
        const double away = fabs((double)x[j] - sum);
        most = away > most ? away : most;
    }
    for (fnn_idx j = 0; j < n; j++) {
        const double part = ((double)x[j] - sum) / most;
        squares += part * part;
    }
    *middle = (real)sum;
    return 1 / sqrt(squares / (double)n) / most;
}

/* The next `left` elements, at most a vector, from j on; gamma of NULL is 1, beta 0. */
FNN_INLINE void normalize(real *y, const real *x, const real *gamma, const real *beta, vreal middle,
                          vreal factor, fnn_idx j, fnn_idx left)
{
    const vreal xhat = v_mul(v_sub(v_load_up_to(x + j, left), middle), factor);
    const vreal g = gamma ? v_load_up_to(gamma + j, left) : v_set1(R(1.0));
    const vreal b = beta ? v_load_up_to(beta + j, left) : v_set1(R(0.0));
    v_store_up_to(y + j, v_fma(xhat, g, b), left);
}

void KERNEL(layer_norm_forward)(void *y_, void *mean_, void *inverse_, const void *x_, const void *gamma_,
                                const void *beta_, fnn_idx m, fnn_idx n, double epsilon)
{
    real *y = y_, *mean = mean_, *inverse = inverse_;
    const real *x = x_, *gamma = gamma_, *beta = beta_;
    for (fnn_idx i = 0; i < m; i++, x += n, y += n) {
        real middle = mean ? (real)row_mean(x, n) : R(0.0);
        const double squares = row_squares(x, n, middle, mean != NULL) / (double)n;
        const real factor = (real)(isfinite(squares) ? 1 / sqrt((squares < 0 ? 0 : squares) + epsilon)
                                                     : wide_inverse(x, n, &middle, mean != NULL));
        const vreal mid = v_set1(middle), by = v_set1(factor);
        fnn_idx j = 0;
        for (; j + VLEN <= n; j += VLEN)
            normalize(y, x, gamma, beta, mid, by, j, VLEN);
        if (j < n) /* in a loop with it, whole vectors took a seventh longer on AVX2 */
            normalize(y, x, gamma, beta, mid, by, j, n - j);
        if (mean)
            mean[i] = middle;
        inverse[i] = factor;
    }
}

FNN_INLINE void row_gradient(real *dx, const real *dy, const real *x, fnn_idx n, const real *mean,
                             real inverse, const real *gamma)
{
    const vreal mid = v_set1(mean ? *mean : R(0.0)), by = v_set1(inverse), one = v_set1(R(1.0));
    double direct = 0, along = 0;
#define TAKE(a, b, j, left) \
    do { \
        const vreal slope = \
            v_mul(v_load_up_to(dy + (j), left), gamma ? v_load_up_to(gamma + (j), left) : one); \
        a = v_add(a, slope); \
        b = v_fma(slope, v_mul(v_sub(v_load_up_to(x + (j), left), mid), by), b); \
    } while (0)
    ROW_SUMS(n, TAKE, direct, along)
#undef TAKE
    const vreal base = v_set1(mean ? (real)(direct / (double)n) : R(0.0));
    const vreal tilt = v_set1((real)(along / (double)n));
    for (fnn_idx j = 0; j < n; j += VLEN) {
        const vreal g = gamma ? v_load_up_to(gamma + j, n - j) : one;
        const vreal xhat = v_mul(v_sub(v_load_up_to(x + j, n - j), mid), by);
        const vreal slope = v_fma(v_load_up_to(dy + j, n - j), g, v_sub(v_set1(R(0.0)), base));
        v_store_up_to(dx + j, v_mul(by, v_fnma(xhat, tilt, slope)), n - j);
    }
}

FNN_INLINE void column_strip(double *direct, double *along, const real *dy, const real *x, const real *mean,
                             const real *inverse, fnn_idx m, fnn_idx n, fnn_idx left, const int vectors)
{
    real sum[CHANNEL_STRIP], product[CHANNEL_STRIP];
    vreal s[CHANNEL_VECTORS], q[CHANNEL_VECTORS];
    FNN_UNROLL_FOR(int v = 0; v < vectors; v++)
        s[v] = q[v] = v_set1(R(0.0));
    for (fnn_idx i = 0; i < m; i++) {
        const vreal mid = v_set1(mean ? mean[i] : R(0.0)), by = v_set1(inverse[i]);
        FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
            const vreal slope = v_load_up_to(dy + i * n + v * VLEN, left);
            const vreal away = v_sub(v_load_up_to(x + i * n + v * VLEN, left), mid);
            s[v] = v_add(s[v], slope);
            q[v] = v_fma(slope, v_mul(away, by), q[v]);
        }
    }
    FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
        v_store(sum + v * VLEN, s[v]);
        v_store(product + v * VLEN, q[v]);
    }
    for (fnn_idx k = 0; k < at_most(left, vectors * VLEN); k++) {
        direct[k] += sum[k];
        along[k] += product[k];
    }
}

void KERNEL(layer_norm_backward)(void *dx_, double *sums, const void *dy_, const void *x_, const void *mean_,
                                 const void *inverse_, const void *gamma_, fnn_idx m, fnn_idx n)
{
    real *dx = dx_;
    const real *dy = dy_, *x = x_, *mean = mean_, *inverse = inverse_, *gamma = gamma_;
    for (fnn_idx first = 0; first < m; first += ROWS) {
        const fnn_idx rows = at_most(m - first, ROWS), at = first * n;
        const real *middle = mean ? mean + first : NULL;
        fnn_idx j = 0;
        for (fnn_idx i = 0; dx && i < rows; i++)
            row_gradient(dx + at + i * n, dy + at + i * n, x + at + i * n, n, middle ? middle + i : NULL,
                         inverse[first + i], gamma);
        if (!sums)
            continue;
        for (; j + CHANNEL_STRIP <= n; j += CHANNEL_STRIP)
            column_strip(sums + j, sums + n + j, dy + at + j, x + at + j, middle, inverse + first, rows, n,
                         CHANNEL_STRIP, CHANNEL_VECTORS);
        for (; j < n; j += VLEN)
            column_strip(sums + j, sums + n + j, dy + at + j, x + at + j, middle, inverse + first, rows, n,
                         n - j, 1);
    }
}

void KERNEL(unit_norm_forward)(void *y_, void *inverse_, const void *x_, fnn_idx m, fnn_idx n, double most)
{
    real *y = y_, *inverse = inverse_;
    const real *x = x_;
    for (fnn_idx i = 0; i < m; i++, x += n, y += n) {
        const double squares = row_squares(x, n, R(0.0), 0);
        real none;
        const double factor =
            isfinite(squares) ? 1 / sqrt(squares) : wide_inverse(x, n, &none, 0) / sqrt((double)n);
        inverse[i] = (real)(factor > most ? most : factor);
        const vreal by = v_set1(inverse[i]);
        for (fnn_idx j = 0; j < n; j += VLEN)
            v_store_up_to(y + j, v_mul(v_load_up_to(x + j, n - j), by), n - j);
    }
}

void KERNEL(unit_norm_backward)(void *dx_, const void *dy_, const void *y_, const void *inverse_, fnn_idx m,
                                fnn_idx n, double most)
{
    real *dx = dx_;
    const real *dy = dy_, *y = y_, *inverse = inverse_;
    for (fnn_idx i = 0; i < m; i++, dx += n, dy += n, y += n) {
        double along = 0, nothing = 0;
        if (inverse[i] < (real)most) {
#define TAKE(a, b, j, left) a = v_fma(v_load_up_to(dy + (j), left), v_load_up_to(y + (j), left), a)
            ROW_SUMS(n, TAKE, along, nothing)
#undef TAKE
        }
        const vreal by = v_set1(inverse[i]), tilt = v_set1((real)(along + nothing));
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal slope = v_fnma(v_load_up_to(y + j, n - j), tilt, v_load_up_to(dy + j, n - j));
            v_store_up_to(dx + j, v_mul(by, slope), n - j);
        }
    }
}
#undef ROW_SUMS
