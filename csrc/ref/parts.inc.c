/* parts.inc.c - y[i] (+)= the sum over p of parts[p][i]; y is (n), a part (n), parts are `step` elements apart. */
void KERNEL(add_parts)(void *y_, const void *parts_, fnn_idx n, fnn_idx count, fnn_idx step, int accumulate)
{
    real *y = y_;
    const real *parts = parts_;
    for (fnn_idx i = 0; i < n; i++) {
        double sum = accumulate ? y[i] : 0;
        for (fnn_idx p = 0; p < count; p++)
            sum += parts[p * step + i];
        y[i] = (real)sum;
    }
}

/* sums[j] (+)= the sum over i of x[i][j]; sums is (n), x (m, n). */
void KERNEL(column_sums)(void *sums_, const void *x_, fnn_idx m, fnn_idx n, int accumulate)
{
    real *sums = sums_;
    const real *x = x_;
    for (fnn_idx j = 0; j < n; j++) {
        double sum = accumulate ? sums[j] : 0;
        for (fnn_idx i = 0; i < m; i++)
            sum += x[i * n + j];
        sums[j] = (real)sum;
    }
}
