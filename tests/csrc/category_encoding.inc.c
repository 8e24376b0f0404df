/* category_encoding.inc.c - few and many numbers of few and many categories, counted up to 1, up to 3 and without limit. */
static void check_count_categories(void)
{
    const double most[] = {1, 3, INFINITY};
    const fnn_idx sets_of[][3] = {{0, 3, 4},  {3, 0, 4},  {1, 1, 1},   {7, 1, 10},
                                  {9, 5, 33}, {4, 50, 3}, {30, 17, 16}};
    for (int k = 0; k < COUNT(sets_of) * COUNT(most); k++) {
        const fnn_idx m = sets_of[k / 3][0], n = sets_of[k / 3][1], depth = sets_of[k / 3][2];
        begin(m, n, k);
        array y = numbers(m * depth, -1, 1);
        const int32_t *index = class_numbers(m * n, (int)depth);
        EACH_SIDE(s)
            table[s]->count_categories(y.at[s], index, m, n, depth, most[k % 3]);
        same("y", y, 0, 0);
    }
}
