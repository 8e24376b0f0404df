/* indexed.inc.c - index maps into short and long arrays, with entries that occur several times. */
static fnn_idx *index_map(fnn_idx n, fnn_idx limit)
{
    fnn_idx *index = allocate(n * (fnn_idx)sizeof *index);
    for (fnn_idx i = 0; i < n; i++)
        index[i] = (fnn_idx)(random_bits() % (uint64_t)limit);
    return index;
}

static void check_gather(void)
{
    EACH_SIZE(n)
        for (fnn_idx limit = 1; limit < 300; limit += 71) {
            array x = numbers(limit, -1, 1), y = numbers(n, 0, 1);
            const fnn_idx *index = index_map(n, limit);
            SPRINKLE(x, edges);
            EACH_SIDE(s)
                table[s]->gather(y.at[s], x.at[s], index, n);
            same("y", y, 0, 0);
        }
}

static void check_gather_multiply(void)
{
    EACH_SIZE(n)
        for (int shared = 0; shared < 2; shared++) {
            const fnn_idx m = 5, factors = 7, ld = shared ? 0 : factors;
            begin(m, n, ld);
            array x = numbers(m * n, -1, 1), y = numbers(m * n, 0, 1), factor = numbers(m * factors, -2, 2);
            const fnn_idx *index = index_map(n, factors);
            SPRINKLE(x, edges);
            EACH_SIDE(s)
                table[s]->gather_multiply(y.at[s], x.at[s], factor.at[s], index, m, n, ld);
            same("y", y, 0, 0);
            EACH_SIDE(s)
                table[s]->gather_multiply(x.at[s], x.at[s], factor.at[s], index, m, n, ld);
            same("x in place", x, 0, 0);
        }
}

static void check_scatter_add(void)
{
    EACH_SIZE(n)
        for (fnn_idx limit = 1; limit < 300; limit += 71) {
            array x = numbers(n, -1, 1), y = numbers(limit, 0, 1);
            const fnn_idx *index = index_map(n, limit);
            EACH_SIDE(s)
                table[s]->scatter_add(y.at[s], x.at[s], index, n);
            same("y", y, 0, 0);
        }
}

static void check_gather_rows(void)
{
    EACH_SIZE(n)
        for (fnn_idx width = 0; width < 4; width++) {
            begin(n, width, 0);
            array x = numbers(9 * width, -1, 1), y = numbers(n * width, 0, 1);
            const fnn_idx *index = index_map(n, 9);
            EACH_SIDE(s)
                table[s]->gather_rows(y.at[s], x.at[s], index, n, width * table[s]->itemsize);
            same("y", y, 0, 0);
        }
}
