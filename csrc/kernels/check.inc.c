/* check.inc.c - the index of the first invalid element, or -1: check_range finds a number outside [low, high] or NaN,
 * check_binary one that is neither 0 nor 1, check_classes a class number outside 0 ... classes - 1 that is not
 * ignore_class. narrow_classes converts class numbers to int32, out of range where they were.
 */
fnn_idx KERNEL(check_range)(const void *x_, fnn_idx n, double low, double high)
{
    const real *x = x_;
    const vreal lowest = v_set1((real)low), highest = v_set1((real)high);
    fnn_idx i = 0;
    for (; i + VLEN <= n; i += VLEN) {
        const vreal xi = v_load(x + i);
        if (m_any(m_or(m_or(v_lt(xi, lowest), v_lt(highest, xi)), v_isnan(xi))))
            break;
    }
    for (; i < n; i++)
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

/* Class numbers are one a row, so these loops are scalar. */
fnn_idx KERNEL(check_classes)(const int32_t *x, fnn_idx n, int64_t classes, int64_t ignore_class)
{
    for (fnn_idx i = 0; i < n; i++)
        if ((x[i] < 0 || x[i] >= classes) && x[i] != ignore_class)
            return i;
    return -1;
}

void KERNEL(narrow_classes)(int32_t *y, const int64_t *x, fnn_idx n)
{
    for (fnn_idx i = 0; i < n; i++)
        y[i] = (int32_t)(x[i] < INT32_MIN ? INT32_MIN : x[i] > INT32_MAX ? INT32_MAX : x[i]);
}
