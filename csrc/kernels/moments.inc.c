/* moments.inc.c - means and variances of channels, and other sums in parts.
 *
 *   x            (outer, n, inner): n channels; channels last have inner 1
 *   moments      (2, n) means, and sums of squared deviations from them; parts of it (parts, 2, n)
 *   statistics   mean and variance (n), the same for the n / groups channels of a group
 *
 * Moments are taken in one pass over blocks of 64 numbers of a channel, about the first of them: since it is
 * one of the 64, the sum of squares about it is at most 64 times that about their mean, so a float loses no
 * more than its last two digits, wherever the mean is. Blocks, and then parts, are combined in double as in
 * Chan, Golub & LeVeque (1983), in their order.
 */
#include "../simd/rows.h"

enum {
    CHANNEL_BLOCK = 64,  /* numbers of a channel, or vectors of them, that are summed in `real` */
    CHANNEL_VECTORS = 4, /* vectors of neighbouring channels whose sums stay in registers */
    CHANNEL_STRIP = CHANNEL_VECTORS * VLEN
};

FNN_INLINE fnn_idx at_most(fnn_idx n, fnn_idx most) { return n < most ? n : most; }

/* Add m numbers of each of `width` channels, whose deviations from `shift` have these sums. */
FNN_INLINE void add_moments(double *mean, double *squares, const real *shift, const real *sum,
                            const real *square, fnn_idx width, fnn_idx seen, fnn_idx m)
{
    const double size = (double)m, share = size / (double)(seen + m), before = share * (double)seen;
    for (fnn_idx j = 0; j < width; j++) {
        const double away = sum[j] / size, step = shift[j] + away - mean[j], own = square[j] - away * sum[j];
        squares[j] += (own < 0 ? 0 : own) + step * step * before;
        mean[j] += step * share;
    }
}

FNN_INLINE void strip_moments(double *mean, double *squares, const real *x, fnn_idx seen, fnn_idx m,
                              fnn_idx n, fnn_idx left, const int vectors)
{
    real shift[CHANNEL_STRIP], sum[CHANNEL_STRIP], square[CHANNEL_STRIP];
    vreal first[CHANNEL_VECTORS], s[CHANNEL_VECTORS], q[CHANNEL_VECTORS];
    FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
        first[v] = v_load_up_to(x + v * VLEN, left);
        s[v] = q[v] = v_set1(R(0.0));
    }
    for (fnn_idx i = 0; i < m; i++)
        FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
            const vreal away = v_sub(v_load_up_to(x + i * n + v * VLEN, left), first[v]);
            s[v] = v_add(s[v], away);
            q[v] = v_fma(away, away, q[v]);
        }
    FNN_UNROLL_FOR(int v = 0; v < vectors; v++) {
        v_store(shift + v * VLEN, first[v]);
        v_store(sum + v * VLEN, s[v]);
        v_store(square + v * VLEN, q[v]);
    }
    add_moments(mean, squares, shift, sum, square, at_most(left, vectors * VLEN), seen, m);
}

FNN_INLINE void run_moments(double *mean, double *squares, const real *x, fnn_idx seen, fnn_idx m)
{
    const vreal first = v_set1(*x);
    vreal s = v_set1(R(0.0)), q = s;
    for (fnn_idx j = 0; j < m; j += VLEN) {
        const vreal away = v_sub(v_load_up_to_or(x + j, m - j, first), first);
        s = v_add(s, away);
        q = v_fma(away, away, q);
    }
    const real sum = v_sum(s), square = v_sum(q);
    add_moments(mean, squares, x, &sum, &square, 1, seen, m);
}

void KERNEL(channel_moments)(double *moments, const void *x_, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    const real *x = x_;
    for (fnn_idx c = 0; c < 2 * n; c++)
        moments[c] = 0;
    if (inner == 1 && n > 1)
        for (fnn_idx i = 0; i < outer; i += CHANNEL_BLOCK) {
            const fnn_idx m = at_most(outer - i, CHANNEL_BLOCK);
            const real *block = x + i * n;
            fnn_idx j = 0;
            for (; j + CHANNEL_STRIP <= n; j += CHANNEL_STRIP)
                strip_moments(moments + j, moments + n + j, block + j, i, m, n, CHANNEL_STRIP,
                              CHANNEL_VECTORS);
            for (; j < n; j += VLEN)
                strip_moments(moments + j, moments + n + j, block + j, i, m, n, n - j, 1);
        }
    else {
        if (n == 1) {
            inner *= outer;
            outer = inner ? 1 : 0;
        }
        for (fnn_idx i = 0; i < outer; i++)
            for (fnn_idx c = 0; c < n; c++)
                for (fnn_idx j = 0; j < inner; j += CHANNEL_BLOCK * VLEN) {
                    const fnn_idx m = at_most(inner - j, CHANNEL_BLOCK * VLEN);
                    run_moments(moments + c, moments + n + c, x + (i * n + c) * inner + j, i * inner + j, m);
                }
    }
}

/* Combine all parts in the first one, then the channels of each group. */
void KERNEL(channel_statistics)(void *mean_, void *variance_, double *moments, fnn_idx parts,
                                fnn_idx per_part, fnn_idx count, fnn_idx n, fnn_idx groups)
{
    real *mean = mean_, *variance = variance_;
    const fnn_idx size = n / groups;
    const double numbers = count ? (double)count : 1;
    for (fnn_idx p = 1; p < parts; p++) {
        const double *other = moments + p * 2 * n;
        const double m = (double)(p < parts - 1 ? per_part : count - p * per_part);
        const double seen = (double)(p * per_part), share = m / (seen + m), before = share * seen;
        for (fnn_idx c = 0; c < n; c++) {
            const double step = other[c] - moments[c];
            moments[n + c] += other[n + c] + step * step * before;
            moments[c] += step * share;
        }
    }
    for (fnn_idx g = 0; g < n; g += size) {
        double middle = 0, squares = 0;
        for (fnn_idx c = g; c < g + size; c++)
            middle += moments[c] / (double)size;
        for (fnn_idx c = g; c < g + size; c++) {
            const double away = moments[c] - middle;
            squares += moments[n + c] / numbers + away * away;
        }
        for (fnn_idx c = g; c < g + size; c++) {
            mean[c] = (real)middle;
            variance[c] = (real)(squares / (double)size);
        }
    }
}

void KERNEL(sum_parts)(double *sums, fnn_idx parts, fnn_idx n)
{
    for (fnn_idx p = 1; p < parts; p++)
        for (fnn_idx c = 0; c < n; c++)
            sums[c] += sums[p * n + c];
}

void KERNEL(add_sums)(void *dw_, const double *sums, fnn_idx n, int accumulate)
{
    real *dw = dw_;
    for (fnn_idx c = 0; c < n; c++)
        dw[c] = (real)((accumulate ? dw[c] : 0) + sums[c]);
}

void KERNEL(moving_average)(void *moving_, const void *value_, fnn_idx n, double momentum)
{
    real *moving = moving_;
    const real *value = value_;
    for (fnn_idx c = 0; c < n; c++)
        moving[c] = (real)(moving[c] * momentum + value[c] * (1 - momentum));
}
