/* affine.inc.c - rows shorter and longer than what is taken at a time. */
static const fnn_idx rows_of[][2] = {{0, 3},  {3, 0},   {1, 1},   {300, 1}, {50, 3}, {129, 7},
                                     {5, 64}, {4, 127}, {4, 128}, {3, 129}, {2, 300}};

static void check_affine(void)
{
    for (int i = 0; i < COUNT(rows_of); i++)
        for (int shifted = 0; shifted < 2; shifted++) {
            const fnn_idx m = rows_of[i][0], n = rows_of[i][1];
            begin(m, n, shifted);
            array x = numbers(m * n, -1, 1), y = numbers(m * n, 0, 1);
            array scale = numbers(n, -2, 2), shift = shifted ? numbers(n, -2, 2) : none;
            SPRINKLE(x, edges);
            EACH_SIDE(s)
                table[s]->affine(y.at[s], x.at[s], scale.at[s], shift.at[s], m, n);
            same("y", y, 2, 2);
            EACH_SIDE(s)
                table[s]->affine(x.at[s], x.at[s], scale.at[s], shift.at[s], m, n);
            same("x in place", x, 2, 2);
        }
}
