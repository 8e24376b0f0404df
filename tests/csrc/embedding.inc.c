/* embedding.inc.c - valid numbers, and one invalid number at a time; narrow and wide rows, some of their columns. */
static void check_embedding_indices(void)
{
    const double bad[] = {-1, 10, 0.5, NAN, INFINITY, -INFINITY, 1e30};
    EACH_SIZE(n) {
        array x = integers(n, 0, 9);
        for (fnn_idx i = -1; i < n; i += 1 + n / 9) {
            const double good = i >= 0 ? get(x.at[TEXTBOOK], i) : 0;
            fnn_idx at[SIDES];
            int32_t *index[SIDES];
            if (i >= 0)
                set(x, i, bad[i % COUNT(bad)]);
            EACH_SIDE(s) {
                index[s] = allocate(n * (fnn_idx)sizeof **index);
                at[s] = table[s]->embedding_indices(index[s], x.at[s], n, 10);
            }
            near("place", i, (double)at[TESTED], (double)at[TEXTBOOK], 0, 0);
            for (fnn_idx j = 0; j < (i < 0 ? n : i); j++)
                near("index", j, index[TESTED][j], index[TEXTBOOK][j], 0, 0);
            if (i >= 0)
                set(x, i, good);
        }
    }
}

static void check_embedding_forward(void)
{
    for (fnn_idx n = 1; n < 70; n += 4) {
        begin(13, n, 0);
        array rows = numbers(10 * n, -1, 1), y = numbers(13 * n, 0, 1);
        const int32_t *index = class_numbers(13, 10);
        EACH_SIDE(s)
            table[s]->embedding_forward(y.at[s], rows.at[s], index, 13, n);
        same("y", y, 0, 0);
    }
}

static void check_embedding_backward(void)
{
    for (fnn_idx n = 1; n < 70; n += 4) {
        begin(33, n, 0);
        array sums = numbers(10 * (n + 3), -1, 1), dy = numbers(33 * (n + 3), -1, 1);
        const int32_t *index = class_numbers(33, 10);
        EACH_SIDE(s)
            table[s]->embedding_backward(sums.at[s], dy.at[s], index, 33, n, n + 3);
        same("dtable", sums, 0, 0);
    }
}

static uint8_t *mark_rows(int s, fnn_idx rows, const int32_t *index, fnn_idx m)
{
    uint8_t *touched = allocate(rows);
    memset(touched, 0, (size_t)rows);
    table[s]->embedding_mark(touched, index, m);
    return touched;
}

static void check_embedding_mark(void)
{
    EACH_SIZE(m) {
        const int32_t *index = class_numbers(m, 50);
        uint8_t *touched[SIDES];
        EACH_SIDE(s)
            touched[s] = mark_rows(s, 50, index, m);
        for (fnn_idx i = 0; i < 50; i++)
            near("touched", i, touched[TESTED][i], touched[TEXTBOOK][i], 0, 0);
    }
}

static void check_embedding_clear(void)
{
    for (fnn_idx n = 1; n < 70; n += 4) {
        begin(50, n, 0);
        array sums = numbers(50 * n, -1, 1);
        const int32_t *index = class_numbers(20, 50);
        SPRINKLE(sums, edges);
        EACH_SIDE(s) {
            uint8_t *touched = mark_rows(s, 50, index, 20);
            table[s]->embedding_clear(sums.at[s], touched, 50, n);
            for (fnn_idx i = 0; i < 50; i++)
                near("touched", i, touched[i], 0, 0, 0);
        }
        same("dtable", sums, 0, 0);
    }
}
