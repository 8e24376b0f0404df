/* constraint.inc.c - norms along every axis of (outer, n, ld), of all or some of the columns. */
static void check_clip_norms(void)
{
    static const fnn_idx shapes[][4] = {{1, 1, 1, 1},   {3, 7, 1, 1},     {2, 1500, 1, 1}, {1, 5, 3, 3},
                                        {1, 9, 33, 33}, {2, 4, 100, 130}, {3, 2, 65, 65},  {1, 1300, 17, 17},
                                        {4, 0, 5, 5},   {0, 3, 5, 5}};
    static const double bounds[][3] = {{0, 1, 1}, {1, 1, 1}, {0.5, 2, 0.25}};
    for (int i = 0; i < COUNT(shapes); i++)
        for (int k = 0; k < COUNT(bounds); k++) {
            const fnn_idx outer = shapes[i][0], n = shapes[i][1], inner = shapes[i][2], ld = shapes[i][3];
            begin(outer, n, inner);
            array w = numbers(outer * n * ld, -1, 1);
            EACH_SIDE(s)
                table[s]->clip_norms(w.at[s], outer, n, inner, ld, bounds[k][0], bounds[k][1], bounds[k][2],
                                     1e-7);
            same("w", w, 40, 0);
        }
}

static void check_clip_negative(void)
{
    EACH_SIZE(n) {
        array w = numbers(n, -1, 1);
        SPRINKLE(w, edges);
        EACH_SIDE(s)
            table[s]->clip_negative(w.at[s], n);
        same("w", w, 0, 0);
    }
}
