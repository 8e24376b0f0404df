/* weight_sum.inc.c - the sum of the weights of the rows, those of the class ignored left out. Both tables use this
 * file: it is one addition a row, in the order of the rows, in double.
 */
double KERNEL(weight_sum)(const fnn_loss_metric *s)
{
    const int32_t *target = s->target;
    const int every = s->ignore_class == INT64_MIN;
    double sum = 0;
    if (every && !s->weight)
        return (double)s->m;
    for (fnn_idx i = 0; i < s->m; i++)
        if (every || target[i] != s->ignore_class)
            sum += row_weight(s, i);
    return sum;
}
