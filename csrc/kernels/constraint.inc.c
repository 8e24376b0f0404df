/* constraint.inc.c - projection of weights onto their constraints, after each update.
 *
 *   clip_norms       w *= d / (epsilon + s),  s = sqrt(sum of w^2 over the second axis of (outer, n, inner)),
 *                    d = rate clip(s, least, most) + (1 - rate) s
 *   clip_negative    w = max(w, 0)
 *
 * Elements of one sum are `ld` apart and outer ones n ld, so that each thread can take some of the columns. If
 * they are contiguous (ld 1), a sum runs over lanes; else lanes are columns, in strips of STRIP vectors, so
 * that the cache lines of a row are read in their order.
 */
#include "../simd/rows.h"

enum { STRIP = 4 };

typedef struct {
    real least, most, rate, epsilon;
} norm_bounds;

FNN_INLINE vreal norm_factor(vreal squares, norm_bounds b)
{
    const vreal norm = v_sqrt(squares);
    const vreal inside = v_min(v_set1(b.most), v_max(v_set1(b.least), norm));
    const vreal wanted = v_fma(v_set1(b.rate), v_sub(inside, norm), norm);
    return v_div(wanted, v_add(v_set1(b.epsilon), norm));
}

static void clip_row_norm(real *w, fnn_idx n, norm_bounds b)
{
    const vreal factor = norm_factor(v_set1((real)KERNEL(sum_squares)(w, n)), b);
    for (fnn_idx i = 0; i < n; i += VLEN)
        v_store_up_to(w + i, v_mul(v_load_up_to(w + i, n - i), factor), n - i);
}

/* One strip of columns, `left` of which exist. */
static void clip_column_norms(real *w, fnn_idx n, fnn_idx left, fnn_idx ld, norm_bounds b)
{
    vreal sum[STRIP], block[STRIP];
    for (int v = 0; v < STRIP; v++)
        sum[v] = v_set1(R(0.0));
    for (fnn_idx first = 0; first < n; first += SUM_BLOCK) {
        const fnn_idx end = n - first < SUM_BLOCK ? n : first + SUM_BLOCK;
        for (int v = 0; v < STRIP; v++)
            block[v] = v_set1(R(0.0));
        for (fnn_idx i = first; i < end; i++)
            for (int v = 0; v < STRIP && v * VLEN < left; v++) {
                const vreal wi = v_load_up_to(w + i * ld + v * VLEN, left - v * VLEN);
                block[v] = v_fma(wi, wi, block[v]);
            }
        for (int v = 0; v < STRIP; v++)
            sum[v] = v_add(sum[v], block[v]);
    }
    for (int v = 0; v < STRIP; v++)
        sum[v] = norm_factor(sum[v], b);
    for (fnn_idx i = 0; i < n; i++)
        for (int v = 0; v < STRIP && v * VLEN < left; v++) {
            real *at = w + i * ld + v * VLEN;
            v_store_up_to(at, v_mul(v_load_up_to(at, left - v * VLEN), sum[v]), left - v * VLEN);
        }
}

void KERNEL(clip_norms)(void *w_, fnn_idx outer, fnn_idx n, fnn_idx inner, fnn_idx ld, double least,
                        double most, double rate, double epsilon)
{
    const norm_bounds b = {(real)least, (real)most, (real)rate, (real)epsilon};
    real *w = w_;
    for (fnn_idx o = 0; o < outer; o++)
        if (ld == 1)
            clip_row_norm(w + o * n, n, b);
        else
            for (fnn_idx j = 0; j < inner; j += STRIP * VLEN)
                clip_column_norms(w + o * n * ld + j, n, inner - j, ld, b);
}

void KERNEL(clip_negative)(void *w_, fnn_idx n)
{
    real *w = w_;
    for (fnn_idx i = 0; i < n; i += VLEN)
        v_store_up_to(w + i, v_max(v_set1(R(0.0)), v_load_up_to(w + i, n - i)), n - i);
}
