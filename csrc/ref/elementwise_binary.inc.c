/* elementwise_binary.inc.c - y = a o b, and its gradient to a (side 0) or b (side 1).
 *
 *   y, dy (m, n)   a[i row[0] + j column[0]], b[i row[1] + j column[1]]   dx like its side
 *
 *   add 1, 1    subtract 1, -1    multiply b, a    divide 1 / b, -a / b^2    power b a^(b-1), a^b log a
 *   absolute is |a|, with a's sign, whatever b is
 *   maximum, minimum: 1 to the one that is y, 1/2 to each of equals
 *
 * dx is the sum over all (i, j) of one place; added to what is there with `accumulate`.
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

static void elementwise_binary_forward(void *y_, const void *a_, const void *b_, const fnn_elementwise_binary *c)
{
    const real *a = a_, *b = b_;
    real *y = y_;
    for (fnn_idx i = 0; i < c->m; i++)
        for (fnn_idx j = 0; j < c->n; j++)
            y[i * c->n + j] = (real)elementwise_word(c->op, a[i * c->row[0] + j * c->column[0]],
                                                 b[i * c->row[1] + j * c->column[1]]);
}

static void elementwise_binary_backward(void *dx_, const void *dy_, const void *a_, const void *b_, const fnn_elementwise_binary *c,
                             int side)
{
    const fnn_idx row = c->row[side], column = c->column[side];
    const real *dy = dy_, *a = a_, *b = b_;
    real *dx = dx_;
    for (fnn_idx i = 0; i < c->m; i++)
        for (fnn_idx j = 0; j < c->n; j++) {
            const double slope = elementwise_slope(c->op, side, a[i * c->row[0] + j * c->column[0]],
                                               b[i * c->row[1] + j * c->column[1]]);
            const int first = !c->accumulate && (row || !i) && (column || !j);
            real *const to = dx + i * row + j * column;
            *to = (real)((first ? 0 : *to) + slope * dy[i * c->n + j]);
        }
}
