/* rank.inc.c - is the right class among the k = param[0] largest of a row of x (m, n)? Both tables use this file:
 * counting what is larger needs no vectors to be quick.
 *
 *   top_k_categorical_accuracy          fewer than k elements are larger than that where target (m, n) is largest
 *   sparse_top_k_categorical_accuracy   the same of a class number, target (m)
 *   sparse_top_k_sorted_accuracy        the class number is one of the first k of a row of class numbers
 *
 * What is not a number counts as the least; equals of the right class do not count against it.
 */
#include <math.h>

static int among_largest(const real *x, fnn_idx n, fnn_idx at, double k)
{
    const real own = x[at] == x[at] ? x[at] : (real)-INFINITY;
    double larger = 0;
    for (fnn_idx j = 0; j < n; j++)
        larger += x[j] > own;
    return larger < k;
}

double KERNEL(top_k_categorical_accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++, x += s->n, t += s->n) {
        const fnn_idx at = first_maximum(t, s->n);
        if (at < s->n && among_largest(x, s->n, at, s->param[0]))
            total += row_weight(s, i);
    }
    return total;
}

double KERNEL(sparse_top_k_categorical_accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x;
    const int32_t *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++, x += s->n)
        if (t[i] >= 0 && t[i] < s->n && among_largest(x, s->n, t[i], s->param[0]))
            total += row_weight(s, i);
    return total;
}

double KERNEL(sparse_top_k_sorted_accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x;
    const int32_t *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++, x += s->n) {
        int found = 0;
        for (fnn_idx j = 0; j < s->n && (double)j < s->param[0]; j++)
            found |= x[j] == (real)t[i];
        total += found ? row_weight(s, i) : 0;
    }
    return total;
}
