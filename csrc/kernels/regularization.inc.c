/* regularization.inc.c - the sum of squares of an array, and an L1 and L2 penalty with its gradient.
 *
 *   sum_squares      sum x^2
 *   regularization   l1 sum |w| + l2 sum w^2       dw += l1 sign(w) + 2 l2 w, with sign(0) = 0
 *
 * Sums are of type real within a block of SUM_BLOCK and double over blocks: so float sums stay accurate however
 * long the array is, and their order is fixed.
 */
#include "../simd/rows.h"

enum { SUM_BLOCK = 1024 };

double KERNEL(sum_squares)(const void *x_, fnn_idx n)
{
    const real *x = x_;
    double total = 0;
    for (fnn_idx first = 0; first < n; first += SUM_BLOCK) {
        const fnn_idx end = n - first < SUM_BLOCK ? n : first + SUM_BLOCK;
        vreal sum = v_set1(R(0.0));
        for (fnn_idx i = first; i < end; i += VLEN) {
            const vreal xi = v_load_up_to(x + i, end - i);
            sum = v_fma(xi, xi, sum);
        }
        total += v_sum(sum);
    }
    return total;
}

double KERNEL(regularization)(void *dw_, const void *w_, fnn_idx n, double l1, double l2)
{
    real *dw = dw_;
    const real *w = w_;
    const vreal sign = v_set1((real)l1), slope = v_set1((real)(2 * l2)), zero = v_set1(R(0.0));
    double absolutes = 0, squares = 0;
    for (fnn_idx first = 0; first < n; first += SUM_BLOCK) {
        const fnn_idx end = n - first < SUM_BLOCK ? n : first + SUM_BLOCK;
        vreal sum_1 = zero, sum_2 = zero;
        for (fnn_idx i = first; i < end; i += VLEN) {
            const vreal wi = v_load_up_to(w + i, end - i);
            sum_1 = v_add(sum_1, v_abs(wi));
            sum_2 = v_fma(wi, wi, sum_2);
            if (dw) {
                const vreal side = v_select(v_eq(wi, zero), zero, v_copysign(sign, wi));
                const vreal sum = v_add(v_load_up_to(dw + i, end - i), v_fma(slope, wi, side));
                v_store_up_to(dw + i, sum, end - i);
            }
        }
        absolutes += v_sum(sum_1);
        squares += v_sum(sum_2);
    }
    return l1 * absolutes + l2 * squares;
}
