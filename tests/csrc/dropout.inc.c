/* dropout.inc.c - the same elements are kept, wherever a range begins in the step's stream of random words. */
#define EACH_STRETCH(first, n, r) \
    EACH_SIZE(n) \
        for (int turn = 0; turn < 6; turn++) \
            for (fnn_idx first = turn < 4 ? turn : ((fnn_idx)1 << 34) - turn, once = 1; once; once = 0) \
                for (const fnn_random r = {{7, 11}, 0x100000002 + (uint64_t)turn, turn * 0.19}; once; \
                     once = 0)

static void check_dropout(void)
{
    EACH_STRETCH(first, n, r) {
        begin(first, n, 0);
        array x = numbers(n, -1, 1), y = numbers(n, 0, 1);
        SPRINKLE(x, edges);
        EACH_SIDE(s)
            table[s]->dropout(y.at[s], x.at[s], first, n, &r);
        same("y", y, 0, 0);
        EACH_SIDE(s)
            table[s]->dropout(x.at[s], x.at[s], first, n, &r);
        same("x in place", x, 0, 0);
    }
}

static void check_dropout_mask(void)
{
    EACH_STRETCH(first, n, r) {
        begin(first, n, 0);
        array mask = numbers(n, 0, 1);
        EACH_SIDE(s)
            table[s]->dropout_mask(mask.at[s], first, n, &r);
        same("mask", mask, 0, 0);
    }
}
