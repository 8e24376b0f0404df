/* affine.inc.c - y[i][j] = x[i][j] * scale[j] + shift[j]; x and y (m, n) may be the same, shift NULL for zeros. */
static void affine(void *y_, const void *x_, const void *scale_, const void *shift_, fnn_idx m, fnn_idx n)
{
    real *y = y_;
    const real *x = x_, *scale = scale_, *shift = shift_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            y[i * n + j] = (real)((double)x[i * n + j] * scale[j] + (shift ? shift[j] : 0));
}
