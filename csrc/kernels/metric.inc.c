/* metric.inc.c - the share of right predictions in x (m, n), summed over rows with their weights.
 *
 *   accuracy                      mean over j of x_j == t_j
 *   binary_accuracy               mean over j of (x_j > param[0]) == t_j
 *   categorical_accuracy          the first largest x_j is where the first largest t_j is
 *   sparse_categorical_accuracy   the first largest x_j is at the class number target (m)
 *
 * What is not a number is never the largest; a row of nothing else is wrong.
 */
#include "loss_metric.h"

FNN_INLINE element_result is_equal(vreal x, vreal t, const element_constants *c)
{
    (void)c;
    return (element_result){v_select(v_eq(x, t), v_set1(R(1.0)), v_set1(R(0.0))), x, x};
}

FNN_INLINE element_result is_right_class(vreal x, vreal t, const element_constants *c)
{
    const vmask above = v_lt(v_set1(c->a), x);
    return is_equal(v_select(above, v_set1(R(1.0)), v_set1(R(0.0))), t, c);
}

double KERNEL(accuracy)(const fnn_loss_metric *s) { return sum_elements(s, is_equal, NULL, NULL); }

double KERNEL(binary_accuracy)(const fnn_loss_metric *s)
{
    return sum_elements(s, is_right_class, NULL, NULL);
}

/* n if there is none */
FNN_INLINE fnn_idx first_maximum(const real *x, fnn_idx n)
{
    const real most = row_maximum(x, n);
    fnn_idx j = 0;
    while (j < n && !m_any(v_eq(v_load_up_to(x + j, n - j), v_set1(most))))
        j += VLEN;
    while (j < n && x[j] != most)
        j++;
    return j < n ? j : n;
}

double KERNEL(categorical_accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++, x += s->n, t += s->n) {
        const fnn_idx at = first_maximum(x, s->n);
        total += at < s->n && at == first_maximum(t, s->n) ? row_weight(s, i) : 0;
    }
    return total;
}

double KERNEL(sparse_categorical_accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x;
    const int32_t *target = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++, x += s->n)
        if (target[i] != s->ignore_class && target[i] == first_maximum(x, s->n))
            total += row_weight(s, i);
    return total;
}
