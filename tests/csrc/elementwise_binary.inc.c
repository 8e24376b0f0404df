/* elementwise_binary.inc.c - every op, with either side repeated within matrices, along their grid and over samples. */
#define EACH_CASE(c) \
    for (fnn_idx m = 1; m <= 4; m += 3) \
        EACH_SIZE(n) \
            if (n && n <= 259) \
                for (int op = FNN_ADD; op <= FNN_POWER; op++) \
                    for (int way = 0; way < (n <= 17 ? 15 : 5); way++) \
                        for (fnn_elementwise_binary c = elementwise_of(op, m, n, way), *once = &c; once; \
                             once = NULL)

static fnn_idx elementwise_grid[6]; /* of the case under test */

static fnn_idx elementwise_matrix_size(const fnn_elementwise_binary *c, int side)
{
    return (c->row[side] ? c->m : 1) * (c->column[side] ? c->n : 1);
}

/* A grid of 2 x 3 matrices in 2 samples, in which `whole` is not repeated and the other side is: over the samples if it
 * is b, else along the second axis.
 */
static void elementwise_in_grid(fnn_elementwise_binary *c, int whole)
{
    const fnn_idx size = elementwise_matrix_size(c, whole), other = elementwise_matrix_size(c, !whole);
    fnn_idx *const distances = elementwise_grid + 2 + 2 * whole, *const repeated =
                                                                     elementwise_grid + 4 - 2 * whole;
    elementwise_grid[0] = 2;
    elementwise_grid[1] = 3;
    distances[0] = 3 * size;
    distances[1] = size;
    repeated[0] = whole ? other : 0;
    repeated[1] = whole ? 0 : other;
    c->samples = c->dims = 2;
    c->grid = elementwise_grid;
    c->sample[whole] = 6 * size;
    c->sample[!whole] = whole ? 2 * other : 0;
}

/* Ways: no side is repeated, b along rows, along columns, along both; a along columns. Each in one matrix, and in two
 * grids of them.
 */
static fnn_elementwise_binary elementwise_of(int op, fnn_idx m, fnn_idx n, int way)
{
    fnn_elementwise_binary c = {.op = op, .m = m, .n = n, .row = {n, n}, .column = {1, 1}, .samples = 1};
    const int repeated = way % 5;
    if (repeated == 1 || repeated == 3)
        c.row[1] = 0;
    if (repeated == 2 || repeated == 3) {
        c.column[1] = 0;
        c.row[1] = repeated == 2;
    }
    if (repeated == 4) {
        c.column[0] = 0;
        c.row[0] = 1;
    }
    if (way >= 5)
        elementwise_in_grid(&c, way >= 10);
    begin(m, n, 100 * op + way);
    return c;
}

/* Bases of powers and divisors are positive; the tests in Python have the others. */
static array elementwise_side(const fnn_elementwise_binary *c, int side)
{
    fnn_idx size = elementwise_matrix_size(c, side);
    const int positive = side ? c->op == FNN_DIVIDE : c->op == FNN_POWER;
    for (fnn_idx d = 0; d < c->dims; d++)
        size *= c->grid[(1 + side) * c->dims + d] ? c->grid[d] : 1;
    if (c->sample[side])
        size *= c->samples;
    array x = numbers(size, positive ? 0.25 : -1, 1);
    if (c->op < FNN_DIVIDE)
        SPRINKLE(x, edges);
    if (c->op == FNN_POWER && side && x.n == 1)
        set(x, 0, (double)(c->n % 4)); /* whole exponents have loops of their own */
    return x;
}

static array elementwise_result(const fnn_elementwise_binary *c, double low, double high)
{
    return numbers(c->samples * (c->dims ? 6 : 1) * c->m * c->n, low, high);
}

static void check_elementwise_binary_forward(void)
{
    EACH_CASE(c) {
        array a = elementwise_side(&c, 0), b = elementwise_side(&c, 1), y = elementwise_result(&c, 0, 1);
        EACH_SIDE(s)
            table[s]->elementwise_binary_forward(y.at[s], a.at[s], b.at[s], &c);
        same("y", y, 4, 1);
    }
}

static void check_elementwise_binary_backward(void)
{
    EACH_CASE(c) {
        array a = elementwise_side(&c, 0), b = elementwise_side(&c, 1), dy = elementwise_result(&c, -1, 1);
        for (int side = 0; side < 2; side++) {
            array dx = numbers(side ? b.n : a.n, -1, 1);
            for (c.accumulate = 0; c.accumulate < 2; c.accumulate++)
                EACH_SIDE(s)
                    table[s]->elementwise_binary_backward(dx.at[s], dy.at[s], a.at[s], b.at[s], &c, side);
            same("dx", dx, 40, 40);
        }
    }
}
