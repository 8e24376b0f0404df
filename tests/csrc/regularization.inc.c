/* regularization.inc.c - sums over arrays longer than a block. */
static void check_sum_squares(void)
{
    EACH_SIZE(n) {
        array x = numbers(n, -1, 1);
        double sum[SIDES];
        EACH_SIDE(s)
            sum[s] = table[s]->sum_squares(x.at[s], n);
        near("sum", 0, sum[TESTED], sum[TEXTBOOK], 40, 0);
    }
}

static void check_regularization(void)
{
    EACH_SIZE(n)
        for (int gradient = 0; gradient < 2; gradient++) {
            begin(n, gradient, 0);
            array w = numbers(n, -1, 1), dw = gradient ? numbers(n, -1, 1) : none;
            double penalty[SIDES];
            if (n)
                set(w, n / 2, 0);
            EACH_SIDE(s)
                penalty[s] = table[s]->regularization(dw.at[s], w.at[s], n, 0.01, 0.02);
            near("penalty", 0, penalty[TESTED], penalty[TEXTBOOK], 40, 0);
            same("dw", dw, 2, 1);
        }
}
