/* check.inc.c - where bad input first stands, or -1. */
static fnn_idx check_range(const void *x_, fnn_idx n, double low, double high)
{
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        if (!((real)low <= x[i] && x[i] <= (real)high))
            return i;
    return -1;
}

static fnn_idx check_binary(const void *x_, fnn_idx n)
{
    const real *x = x_;
    for (fnn_idx i = 0; i < n; i++)
        if (x[i] != 0 && x[i] != 1)
            return i;
    return -1;
}

static fnn_idx check_classes(const int32_t *x, fnn_idx n, int64_t classes, int64_t ignore_class)
{
    for (fnn_idx i = 0; i < n; i++)
        if (x[i] != ignore_class && (x[i] < 0 || x[i] >= classes))
            return i;
    return -1;
}
