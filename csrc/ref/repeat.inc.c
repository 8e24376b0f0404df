/* repeat.inc.c - each element several times, and the sums that are its gradient. */

/* y (n, times): each element of x (n) so many times */
void KERNEL(repeat_channels)(void *y_, const void *x_, fnn_idx n, fnn_idx times)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < n * times; i++)
        y[i] = x[i / times];
}

/* dx (n): the sums of the rows of dy (n, times) */
void KERNEL(sum_repeated)(void *dx_, const void *dy_, fnn_idx n, fnn_idx times)
{
    real *dx = dx_;
    const real *dy = dy_;
    for (fnn_idx i = 0; i < n; i++) {
        double sum = 0;
        for (fnn_idx m = 0; m < times; m++)
            sum += dy[i * times + m];
        dx[i] = (real)sum;
    }
}
