/* merge.inc.c - the sum of two arrays of n elements: y = factor (a + b), where b may be NULL for zeros and y be a. */
static void merge_sum(void *y_, const void *a_, const void *b_, fnn_idx n, double factor)
{
    const vreal scale = v_set1((real)factor);
    const real *a = a_, *b = b_;
    real *y = y_;
    for (fnn_idx i = 0; i < n; i += VLEN) {
        vreal sum = v_load_up_to(a + i, n - i);
        if (b)
            sum = v_add(sum, v_load_up_to(b + i, n - i));
        v_store_up_to(y + i, v_mul(sum, scale), n - i);
    }
}
