/* elementwise_binary.inc.c - y = a o b, and its gradient of a (side 0) or b (side 1).
 *
 *   y, dy (samples, grid..., m, n)   a, b, dx at the distances that fastnn.h says
 *
 *   add 1, 1    subtract 1, -1    multiply b, a    divide 1 / b, -a / b^2    power b a^(b-1), a^b log a
 *   absolute is |a|, with a's sign, whatever b is
 *   maximum, minimum: 1 to the one that is y, 1/2 to each of equals
 *
 * dx is the sum over all elements of y that one place of its side is combined into; with `accumulate` it is added to
 * what is there.
 */
#include <math.h>

static double elementwise_word(int op, double a, double b)
{
    switch (op) {
    case FNN_ADD:
        return a + b;
    case FNN_SUBTRACT:
        return a - b;
    case FNN_MULTIPLY:
        return a * b;
    case FNN_DIVIDE:
        return a / b;
    case FNN_MAXIMUM:
        return isnan(a) || a > b ? a : b;
    case FNN_MINIMUM:
        return isnan(a) || a < b ? a : b;
    case FNN_ABSOLUTE:
        return fabs(a);
    default:
        return pow(a, b);
    }
}

static double elementwise_slope(int op, int side, double a, double b)
{
    switch (op) {
    case FNN_ADD:
        return 1;
    case FNN_SUBTRACT:
        return side ? -1 : 1;
    case FNN_MULTIPLY:
        return side ? a : b;
    case FNN_DIVIDE:
        return side ? -a / b / b : 1 / b;
    case FNN_MAXIMUM:
        return a == b ? 0.5 : side ? b > a : a > b;
    case FNN_MINIMUM:
        return a == b ? 0.5 : side ? b < a : a < b;
    case FNN_ABSOLUTE:
        return side ? 0 : (a > 0) - (a < 0);
    default:
        if (side)
            return (a == 0 ? 0 : log(a)) * pow(a, b);
        return b == 0 ? 0 : b * pow(a, b - 1);
    }
}

/* Where element e of y finds its element of a side; sets `again` if an earlier one of y has found the same. */
static fnn_idx elementwise_place(const fnn_elementwise_binary *c, int side, fnn_idx e, int *again)
{
    const fnn_idx *size = c->grid, *stride = c->grid + (1 + side) * c->dims;
    const fnn_idx j = e % c->n, i = e / c->n % c->m;
    fnn_idx matrix = e / c->n / c->m, at = i * c->row[side] + j * c->column[side];
    *again = (i > 0 && !c->row[side]) || (j > 0 && !c->column[side]);
    for (fnn_idx d = c->dims - 1; d >= 0; d--) {
        const fnn_idx index = matrix % size[d];
        at += index * stride[d];
        *again |= index > 0 && !stride[d];
        matrix /= size[d];
    }
    *again |= matrix > 0 && !c->sample[side];
    return at + matrix * c->sample[side];
}

static fnn_idx elementwise_size(const fnn_elementwise_binary *c)
{
    fnn_idx size = c->samples * c->m * c->n;
    for (fnn_idx d = 0; d < c->dims; d++)
        size *= c->grid[d];
    return size;
}

void KERNEL(elementwise_binary_forward)(void *y_, const void *a_, const void *b_,
                                        const fnn_elementwise_binary *c)
{
    const fnn_idx size = elementwise_size(c);
    const real *a = a_, *b = b_;
    real *y = y_;
    int again;
    for (fnn_idx e = 0; e < size; e++)
        y[e] = (real)elementwise_word(c->op, a[elementwise_place(c, 0, e, &again)],
                                      b[elementwise_place(c, 1, e, &again)]);
}

void KERNEL(elementwise_binary_backward)(void *dx_, const void *dy_, const void *a_, const void *b_,
                                         const fnn_elementwise_binary *c, int side)
{
    const fnn_idx size = elementwise_size(c);
    const real *dy = dy_, *a = a_, *b = b_;
    real *dx = dx_;
    for (fnn_idx e = 0; e < size; e++) {
        int again[2];
        const fnn_idx at[2] = {elementwise_place(c, 0, e, again), elementwise_place(c, 1, e, again + 1)};
        const double slope = elementwise_slope(c->op, side, a[at[0]], b[at[1]]);
        const double before = c->accumulate || again[side] ? dx[at[side]] : 0;
        dx[at[side]] = (real)(before + slope * dy[e]);
    }
}
