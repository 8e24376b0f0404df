/* indexed.inc.c - arrays through an index map: y[i] = x[index[i]]; y[i][j] = x[i][j] factor[i ld + index[j]], with x
 * and y (m, n); y[index[i]] += x[i]; and the first for rows of so many bytes.
 */
void KERNEL(gather)(void *y_, const void *x_, const fnn_idx *index, fnn_idx n)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        y[i] = x[index[i]];
}

void KERNEL(gather_multiply)(void *y_, const void *x_, const void *factor_, const fnn_idx *index, fnn_idx m,
                             fnn_idx n, fnn_idx ld)
{
    real *y = y_;
    const real *x = x_, *factor = factor_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            y[i * n + j] = x[i * n + j] * factor[i * ld + index[j]];
}

void KERNEL(scatter_add)(void *y_, const void *x_, const fnn_idx *index, fnn_idx n)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        y[index[i]] += x[i];
}

void KERNEL(gather_rows)(void *y_, const void *x_, const fnn_idx *index, fnn_idx m, fnn_idx bytes)
{
    char *y = y_;
    const char *x = x_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx b = 0; b < bytes; b++)
            y[i * bytes + b] = x[index[i] * bytes + b];
}
