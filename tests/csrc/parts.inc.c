/* parts.inc.c - sums in parts and over rows. */
static void check_add_parts(void)
{
    EACH_SIZE(n) {
        array y = numbers(n, -1, 1), parts = numbers(3 * (n + 1), -1, 1);
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            EACH_SIDE(s)
                table[s]->add_parts(y.at[s], parts.at[s], n, 3, n + 1, accumulate);
            same("y", y, 4, 4);
        }
    }
}

static void check_column_sums(void)
{
    EACH_SIZE(m) {
        for (int n = 1; n < 40; n += 6) {
            array sums = numbers(n, -1, 1), x = numbers(m * n, -1, 1);
            EACH_SIDE(s)
                table[s]->column_sums(sums.at[s], x.at[s], m, n, n % 2);
            same("sums", sums, 60, 8);
        }
    }
}
