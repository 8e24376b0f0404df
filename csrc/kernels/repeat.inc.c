/* repeat.inc.c - each element of x several times, and the sums that are its gradient.
 *
 *   repeat_channels   y[i][m] = x[i]                     x (n), y (n, times)
 *   sum_repeated      dx[i] = sum over m of dy[i][m]     dx (n), dy (n, times)
 *
 * A depthwise convolution with several filters for each channel repeats the channels of its input so.
 */

/* Calls f with `times` as a constant where the compiler then vectorizes it. */
#define TIMES(f, times, ...) \
    switch (times) { \
    case 2: \
        f(__VA_ARGS__, 2); \
        break; \
    case 4: \
        f(__VA_ARGS__, 4); \
        break; \
    default: \
        f(__VA_ARGS__, times); \
    }

FNN_INLINE void repeat(real *restrict y, const real *restrict x, fnn_idx n, fnn_idx times)
{
    for (fnn_idx i = 0; i < n; i++)
        for (fnn_idx m = 0; m < times; m++)
            y[i * times + m] = x[i];
}

void KERNEL(repeat_channels)(void *y, const void *x, fnn_idx n, fnn_idx times){TIMES(repeat, times, y, x, n)}

FNN_INLINE void sum_rows(real *restrict dx, const real *restrict dy, fnn_idx n, fnn_idx times)
{
    for (fnn_idx i = 0; i < n; i++) {
        real sum = dy[i * times];
        for (fnn_idx m = 1; m < times; m++)
            sum += dy[i * times + m];
        dx[i] = sum;
    }
}

void KERNEL(sum_repeated)(void *dx, const void *dy, fnn_idx n, fnn_idx times)
{
    TIMES(sum_rows, times, dx, dy, n)
}
#undef TIMES
