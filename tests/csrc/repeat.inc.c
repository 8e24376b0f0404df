/* repeat.inc.c - elements several times, and their sums. */
static void check_repeat_channels(void)
{
    EACH_SIZE(n) {
        array x = numbers(n, -1, 1), y = numbers(3 * n, -1, 1);
        EACH_SIDE(s)
            table[s]->repeat_channels(y.at[s], x.at[s], n, 3);
        same("y", y, 0, 0);
    }
}

static void check_sum_repeated(void)
{
    EACH_SIZE(n) {
        array dy = numbers(3 * n, -1, 1), dx = numbers(n, -1, 1);
        EACH_SIDE(s)
            table[s]->sum_repeated(dx.at[s], dy.at[s], n, 3);
        same("dx", dx, 2, 1);
    }
}
