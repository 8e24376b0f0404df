/* masking.inc.c - which rows of x (m, n) have an element other than `value` (mask 1, else 0); the rows of x whose mask
 * is 1, and 0 in place of the others; the mean of those rows, and its gradient; and masks (m, n) times weights (m).
 */
void KERNEL(mask_steps)(void *mask_, const void *x_, fnn_idx m, fnn_idx n, double value)
{
    const real *x = x_;
    real *mask = mask_;
    for (fnn_idx i = 0; i < m; i++) {
        mask[i] = 0;
        for (fnn_idx j = 0; j < n; j++)
            if (!(x[i * n + j] == (real)value))
                mask[i] = 1;
    }
}

void KERNEL(mask_rows)(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            y[i * n + j] = mask[i] == 0 ? 0 : x[i * n + j];
}

/* The valid rows of x, one after the other, and how many they are; y may be NULL. */
fnn_idx KERNEL(mask_compact)(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    fnn_idx count = 0;
    for (fnn_idx i = 0; i < m; i++)
        if (mask[i] != 0) {
            for (fnn_idx j = 0; y && j < n; j++)
                y[count * n + j] = x[i * n + j];
            count++;
        }
    return count;
}

static double mask_count(const real *mask, fnn_idx m)
{
    double count = 0;
    for (fnn_idx i = 0; i < m; i++)
        count += mask[i];
    return count;
}

void KERNEL(mask_mean)(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    for (fnn_idx j = 0; j < n; j++) {
        double sum = 0;
        for (fnn_idx i = 0; i < m; i++)
            sum += (double)mask[i] * x[i * n + j];
        y[j] = (real)(sum / mask_count(mask, m));
    }
}

void KERNEL(mask_mean_backward)(void *dx_, const void *dy_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *dy = dy_, *mask = mask_;
    real *dx = dx_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            dx[i * n + j] = (real)((double)mask[i] * dy[j] / mask_count(mask, m));
}

void KERNEL(mask_weights)(void *y_, const void *mask_, const void *weight_, fnn_idx m, fnn_idx n)
{
    const real *mask = mask_, *weight = weight_;
    real *y = y_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            y[i * n + j] = mask[i * n + j] * weight[i];
}
