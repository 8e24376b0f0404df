/* embedding.inc.c - y[i] = table[index[i]] and its gradient: dtable[index[i]] += dy[i]; which rows an index refers to,
 * and those rows set to 0.
 */
fnn_idx KERNEL(embedding_indices)(int32_t *index, const void *x_, fnn_idx n, fnn_idx limit)
{
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++) {
        if (!(x[i] >= 0 && (double)x[i] < (double)limit && (double)x[i] == floor((double)x[i])))
            return i;
        index[i] = (int32_t)x[i];
    }
    return -1;
}

void KERNEL(embedding_forward)(void *y_, const void *table_, const int32_t *index, fnn_idx m, fnn_idx n)
{
    const real *table = table_;
    real *y = y_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            y[i * n + j] = table[index[i] * n + j];
}

void KERNEL(embedding_backward)(void *dtable_, const void *dy_, const int32_t *index, fnn_idx m, fnn_idx n,
                                fnn_idx row)
{
    const real *dy = dy_;
    real *dtable = dtable_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            dtable[index[i] * row + j] += dy[i * row + j];
}

void KERNEL(embedding_mark)(uint8_t *touched, const int32_t *index, fnn_idx m)
{
    for (fnn_idx i = 0; i < m; i++)
        touched[index[i]] = 1;
}

void KERNEL(embedding_clear)(void *dtable_, uint8_t *touched, fnn_idx rows, fnn_idx n)
{
    real *dtable = dtable_;
    for (fnn_idx i = 0; i < rows; i++) {
        for (fnn_idx j = 0; j < n; j++)
            dtable[i * n + j] = touched[i] ? 0 : dtable[i * n + j];
        touched[i] = 0;
    }
}
