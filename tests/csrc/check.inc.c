/* check.inc.c - valid input, and input with one invalid element at a time. */
static void check_check_range(void)
{
    const double bad[] = {-0.1, 1.1, NAN, INFINITY, -INFINITY};
    EACH_SIZE(n) {
        array x = numbers(n, 0, 1);
        for (fnn_idx i = -1; i < n; i += 1 + n / 9) {
            fnn_idx at[SIDES];
            if (i >= 0)
                set(x, i, bad[i % COUNT(bad)]);
            EACH_SIDE(s)
                at[s] = table[s]->check_range(x.at[s], n, 0.0, 1.0);
            near("index", i, (double)at[TESTED], (double)at[TEXTBOOK], 0, 0);
            if (i >= 0)
                set(x, i, 0.5);
        }
    }
}

static void check_check_binary(void)
{
    for (fnn_idx n = 0; n < 40; n++) {
        begin(n, 0, 0);
        array x = integers(n, 0, 1);
        for (fnn_idx bad = n; bad >= 0; bad--) {
            fnn_idx at[SIDES];
            if (bad < n)
                set(x, bad, 0.5);
            EACH_SIDE(s)
                at[s] = table[s]->check_binary(x.at[s], n);
            near("first", 0, (double)at[TESTED], (double)at[TEXTBOOK], 0, 1);
        }
    }
}

static void check_check_classes(void)
{
    const int32_t bad[] = {-1, 10, INT32_MIN, INT32_MAX};
    EACH_SIZE(n) {
        int32_t *x = class_numbers(n, 10);
        for (fnn_idx i = -1; i < n; i += 1 + n / 9) {
            fnn_idx at[SIDES];
            if (i >= 0)
                x[i] = bad[i % COUNT(bad)];
            EACH_SIDE(s)
                at[s] = table[s]->check_classes(x, n, 10, i % 2 ? -1 : INT64_MIN);
            near("index", i, (double)at[TESTED], (double)at[TEXTBOOK], 0, 0);
            if (i >= 0)
                x[i] = 0;
        }
    }
}

static void check_narrow_classes(void)
{
    const int64_t extremes[] = {
        0, -1, INT32_MIN, INT32_MAX, (int64_t)INT32_MIN - 1, (int64_t)INT32_MAX + 1, INT64_MIN, INT64_MAX};
    EACH_SIZE(n) {
        int64_t *x = allocate(n * (fnn_idx)sizeof *x);
        int32_t *y[SIDES];
        for (fnn_idx i = 0; i < n; i++)
            x[i] = i % 3 ? extremes[i % COUNT(extremes)] : (int64_t)(random_bits() % 1000);
        EACH_SIDE(s) {
            y[s] = allocate(n * (fnn_idx)sizeof **y);
            table[s]->narrow_classes(y[s], x, n);
        }
        for (fnn_idx i = 0; i < n; i++)
            near("y", i, y[TESTED][i], y[TEXTBOOK][i], 0, 0);
    }
}
