/* merge.inc.c - y = factor (a + b), where b may be NULL. */
void KERNEL(merge_sum)(void *y_, const void *a_, const void *b_, fnn_idx n, double factor)
{
    const real *a = a_, *b = b_;
    real *y = y_;
    for (fnn_idx i = 0; i < n; i++)
        y[i] = (real)(((double)a[i] + (b ? b[i] : 0)) * factor);
}
