/* adjust.inc.c - y = clip(factor x + (1 - factor) mean(x) + delta, low, high), where x is (m, n) and the mean is
 * that of a column; and its gradient. The workspace is not used.
 */
static double column_mean(const real *x, fnn_idx m, fnn_idx n, fnn_idx j)
{
    double sum = 0;
    for (fnn_idx i = 0; i < m; i++)
        sum += x[i * n + j];
    return sum / (double)m;
}

void KERNEL(adjust_forward)(void *y_, const void *x_, void *workspace, fnn_idx m, fnn_idx n, double factor,
                            double delta, double low, double high)
{
    real *y = y_;
    const real *x = x_;
    (void)workspace;
    for (fnn_idx j = 0; j < n; j++) {
        const double shift = (1 - factor) * column_mean(x, m, n, j) + delta;
        for (fnn_idx i = 0; i < m; i++) {
            const double value = factor * x[i * n + j] + shift;
            y[i * n + j] = (real)(value < low ? low : value > high ? high : value);
        }
    }
}

void KERNEL(adjust_backward)(void *dx_, const void *dy_, const void *x_, void *workspace, fnn_idx m,
                             fnn_idx n, double factor, double delta, double low, double high)
{
    real *dx = dx_;
    const real *dy = dy_, *x = x_;
    (void)workspace;
    for (fnn_idx j = 0; j < n; j++) {
        const double shift = (1 - factor) * column_mean(x, m, n, j) + delta;
        for (fnn_idx i = 0; i < m; i++) {
            const double value = factor * x[i * n + j] + shift;
            dx[i * n + j] = value < low || value > high ? 0 : dy[i * n + j];
        }
        const double mean = column_mean(dx, m, n, j);
        for (fnn_idx i = 0; i < m; i++)
            dx[i * n + j] = (real)(factor * dx[i * n + j] + (1 - factor) * mean);
    }
}
