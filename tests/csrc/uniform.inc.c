/* uniform.inc.c - the same numbers, bit for bit, wherever a range begins in the step's stream of random words. */
static void check_uniform(void)
{
    EACH_STRETCH(first, n, r) {
        begin(first, n, 0);
        double *u[SIDES];
        EACH_SIDE(s) {
            u[s] = allocate(n * (fnn_idx)sizeof(double));
            table[s]->uniform(u[s], first, n, &r);
        }
        for (fnn_idx i = 0; i < n; i++)
            near("u", i, u[TESTED][i], u[TEXTBOOK][i], 0, 0);
    }
}

static void check_uniform_between(void)
{
    EACH_STRETCH(first, n, r) {
        begin(first, n, 0);
        double *range = allocate(2 * n * (fnn_idx)sizeof(double)), *u[SIDES];
        for (fnn_idx i = 0; i < 2 * n; i++)
            range[i] = random_number(-3, 3);
        EACH_SIDE(s) {
            u[s] = allocate(n * (fnn_idx)sizeof(double));
            table[s]->uniform_between(u[s], range, first, n, &r);
        }
        for (fnn_idx i = 0; i < n; i++)
            near("u", i, u[TESTED][i], u[TEXTBOOK][i], 0, 0);
    }
}
