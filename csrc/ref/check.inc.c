/* check.inc.c - the index of the first invalid element, or -1; class numbers as int32, saturated. */
fnn_idx KERNEL(check_range)(const void *x_, fnn_idx n, double low, double high)
{
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        if (!((real)low <= x[i] && x[i] <= (real)high))
            return i;
    return -1;
}

fnn_idx KERNEL(check_binary)(const void *x_, fnn_idx n)
{
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        if (x[i] != 0 && x[i] != 1)
            return i;
    return -1;
}

fnn_idx KERNEL(check_classes)(const int32_t *x, fnn_idx n, int64_t classes, int64_t ignore_class)
{
    for (fnn_idx i = 0; i < n; i++)
        if (x[i] != ignore_class && (x[i] < 0 || x[i] >= classes))
            return i;
    return -1;
}

void KERNEL(narrow_classes)(int32_t *y, const int64_t *x, fnn_idx n)
{
    for (fnn_idx i = 0; i < n; i++) {
        y[i] = (int32_t)x[i];
        if (x[i] > INT32_MAX)
            y[i] = INT32_MAX;
        if (x[i] < INT32_MIN)
            y[i] = INT32_MIN;
    }
}
