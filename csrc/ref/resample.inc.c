/* resample.inc.c - y[i][j][c] = sum over p, q of rows[i][p] columns[j][q] x[p][q][c]. */
fnn_idx KERNEL(resample_workspace)(const fnn_resample *r)
{
    (void)r;
    return 0;
}

void KERNEL(resample)(void *y_, const void *x_, fnn_idx begin, fnn_idx end, const fnn_resample *r,
                      void *workspace)
{
    real *y = y_;
    const real *x = x_, *rows = r->rows.weight, *columns = r->columns.weight;
    const fnn_idx *top = r->rows.first, *left = r->columns.first;
    const fnn_idx *row = r->rows.start, *column = r->columns.start;
    (void)workspace;
    for (fnn_idx i = begin; i < end; i++)
        for (fnn_idx j = 0; j < r->y_width; j++)
            for (fnn_idx c = 0; c < r->channels; c++) {
                double sum = 0;
                for (fnn_idx p = row[i]; p < row[i + 1]; p++)
                    for (fnn_idx q = column[j]; q < column[j + 1]; q++) {
                        const fnn_idx at = (top[i] + p - row[i]) * r->x_width + left[j] + q - column[j];
                        sum += (double)rows[p] * columns[q] * x[at * r->channels + c];
                    }
                y[(i * r->y_width + j) * r->channels + c] = (real)sum;
            }
}
