/* elementwise_binary.inc.c - every op on every way to repeat one side. */
#define EACH_COMBINE(c) \
    for (fnn_idx m = 1; m <= 4; m += 3) \
        EACH_SIZE(n) \
            if (n && n <= 259) \
                for (int op = FNN_ADD; op <= FNN_POWER; op++) \
                    for (int way = 0; way < 5; way++) \
                        for (fnn_elementwise_binary c = elementwise_of(op, m, n, way), *once = &c; once; once = NULL)

/* Ways: neither is repeated, b along rows, along columns, along both; a along columns. */
static fnn_elementwise_binary elementwise_of(int op, fnn_idx m, fnn_idx n, int way)
{
    fnn_elementwise_binary c = {.op = op, .m = m, .n = n, .row = {n, n}, .column = {1, 1}};
    if (way == 1 || way == 3)
        c.row[1] = 0;
    if (way == 2 || way == 3) {
        c.column[1] = 0;
        c.row[1] = way == 2;
    }
    if (way == 4) {
        c.column[0] = 0;
        c.row[0] = 1;
    }
    begin(m, n, 10 * op + way);
    return c;
}

/* Bases of powers and divisors are positive: what happens else is for the tests in Python. */
static array elementwise_side(const fnn_elementwise_binary *c, int side)
{
    const fnn_idx rows = c->row[side] ? c->m : 1, columns = c->column[side] ? c->n : 1;
    const int positive = side ? c->op == FNN_DIVIDE : c->op == FNN_POWER;
    array x = numbers(rows * columns, positive ? 0.25 : -1, 1);
    if (c->op < FNN_DIVIDE)
        SPRINKLE(x, edges);
    if (c->op == FNN_POWER && side && x.n == 1)
        set(x, 0, (double)(c->n % 4)); /* whole exponents have loops of their own */
    return x;
}

static void check_elementwise_binary_forward(void)
{
    EACH_COMBINE(c)
    {
        array a = elementwise_side(&c, 0), b = elementwise_side(&c, 1), y = numbers(m * n, 0, 1);
        EACH_SIDE(s)
            table[s]->elementwise_binary_forward(y.at[s], a.at[s], b.at[s], &c);
        same("y", y, 4, 1);
    }
}

static void check_elementwise_binary_backward(void)
{
    EACH_COMBINE(c)
    {
        array a = elementwise_side(&c, 0), b = elementwise_side(&c, 1), dy = numbers(m * n, -1, 1);
        for (int side = 0; side < 2; side++) {
            array dx = numbers(side ? b.n : a.n, -1, 1);
            for (c.accumulate = 0; c.accumulate < 2; c.accumulate++)
                EACH_SIDE(s)
                    table[s]->elementwise_binary_backward(dx.at[s], dy.at[s], a.at[s], b.at[s], &c, side);
            same("dx", dx, 40, 20);
        }
    }
}
