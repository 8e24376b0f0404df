/* softmax.inc.c - softmax over the middle axis of (outer, n, inner), all contiguous; outputs may be inputs.
 *
 *   softmax       y = exp(x - max) / sum exp(x - max)      dx = y (dy - sum dy y)
 *   log_softmax   y = x - max - log sum exp(x - max)       dx = dy - exp(y) sum dy
 *
 * The maximum is subtracted so that no exponential overflows. A line without a finite maximum, such as
 * all -infinity, has no softmax and gives NaN, as in Keras.
 */
#include "../simd/math.h"
#include "../simd/rows.h"

/* The elements of one softmax, vector by vector: a row, whose lanes are combined in the end; or, with inner > 1, as many
 * neighbouring columns as a vector holds, from row to row.
 */
typedef struct {
    fnn_idx vectors;
    fnn_idx step; /* elements from one vector to the next */
    fnn_idx left; /* elements that remain for the first vector ... */
    fnn_idx used; /* ... and how many fewer for each one after it */
    int is_row;
} axis_line;

FNN_INLINE vreal line_load(const real *x, axis_line l, fnn_idx k)
{
    return v_load_up_to(x + k * l.step, l.left - k * l.used);
}

/* Fill excess lanes with -infinity, which adds nothing to maxima and sums of exponentials. */
FNN_INLINE vreal line_load_lowest(const real *x, axis_line l, fnn_idx k)
{
    return v_load_up_to_or(x + k * l.step, l.left - k * l.used, v_set1((real)-INFINITY));
}

FNN_INLINE void line_store(real *y, axis_line l, fnn_idx k, vreal value)
{
    v_store_up_to(y + k * l.step, value, l.left - k * l.used);
}

FNN_INLINE vreal line_total(vreal sum, axis_line l) { return l.is_row ? v_set1(v_sum(sum)) : sum; }

FNN_INLINE vreal line_maximum(const real *x, axis_line l)
{
    vreal most = v_set1((real)-INFINITY);
    for (fnn_idx k = 0; k < l.vectors; k++)
        most = v_max(most, line_load_lowest(x, l, k));
    return l.is_row ? v_set1(v_maximum(most)) : most;
}

FNN_INLINE void softmax_line(real *y, const real *x, const real *unused, axis_line l)
{
    const vreal max = line_maximum(x, l);
    vreal sum = v_set1(R(0.0));
    (void)unused;
    for (fnn_idx k = 0; k < l.vectors; k++) {
        const vreal e = v_exp(v_sub(line_load_lowest(x, l, k), max));
        line_store(y, l, k, e);
        sum = v_add(sum, e);
    }
    const vreal share = v_div(v_set1(R(1.0)), line_total(sum, l));
    for (fnn_idx k = 0; k < l.vectors; k++)
        line_store(y, l, k, v_mul(line_load(y, l, k), share));
}

FNN_INLINE void softmax_line_gradient(real *dx, const real *dy, const real *y, axis_line l)
{
    vreal sum = v_set1(R(0.0));
    for (fnn_idx k = 0; k < l.vectors; k++)
        sum = v_fma(line_load(dy, l, k), line_load(y, l, k), sum);
    sum = line_total(sum, l);
    for (fnn_idx k = 0; k < l.vectors; k++)
        line_store(dx, l, k, v_mul(line_load(y, l, k), v_sub(line_load(dy, l, k), sum)));
}

FNN_INLINE void log_softmax_line(real *y, const real *x, const real *unused, axis_line l)
{
    const vreal max = line_maximum(x, l);
    vreal sum = v_set1(R(0.0));
    (void)unused;
    for (fnn_idx k = 0; k < l.vectors; k++)
        sum = v_add(sum, v_exp(v_sub(line_load_lowest(x, l, k), max)));
    const vreal log_sum = v_log(line_total(sum, l));
    for (fnn_idx k = 0; k < l.vectors; k++)
        line_store(y, l, k, v_sub(v_sub(line_load(x, l, k), max), log_sum));
}

FNN_INLINE void log_softmax_line_gradient(real *dx, const real *dy, const real *y, axis_line l)
{
    vreal sum = v_set1(R(0.0));
    for (fnn_idx k = 0; k < l.vectors; k++)
        sum = v_add(sum, line_load(dy, l, k));
    sum = line_total(sum, l);
    for (fnn_idx k = 0; k < l.vectors; k++)
        line_store(dx, l, k, v_fnma(v_exp(line_load(y, l, k)), sum, line_load(dy, l, k)));
}

typedef void line_fn(real *out, const real *a, const real *b, axis_line l);

FNN_INLINE void each_line(line_fn *f, real *out, const real *a, const real *b, fnn_idx outer, fnn_idx n,
                          fnn_idx inner)
{
    const axis_line row = {(n + VLEN - 1) / VLEN, VLEN, n, VLEN, 1};
    for (fnn_idx i = 0; i < outer; i++, out += n * inner, a += n * inner, b += n * inner)
        if (inner == 1)
            f(out, a, b, row);
        else
            for (fnn_idx j = 0; j < inner; j += VLEN)
                f(out + j, a + j, b + j, (axis_line){n, inner, inner - j, 0, 0});
}

void KERNEL(softmax_forward)(void *y, const void *x, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    each_line(softmax_line, y, x, x, outer, n, inner);
}

void KERNEL(softmax_backward)(void *dx, const void *dy, const void *y, fnn_idx outer, fnn_idx n,
                              fnn_idx inner)
{
    each_line(softmax_line_gradient, dx, dy, y, outer, n, inner);
}

void KERNEL(log_softmax_forward)(void *y, const void *x, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    each_line(log_softmax_line, y, x, x, outer, n, inner);
}

void KERNEL(log_softmax_backward)(void *dx, const void *dy, const void *y, fnn_idx outer, fnn_idx n,
                                  fnn_idx inner)
{
    each_line(log_softmax_line_gradient, dx, dy, y, outer, n, inner);
}
