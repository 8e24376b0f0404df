/* masking.inc.c - valid and masked steps, in narrow and wide rows. */
static const fnn_idx steps_of[][2] = {{0, 3}, {3, 0}, {1, 1},  {30, 1}, {7, 5},
                                      {3, 4}, {2, 8}, {9, 16}, {5, 33}, {20, 17}};

#define EACH_STEPS(m, n) \
    for (int k = 0; k < COUNT(steps_of); k++) \
        for (fnn_idx m = steps_of[k][0], n = steps_of[k][1], once = (begin(m, n, 0), 1); once; once = 0)

static void check_mask_steps(void)
{
    EACH_STEPS(m, n) {
        array x = integers(m * n, 0, n < 4 ? 1 : 0), mask = numbers(m, 2, 3);
        for (fnn_idx i = 0; i < m * n; i += 2 * n + 3)
            set(x, i, i % 2 ? NAN : -1);
        EACH_SIDE(s)
            table[s]->mask_steps(mask.at[s], x.at[s], m, n, 0.0);
        same("mask", mask, 0, 0);
        EACH_SIDE(s)
            table[s]->mask_steps(mask.at[s], x.at[s], m, n, NAN);
        same("mask of no number", mask, 0, 0);
    }
}

static void check_mask_rows(void)
{
    EACH_STEPS(m, n) {
        array x = numbers(m * n, -1, 1), y = numbers(m * n, 0, 1), mask = integers(m, 0, 1);
        SPRINKLE(x, edges);
        EACH_SIDE(s)
            table[s]->mask_rows(y.at[s], x.at[s], mask.at[s], m, n);
        same("y", y, 0, 0);
        EACH_SIDE(s)
            table[s]->mask_rows(x.at[s], x.at[s], mask.at[s], m, n);
        same("x in place", x, 0, 0);
    }
}

static void check_mask_compact(void)
{
    EACH_STEPS(m, n) {
        array x = numbers(m * n, -1, 1), y = numbers(m * n, 0, 1), mask = integers(m, 0, 1);
        fnn_idx count[2];
        SPRINKLE(x, edges);
        EACH_SIDE(s)
            count[s] = table[s]->mask_compact(y.at[s], x.at[s], mask.at[s], m, n);
        near("count", 0, (double)count[TESTED], (double)count[TEXTBOOK], 0, 0);
        same("y", y, 0, 0);
        EACH_SIDE(s)
            count[s] = table[s]->mask_compact(NULL, x.at[s], mask.at[s], m, n);
        near("count", 1, (double)count[TESTED], (double)count[TEXTBOOK], 0, 0);
    }
}

static void check_mask_mean(void)
{
    EACH_STEPS(m, n) {
        array x = numbers(m * n, -1, 1), y = numbers(n, 0, 1), mask = integers(m, 0, 1);
        EACH_SIDE(s)
            table[s]->mask_mean(y.at[s], x.at[s], mask.at[s], m, n);
        same("y", y, 20, 1);
    }
}

static void check_mask_mean_backward(void)
{
    EACH_STEPS(m, n) {
        array dx = numbers(m * n, -1, 1), dy = numbers(n, 0, 1), mask = integers(m, 0, 1);
        EACH_SIDE(s)
            table[s]->mask_mean_backward(dx.at[s], dy.at[s], mask.at[s], m, n);
        same("dx", dx, 2, 0);
    }
}

static void check_mask_weights(void)
{
    EACH_STEPS(m, n) {
        array mask = integers(m * n, 0, 1), weight = numbers(m, 0, 3), y = numbers(m * n, 0, 1);
        EACH_SIDE(s)
            table[s]->mask_weights(y.at[s], mask.at[s], weight.at[s], m, n);
        same("y", y, 0, 0);
    }
}
