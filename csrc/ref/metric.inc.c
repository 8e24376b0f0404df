/* metric.inc.c - the share of right predictions, row by row. */
double KERNEL(accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++)
        for (fnn_idx j = 0; j < s->n; j++)
            total += row_weight(s, i) * (x[i * s->n + j] == t[i * s->n + j]) / (double)s->n;
    return total;
}

double KERNEL(binary_accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++)
        for (fnn_idx j = 0; j < s->n; j++) {
            const real predicted = x[i * s->n + j] > (real)s->param[0];
            total += row_weight(s, i) * (predicted == t[i * s->n + j]) / (double)s->n;
        }
    return total;
}

/* Of what is a number; n if nothing is. */
static fnn_idx first_maximum(const real *x, fnn_idx n)
{
    fnn_idx at = n;
    for (fnn_idx j = 0; j < n; j++)
        if (x[j] == x[j] && (at == n || x[j] > x[at]))
            at = j;
    return at;
}

double KERNEL(categorical_accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++) {
        const fnn_idx at = first_maximum(x + i * s->n, s->n);
        total += at < s->n && at == first_maximum(t + i * s->n, s->n) ? row_weight(s, i) : 0;
    }
    return total;
}

double KERNEL(sparse_categorical_accuracy)(const fnn_loss_metric *s)
{
    const real *x = s->x;
    const int32_t *target = s->target;
    double total = 0;
    for (fnn_idx i = 0; i < s->m; i++)
        if (target[i] != s->ignore_class && target[i] == first_maximum(x + i * s->n, s->n))
            total += row_weight(s, i);
    return total;
}
