/* merge.inc.c - with and without a second array, and in place. */
static void check_merge_sum(void)
{
    EACH_SIZE(n)
        for (int both = 0; both < 2; both++) {
            array a = numbers(n, -1, 1), b = both ? numbers(n, -1, 1) : none, y = numbers(n, 0, 1);
            SPRINKLE(a, edges);
            EACH_SIDE(s)
                table[s]->merge_sum(y.at[s], a.at[s], b.at[s], n, 0.5);
            same("y", y, 2, 2);
            EACH_SIDE(s)
                table[s]->merge_sum(a.at[s], a.at[s], b.at[s], n, 1.0);
            same("a in place", a, 2, 2);
        }
}
