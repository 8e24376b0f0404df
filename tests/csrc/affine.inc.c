/* affine.inc.c - rows shorter and longer than a block; variances below epsilon, negative ones and NaN. */
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

#define STANDARDIZE(name) \
    static void check_##name(void) \
    { \
        EACH_SIZE(n) { \
            array mean = numbers(9, -2, 2), variance = numbers(9, 0, 3); \
            array scale = numbers(n, 0, 1), shift = numbers(n, 0, 1); \
            const fnn_idx *index = index_map(n, 9); \
            SPRINKLE(variance, edges); \
            EACH_SIDE(s) \
                table[s]->name(scale.at[s], shift.at[s], mean.at[s], variance.at[s], index, n, 1e-3); \
            same("scale", scale, 0, 0); \
            same("shift", shift, 0, 0); \
        } \
    }

STANDARDIZE(standardize_scale)
STANDARDIZE(destandardize_scale)
#undef STANDARDIZE
