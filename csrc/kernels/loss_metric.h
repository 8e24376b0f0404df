/* loss_metric.h - what losses and metrics share: the weights of rows, and a weighted sum over all elements.
 *
 *   sum over rows i of weight_i * mean over j of f(x_ij, t_ij)
 *
 * The sum over elements goes through the (m, n) array in blocks of ELEMENT_BLOCK, whatever n is, so a column of
 * outputs (n = 1) fills the vectors as well as a long row: a block is summed in `real`, the blocks in
 * double, and their order depends on m and n alone.
 */
#ifndef FNN_LOSS_METRIC_H
#define FNN_LOSS_METRIC_H

#include "../simd/math.h"
#include "../simd/rows.h"

enum { ELEMENT_BLOCK = 256 };

FNN_INLINE double row_weight(const fnn_loss_metric *s, fnn_idx i)
{
    return s->weight ? (double)((const real *)s->weight)[i / s->rows_per_weight] : 1;
}

/* The weights of the elements first ... first + n - 1: each counts for all columns of its rows. */
FNN_INLINE void element_weights(real *w, const fnn_loss_metric *s, fnn_idx first, fnn_idx n)
{
    const real *weight = s->weight;
    const fnn_idx span = s->n * s->rows_per_weight;
    fnn_idx at = first / span, left = span - first % span;
    for (fnn_idx i = 0; i < n; i++, left--) {
        if (left == 0) {
            at++;
            left = span;
        }
        w[i] = weight[at];
    }
}

typedef struct {
    real keep, base;  /* labels are smoothed: a target t becomes keep * t + base */
    real low, high;   /* bounds of a probability ... */
    real least, most; /* ... and of its -log */
    real a, b, c;     /* the kernel's own */
} element_constants;

FNN_INLINE element_constants constants_of(const fnn_loss_metric *s, fnn_idx classes)
{
    return (element_constants){
        .keep = (real)(1 - s->label_smoothing),
        .base = (real)(s->label_smoothing / (double)classes),
        .low = (real)s->clip,
        .high = (real)(1 - s->clip),
        .least = (real)-log1p(-s->clip),
        .most = (real)-log(s->clip),
        .a = (real)s->param[0],
        .b = (real)s->param[1],
        .c = (real)s->param[2],
    };
}

FNN_INLINE vreal smooth_target(vreal t, const element_constants *c)
{
    return v_fma(t, v_set1(c->keep), v_set1(c->base));
}

/* f at some elements: its value, its derivative by x, and the prediction if x is a logit. */
typedef struct {
    vreal value, gradient, p;
} element_result;

typedef element_result element_function(vreal x, vreal t, const element_constants *c);

/* The same with the sum over j divided by `share` instead of their number. */
FNN_INLINE double sum_elements_over(const fnn_loss_metric *s, fnn_idx share, element_function *f, real *dx,
                                    real *p)
{
    const real *x = s->x, *t = s->target;
    const fnn_idx size = s->m * s->n;
    const element_constants c = constants_of(s, 2);
    const vreal scale = v_set1((real)(s->scale / (double)share));
    real weight[ELEMENT_BLOCK];
    double total = 0;

    row_fill(weight, R(1.0), ELEMENT_BLOCK);
    for (fnn_idx first = 0; first < size; first += ELEMENT_BLOCK) {
        const fnn_idx n = size - first < ELEMENT_BLOCK ? size - first : ELEMENT_BLOCK;
        vreal sum = v_set1(R(0.0));
        if (s->weight)
            element_weights(weight, s, first, n);
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const fnn_idx at = first + j, left = n - j;
            const vreal w = v_load_up_to(weight + j, left);
            const element_result y = f(v_load_up_to(x + at, left), v_load_up_to(t + at, left), &c);
            sum = v_fma(w, y.value, sum); /* padding: w is 0 and y finite */
            if (dx)
                v_store_up_to(dx + at, v_mul(v_mul(w, scale), y.gradient), left);
            if (p)
                v_store_up_to(p + at, y.p, left);
        }
        total += v_sum(sum);
    }
    return total / (double)share;
}

FNN_INLINE double sum_elements(const fnn_loss_metric *s, element_function *f, real *dx, real *p)
{
    return sum_elements_over(s, s->n, f, dx, p);
}

#endif
