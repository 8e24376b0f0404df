/* batch_norm.inc.c - normalization by the statistics of channels.
 *
 *   x, y, dx, dy (outer, n, inner): n channels; channels last have inner 1
 *   affine       y = (x - centre) scale + shift
 *   sums         (2, n) sum dy, sum dy (x - mean)
 *   slopes       (3, n) scale, b, c in dx = scale dy + b (x - mean) + c
 *
 * With N numbers in a group, xhat = (x - mean) / s and s = sqrt(variance + epsilon):
 *
 *   dx = gamma dy / s - sum (gamma dy) / (N s) - xhat sum (gamma dy xhat) / (N s)
 *
 * where the sums are over the group (Ioffe & Szegedy 2015, Wu & He 2018). A batch normalization has one group for each
 * channel, over the whole batch; a group normalization does the same for every row of the batch.
 * Statistics and sums are those of moments.inc.c.
 */
#include <math.h>

#include "../simd/rows.h"

enum { TALL = 16 }; /* rows for which the factors of a strip are loaded once */

FNN_INLINE vreal load_or(const real *p, fnn_idx j, fnn_idx left, vreal otherwise)
{
    return p ? v_load_up_to(p + j, left) : otherwise;
}

void KERNEL(channel_scale)(void *scale_, const void *variance_, const void *gamma_, fnn_idx n, double epsilon)
{
    real *scale = scale_;
    const real *variance = variance_, *gamma = gamma_;
    for (fnn_idx c = 0; c < n; c++)
        scale[c] = (real)((gamma ? gamma[c] : 1) / sqrt(variance[c] + epsilon));
}

/* Loops over rows of channels, `m` rows of a strip at a time, and over runs of one channel. */
#define EACH_STRIP(outer, n, strip) \
    for (fnn_idx i = 0; i < outer; i += TALL) { \
        const fnn_idx m = at_most(outer - i, TALL); \
        fnn_idx j = 0; \
        for (; j + CHANNEL_STRIP <= n; j += CHANNEL_STRIP) \
            strip(CHANNEL_STRIP, CHANNEL_VECTORS); \
        for (; j < n; j += VLEN) \
            strip(n - j, 1); \
    }
#define EACH_RUN(outer, n) \
    for (fnn_idx i = 0; i < outer; i++) \
        for (fnn_idx c = 0; c < n; c++)

FNN_INLINE void affine_strip(real *y, const real *x, const real *centre, const real *scale, const real *shift,
                             fnn_idx j, fnn_idx m, fnn_idx n, fnn_idx left, const int vectors)
{
    const vreal zero = v_set1(R(0.0));
    vreal mid[CHANNEL_VECTORS], factor[CHANNEL_VECTORS], base[CHANNEL_VECTORS];
    FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
        mid[v] = load_or(centre, j + v * VLEN, left, zero);
        factor[v] = v_load_up_to(scale + j + v * VLEN, left);
        base[v] = load_or(shift, j + v * VLEN, left, zero);
    }
    for (fnn_idx i = 0; i < m; i++)
        FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
            const fnn_idx at = i * n + j + v * VLEN;
            v_store_up_to(y + at, v_fma(v_sub(v_load_up_to(x + at, left), mid[v]), factor[v], base[v]), left);
        }
}

void KERNEL(channel_affine)(void *y_, const void *x_, const void *centre_, const void *scale_,
                            const void *shift_, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    real *y = y_;
    const real *x = x_, *centre = centre_, *scale = scale_, *shift = shift_;
    if (inner == 1 && n > 1) {
#define AFFINE(left, vectors) affine_strip(y + i * n, x + i * n, centre, scale, shift, j, m, n, left, vectors)
        EACH_STRIP(outer, n, AFFINE)
#undef AFFINE
        return;
    }
    EACH_RUN(outer, n) {
        const vreal mid = v_set1(centre ? centre[c] : R(0.0)), factor = v_set1(scale[c]);
        const vreal base = v_set1(shift ? shift[c] : R(0.0));
        const fnn_idx at = (i * n + c) * inner;
        for (fnn_idx j = 0; j < inner; j += VLEN)
            v_store_up_to(y + at + j, v_fma(v_sub(v_load_up_to(x + at + j, inner - j), mid), factor, base),
                          inner - j);
    }
}

FNN_INLINE void strip_sums(double *direct, double *along, const real *dy, const real *x, const real *mean,
                           fnn_idx m, fnn_idx n, fnn_idx left, const int vectors)
{
    real sum[CHANNEL_STRIP], product[CHANNEL_STRIP];
    vreal mid[CHANNEL_VECTORS], s[CHANNEL_VECTORS], q[CHANNEL_VECTORS];
    FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
        mid[v] = v_load_up_to(mean + v * VLEN, left);
        s[v] = q[v] = v_set1(R(0.0));
    }
    for (fnn_idx i = 0; i < m; i++)
        FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
            const vreal slope = v_load_up_to(dy + i * n + v * VLEN, left);
            s[v] = v_add(s[v], slope);
            q[v] = v_fma(slope, v_sub(v_load_up_to(x + i * n + v * VLEN, left), mid[v]), q[v]);
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

FNN_INLINE void run_sums(double *direct, double *along, const real *dy, const real *x, vreal mean, fnn_idx m)
{
    vreal s = v_set1(R(0.0)), q = s;
    for (fnn_idx j = 0; j < m; j += VLEN) {
        const vreal slope = v_load_up_to(dy + j, m - j);
        s = v_add(s, slope);
        q = v_fma(slope, v_sub(v_load_up_to_or(x + j, m - j, mean), mean), q);
    }
    *direct += v_sum(s);
    *along += v_sum(q);
}

void KERNEL(channel_sums)(double *sums, const void *dy_, const void *x_, const void *mean_, fnn_idx outer,
                          fnn_idx n, fnn_idx inner)
{
    const real *dy = dy_, *x = x_, *mean = mean_;
    double *along = sums + n;
    for (fnn_idx c = 0; c < 2 * n; c++)
        sums[c] = 0;
    if (inner == 1 && n > 1) {
        for (fnn_idx i = 0; i < outer; i += CHANNEL_BLOCK) {
            const fnn_idx m = at_most(outer - i, CHANNEL_BLOCK), at = i * n;
            fnn_idx j = 0;
            for (; j + CHANNEL_STRIP <= n; j += CHANNEL_STRIP)
                strip_sums(sums + j, along + j, dy + at + j, x + at + j, mean + j, m, n, CHANNEL_STRIP,
                           CHANNEL_VECTORS);
            for (; j < n; j += VLEN)
                strip_sums(sums + j, along + j, dy + at + j, x + at + j, mean + j, m, n, n - j, 1);
        }
        return;
    }
    if (n == 1) {
        inner *= outer;
        outer = 1;
    }
    EACH_RUN(outer, n)
        for (fnn_idx j = 0; j < inner; j += CHANNEL_BLOCK * VLEN) {
            const fnn_idx at = (i * n + c) * inner + j;
            run_sums(sums + c, along + c, dy + at, x + at, v_set1(mean[c]),
                     at_most(inner - j, CHANNEL_BLOCK * VLEN));
        }
}

/* The second row of sums becomes sum dy xhat: the rows are then the gradients of beta and gamma. */
void KERNEL(channel_slopes)(void *slopes_, double *sums, const void *variance_, const void *gamma_,
                            fnn_idx count, fnn_idx n, fnn_idx groups, double epsilon)
{
    real *slopes = slopes_;
    const real *variance = variance_, *gamma = gamma_;
    const fnn_idx size = n / groups;
    for (fnn_idx g = 0; g < n; g += size) {
        const double inverse = 1 / sqrt(variance[g] + epsilon), share = inverse / (double)(count * size);
        double direct = 0, along = 0;
        for (fnn_idx c = g; c < g + size; c++) {
            const double factor = gamma ? gamma[c] : 1;
            sums[n + c] *= inverse;
            direct += factor * sums[c];
            along += factor * sums[n + c];
            slopes[c] = (real)(factor * inverse);
        }
        for (fnn_idx c = g; c < g + size; c++) {
            slopes[n + c] = (real)(-share * inverse * along);
            slopes[2 * n + c] = (real)(-share * direct);
        }
    }
}

FNN_INLINE vreal gradient_of(vreal dy, vreal away, vreal scale, vreal slope, vreal base)
{
    return v_fma(scale, dy, v_fma(slope, away, base));
}

FNN_INLINE int is_masked(const real *mask, fnn_idx i) { return mask && mask[i] == R(0.0); }

FNN_INLINE void gradient_strip(real *dx, const real *dy, const real *x, const real *mean, const real *slopes,
                               const real *mask, fnn_idx j, fnn_idx m, fnn_idx n, fnn_idx left,
                               const int vectors)
{
    const vreal zero = v_set1(R(0.0));
    vreal mid[CHANNEL_VECTORS], scale[CHANNEL_VECTORS], slope[CHANNEL_VECTORS], base[CHANNEL_VECTORS];
    FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
        mid[v] = v_load_up_to(mean + j + v * VLEN, left);
        scale[v] = v_load_up_to(slopes + j + v * VLEN, left);
        slope[v] = v_load_up_to(slopes + n + j + v * VLEN, left);
        base[v] = v_load_up_to(slopes + 2 * n + j + v * VLEN, left);
    }
    for (fnn_idx i = 0; i < m; i++)
        FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
            const fnn_idx at = i * n + j + v * VLEN;
            const vreal away = v_sub(v_load_up_to(x + at, left), mid[v]);
            const vreal dyv = v_load_up_to(dy + at, left);
            const vreal g = is_masked(mask, i) ? v_fma(dyv, scale[v], zero)
                                               : gradient_of(dyv, away, scale[v], slope[v], base[v]);
            v_store_up_to(dx + at, g, left);
        }
}

/* Masked rows were no part of the statistics, so no gradient passes through these: dx = scale dy. */
void KERNEL(channel_gradient)(void *dx_, const void *dy_, const void *x_, const void *mean_,
                              const void *slopes_, const void *mask_, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    real *dx = dx_;
    const real *dy = dy_, *x = x_, *mean = mean_, *slopes = slopes_, *mask = mask_;
    if (inner == 1 && n > 1) {
#define GRADIENT(left, vectors) \
    gradient_strip(dx + i * n, dy + i * n, x + i * n, mean, slopes, NULL, j, m, n, left, vectors)
#define MASKED_GRADIENT(left, vectors) \
    gradient_strip(dx + i * n, dy + i * n, x + i * n, mean, slopes, mask + i, j, m, n, left, vectors)
        if (mask)
            EACH_STRIP(outer, n, MASKED_GRADIENT)
        else
            EACH_STRIP(outer, n, GRADIENT)
#undef GRADIENT
#undef MASKED_GRADIENT
        return;
    }
    EACH_RUN(outer, n) {
        const vreal mid = v_set1(mean[c]), scale = v_set1(slopes[c]), zero = v_set1(R(0.0));
        const vreal slope = v_set1(slopes[n + c]), base = v_set1(slopes[2 * n + c]);
        for (fnn_idx j = 0; j < inner; j += VLEN) {
            const fnn_idx at = (i * n + c) * inner + j;
            const vreal away = v_sub(v_load_up_to(x + at, inner - j), mid);
            const vreal dyv = v_load_up_to(dy + at, inner - j);
            const vreal g =
                is_masked(mask, i) ? v_fma(dyv, scale, zero) : gradient_of(dyv, away, scale, slope, base);
            v_store_up_to(dx + at, g, inner - j);
        }
    }
}
#undef EACH_STRIP
#undef EACH_RUN
