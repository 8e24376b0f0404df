/* strided_copy.inc.c - boxes with their strides in every order, inside larger arrays. */
static void copied(fnn_idx dims, const fnn_idx *n, const fnn_idx *y_strides, const fnn_idx *x_strides)
{
    fnn_idx y_size = 1, x_size = 1;
    for (int i = 0; i < dims; i++) {
        y_size += (n[i] - 1) * y_strides[i];
        x_size += (n[i] - 1) * x_strides[i];
    }
    array y = numbers(y_size, -1, 1), x = numbers(x_size, -1, 1);
    SPRINKLE(x, edges);
    EACH_SIDE(s)
        table[s]->strided_copy(y.at[s], x.at[s], dims, n, y_strides, x_strides);
    same("y", y, 0, 0);
}

static void check_strided_copy(void)
{
    static const fnn_idx widths[] = {1, 2, 3, 5, 8, 13, 16, 17, 33, 70};
    for (int a = 0; a < COUNT(widths); a++)
        for (int b = 0; b < COUNT(widths); b++) {
            const fnn_idx m = widths[a], n = widths[b];
            begin(m, n, 0);
            copied(2, (fnn_idx[]){m, n}, (fnn_idx[]){n + 2, 1}, (fnn_idx[]){n, 1});
            copied(2, (fnn_idx[]){m, n}, (fnn_idx[]){n, 1}, (fnn_idx[]){0, 0});
            copied(2, (fnn_idx[]){m, n}, (fnn_idx[]){n + 1, 1}, (fnn_idx[]){1, m});
            copied(2, (fnn_idx[]){m, n}, (fnn_idx[]){1, m}, (fnn_idx[]){n + 1, 1});
            copied(2, (fnn_idx[]){m, n}, (fnn_idx[]){2 * n, 2}, (fnn_idx[]){3, 3 * m});
            copied(3, (fnn_idx[]){3, m, n}, (fnn_idx[]){n, 3 * n, 1}, (fnn_idx[]){m, 1, 3 * m});
            copied(4, (fnn_idx[]){2, 3, m, n}, (fnn_idx[]){m * n, 2 * m * n, n, 1},
                   (fnn_idx[]){3 * m * n, m * n, 1, m});
        }
}
