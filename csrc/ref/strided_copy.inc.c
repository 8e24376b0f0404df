/* strided_copy.inc.c - y[i0 y0 + i1 y1 + ...] = x[i0 x0 + i1 x1 + ...] for every index i of the box n. */
void KERNEL(strided_copy)(void *y_, const void *x_, fnn_idx dims, const fnn_idx *n, const fnn_idx *y_strides,
                          const fnn_idx *x_strides)
{
    real *y = y_;
    const real *x = x_;
    if (dims == 0)
        *y = *x;
    else
        for (fnn_idx i = 0; i < *n; i++)
            KERNEL(strided_copy)(y + i * *y_strides, x + i * *x_strides, dims - 1, n + 1, y_strides + 1,
                                 x_strides + 1);
}
