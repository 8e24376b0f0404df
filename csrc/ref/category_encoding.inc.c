/* category_encoding.inc.c - y[i, k] = min(most, how many of the n numbers of row i are k), y (m, depth). */
void KERNEL(count_categories)(void *y_, const int32_t *index, fnn_idx m, fnn_idx n, fnn_idx depth,
                              double most)
{
    real *y = y_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx k = 0; k < depth; k++) {
            double count = 0;
            for (fnn_idx j = 0; j < n; j++)
                count += index[i * n + j] == k;
            y[i * depth + k] = (real)(count < most ? count : most);
        }
}
