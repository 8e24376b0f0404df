/* discretization.inc.c - no bound to many bounds; numbers on a bound and beyond all bounds, and NaN. */
static void check_bin_numbers(void)
{
    EACH_SIZE(n) {
        array x = integers(n, -5, 9), y = numbers(n, 0, 1), bounds = integers(20, 0, 0);
        for (fnn_idx i = 0; i < 20; i++)
            set(bounds, i, -3 + 0.5 * (double)i);
        SPRINKLE(x, edges);
        for (fnn_idx count = 0; count <= 20; count += 4) {
            EACH_SIDE(s)
                table[s]->bin_numbers(y.at[s], x.at[s], bounds.at[s], n, count);
            same("y", y, 0, 0);
            EACH_SIDE(s)
                table[s]->bin_numbers(y.at[s], y.at[s], bounds.at[s], n, count);
            same("y in place", y, 0, 0);
        }
    }
}
