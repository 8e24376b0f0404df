/* masking.inc.c - which steps of a sequence count: mask[i] is 1 where row i of x (m, n) has an element that is not
 * `value`, else 0. NaN is not any value, so a step of it counts.
 */
static void mask_steps(void *mask_, const void *x_, fnn_idx m, fnn_idx n, double value)
{
    const vreal left_out = v_set1((real)value);
    const real *x = x_;
    real *mask = mask_;
    for (fnn_idx i = 0; i < m; i++, x += n) {
        int counts = 0;
        for (fnn_idx j = 0; j < n && !counts; j += VLEN) {
            const vreal xj = v_load_up_to_or(x + j, n - j, left_out);
            counts = m_any(m_or(m_or(v_lt(xj, left_out), v_lt(left_out, xj)), v_isnan(xj)));
        }
        mask[i] = counts ? R(1.0) : R(0.0);
    }
}

/* y = x in the rows that count, else 0. */
static void mask_rows(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    for (fnn_idx i = 0; i < m; i++, x += n, y += n) {
        if (mask[i] == R(0.0))
            row_fill(y, R(0.0), n);
        else
            for (fnn_idx j = 0; j < n; j += VLEN)
                v_store_up_to(y + j, v_load_up_to(x + j, n - j), n - j);
    }
}

/* y = the rows of x that count, one after the other; y is (m, n) for the most there may be, or NULL to count them. */
static fnn_idx mask_compact(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    fnn_idx count = 0;
    for (fnn_idx i = 0; i < m; i++) {
        if (mask[i] == R(0.0))
            continue;
        for (fnn_idx j = 0; y && j < n; j += VLEN)
            v_store_up_to(y + count * n + j, v_load_up_to(x + i * n + j, n - j), n - j);
        count++;
    }
    return count;
}

/* y (n) = the mean of the rows of x (m, n) that count; of none, NaN. */
static void mask_mean(void *y_, const void *x_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *x = x_, *mask = mask_;
    real *y = y_;
    const vreal count = v_set1(row_sum(mask, m));
    for (fnn_idx j = 0; j < n; j += VLEN) {
        vreal sum = v_set1(R(0.0));
        for (fnn_idx i = 0; i < m; i++)
            sum = v_fma(v_set1(mask[i]), v_load_up_to(x + i * n + j, n - j), sum);
        v_store_up_to(y + j, v_div(sum, count), n - j);
    }
}

static void mask_mean_backward(void *dx_, const void *dy_, const void *mask_, fnn_idx m, fnn_idx n)
{
    const real *dy = dy_, *mask = mask_;
    real *dx = dx_;
    const vreal count = v_set1(row_sum(mask, m));
    for (fnn_idx i = 0; i < m; i++, dx += n)
        for (fnn_idx j = 0; j < n; j += VLEN)
            v_store_up_to(dx + j, v_div(v_mul(v_set1(mask[i]), v_load_up_to(dy + j, n - j)), count), n - j);
}
