/* prelu.inc.c - y = x where x > 0, else alpha x, with y and x (m, n) and alpha (n). dx = dy or alpha dy; dalpha (n) gets
 * the column sums of dy x over the elements where x <= 0 added to it.
 */
void KERNEL(prelu_forward)(void *y_, const void *x_, const void *alpha_, fnn_idx m, fnn_idx n)
{
    real *y = y_;
    const real *x = x_, *alpha = alpha_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            y[i * n + j] = x[i * n + j] > 0 ? x[i * n + j] : alpha[j] * x[i * n + j];
}

void KERNEL(prelu_backward)(void *dx_, void *dalpha_, const void *dy_, const void *x_, const void *alpha_,
                            fnn_idx m, fnn_idx n)
{
    real *dx = dx_, *dalpha = dalpha_;
    const real *dy = dy_, *x = x_, *alpha = alpha_;
    for (fnn_idx j = 0; j < n; j++) {
        double sum = dalpha[j];
        for (fnn_idx i = 0; i < m; i++) {
            const fnn_idx at = i * n + j;
            sum += x[at] > 0 ? 0 : (double)dy[at] * x[at];
            dx[at] = x[at] > 0 ? dy[at] : alpha[j] * dy[at];
        }
        dalpha[j] = (real)sum;
    }
}
