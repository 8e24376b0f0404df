/* prelu.inc.c - y = x where x > 0, else alpha x, and its gradients.
 *
 *   x, y, dx, dy   (m, n); y may be x, and dx may be dy
 *   alpha          (n); dalpha (n) gets the column sums of dy x over the elements where x <= 0 added to it
 */
#include "../simd/rows.h"

FNN_INLINE vreal where_positive(vreal x, vreal yes, vreal no)
{
    return v_select(v_lt(v_set1(R(0.0)), x), yes, no);
}

void KERNEL(prelu_forward)(void *y_, const void *x_, const void *alpha_, fnn_idx m, fnn_idx n)
{
    real *y = y_;
    const real *x = x_, *alpha = alpha_;
    for (fnn_idx i = 0; i < m; i++, y += n, x += n)
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal xj = v_load_up_to(x + j, n - j);
            v_store_up_to(y + j, where_positive(xj, xj, v_mul(v_load_up_to(alpha + j, n - j), xj)), n - j);
        }
}

void KERNEL(prelu_backward)(void *dx_, void *dalpha_, const void *dy_, const void *x_, const void *alpha_,
                            fnn_idx m, fnn_idx n)
{
    const vreal zero = v_set1(R(0.0)), one = v_set1(R(1.0));
    real *dx = dx_, *dalpha = dalpha_;
    const real *dy = dy_, *x = x_, *alpha = alpha_;
    for (fnn_idx i = 0; i < m; i++, dx += n, dy += n, x += n)
        for (fnn_idx j = 0; j < n; j += VLEN) {
            const vreal xj = v_load_up_to(x + j, n - j), dyj = v_load_up_to(dy + j, n - j);
            const vreal slope = where_positive(xj, one, v_load_up_to(alpha + j, n - j));
            const vreal sum = v_fma(dyj, where_positive(xj, zero, xj), v_load_up_to(dalpha + j, n - j));
            v_store_up_to(dx + j, v_mul(dyj, slope), n - j);
            v_store_up_to(dalpha + j, sum, n - j);
        }
}
