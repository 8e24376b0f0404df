/* elementwise_binary.inc.c - y = a o b, element by element, and what it gives back to a or to b.
 *
 *   y, dy (m, n)   a, b   c->row[side], c->column[side] apart, side 0 being a; 0: the same is taken again
 *   o              c->op of FNN_ADD ... FNN_POWER; FNN_ABSOLUTE is |a|, whatever b is
 *   dx             laid out as its side; where that takes the same again, the sum of what each place gives
 *
 * dx is overwritten, or added to with c->accumulate. A maximum or minimum gives half to each of two equals.
 * Powers are the C library's, a lane at a time: exp(b log a) loses as many digits as b log a has before its
 * point, and a negative base takes whole exponents. Squares and cubes, the powers met most, are products.
 */
#include <math.h>

#include "../simd/rows.h"

enum { COMBINE_SQUARE = FNN_POWER + 1, COMBINE_CUBE };

#if FNN_F64
#define POWER pow
#define LOGARITHM log
#else
#define POWER powf
#define LOGARITHM logf
#endif

FNN_INLINE vreal elementwise_power(vreal a, vreal b)
{
    real base[VLEN], exponent[VLEN];
    v_store(base, a);
    v_store(exponent, b);
    for (int i = 0; i < VLEN; i++)
        base[i] = POWER(base[i], exponent[i]);
    return v_load(base);
}

/* c->op, or where one small whole number is the exponent of all elements what stands for it. */
FNN_INLINE int elementwise_op(const real *b, const fnn_elementwise_binary *c)
{
    const int one = c->m && c->n && (c->m == 1 || !c->row[1]) && (c->n == 1 || !c->column[1]);
    if (c->op != FNN_POWER || !one)
        return c->op;
    return *b == 2 ? COMBINE_SQUARE : *b == 3 ? COMBINE_CUBE : FNN_POWER;
}

/* log a, and 0 where a is 0. */
FNN_INLINE vreal elementwise_logarithm(vreal a)
{
    real x[VLEN];
    v_store(x, a);
    for (int i = 0; i < VLEN; i++)
        x[i] = x[i] == 0 ? 0 : LOGARITHM(x[i]);
    return v_load(x);
}

FNN_INLINE vreal elementwise_word(int op, vreal a, vreal b)
{
    switch (op) {
    case FNN_ADD:
        return v_add(a, b);
    case FNN_SUBTRACT:
        return v_sub(a, b);
    case FNN_MULTIPLY:
        return v_mul(a, b);
    case FNN_DIVIDE:
        return v_div(a, b);
    case FNN_MAXIMUM: /* what is not a number stays so, on either side */
        return v_select(v_isnan(a), a, v_max(a, b));
    case FNN_MINIMUM:
        return v_select(v_isnan(a), a, v_min(a, b));
    case FNN_ABSOLUTE:
        return v_abs(a);
    case COMBINE_SQUARE:
        return v_mul(a, a);
    case COMBINE_CUBE:
        return v_mul(v_mul(a, a), a);
    default:
        return elementwise_power(a, b);
    }
}

/* dy where the side is the lesser of the two (less), half of it where they are equal. */
FNN_INLINE vreal elementwise_share(vreal dy, vreal less, vreal more)
{
    const vreal zero = v_set1(R(0.0));
    return v_select(v_lt(less, more), dy, v_select(v_eq(less, more), v_mul(dy, v_set1(R(0.5))), zero));
}

/* dy times the sign of a, which is 0 for 0. */
FNN_INLINE vreal elementwise_aligned(vreal dy, vreal a)
{
    const vreal zero = v_set1(R(0.0)), other = v_select(v_lt(a, zero), v_sub(zero, dy), dy);
    return v_select(v_eq(a, zero), zero, other);
}

FNN_INLINE vreal elementwise_power_slope(int side, vreal dy, vreal a, vreal b)
{
    const vreal zero = v_set1(R(0.0));
    if (side)
        return v_mul(dy, v_mul(elementwise_logarithm(a), elementwise_power(a, b)));
    return v_select(v_eq(b, zero), zero, v_mul(v_mul(dy, b), elementwise_power(a, v_sub(b, v_set1(R(1.0))))));
}

FNN_INLINE vreal elementwise_slope(int op, int side, vreal dy, vreal a, vreal b)
{
    switch (side && op > FNN_POWER ? FNN_POWER : op) {
    case FNN_ADD:
        return dy;
    case FNN_SUBTRACT:
        return side ? v_sub(v_set1(R(0.0)), dy) : dy;
    case FNN_MULTIPLY:
        return v_mul(dy, side ? a : b);
    case FNN_DIVIDE:
        return side ? v_sub(v_set1(R(0.0)), v_mul(v_div(dy, b), v_div(a, b))) : v_div(dy, b);
    case FNN_MAXIMUM:
        return side ? elementwise_share(dy, a, b) : elementwise_share(dy, b, a);
    case FNN_MINIMUM:
        return side ? elementwise_share(dy, b, a) : elementwise_share(dy, a, b);
    case COMBINE_SQUARE:
        return v_mul(dy, v_add(a, a));
    case COMBINE_CUBE:
        return v_mul(dy, v_mul(v_set1(R(3.0)), v_mul(a, a)));
    case FNN_ABSOLUTE:
        return side ? v_set1(R(0.0)) : elementwise_aligned(dy, a);
    default:
        return elementwise_power_slope(side, dy, a, b);
    }
}

FNN_INLINE vreal elementwise_load(const real *x, int walks, fnn_idx j, fnn_idx left)
{
    return walks ? v_load_up_to(x + j, left) : v_set1(*x);
}

FNN_INLINE void elementwise_vector(int op, real *y, const real *a, int walk_a, const real *b, int walk_b,
                               fnn_idx j, fnn_idx left)
{
    const vreal aj = elementwise_load(a, walk_a, j, left), bj = elementwise_load(b, walk_b, j, left);
    v_store_up_to(y + j, elementwise_word(op, aj, bj), left);
}

FNN_INLINE void elementwise_row(int op, real *y, const real *a, int walk_a, const real *b, int walk_b, fnn_idx n)
{
    fnn_idx j = row_head(y, n);
    if (j)
        elementwise_vector(op, y, a, walk_a, b, walk_b, 0, j);
    for (; j + 4 * VLEN <= n; j += 4 * VLEN)
    FNN_UNROLL for (int k = 0; k < 4 * VLEN; k += VLEN)
            elementwise_vector(op, y, a, walk_a, b, walk_b, j + k, VLEN);
    for (; j < n; j += VLEN)
        elementwise_vector(op, y, a, walk_a, b, walk_b, j, n - j);
}

/* What stays the same along a row is known to its loop: for the compiler these are three. */
FNN_INLINE void elementwise_rows(int op, real *y, const real *a, const real *b, const fnn_elementwise_binary *c)
{
    for (fnn_idx i = 0; i < c->m; i++, y += c->n, a += c->row[0], b += c->row[1])
        if (!c->column[0])
            elementwise_row(op, y, a, 0, b, c->column[1] != 0, c->n);
        else if (!c->column[1])
            elementwise_row(op, y, a, 1, b, 0, c->n);
        else
            elementwise_row(op, y, a, 1, b, 1, c->n);
}

FNN_INLINE vreal elementwise_gradient(int op, int side, const real *dy, const real *a, const real *b,
                                  const fnn_elementwise_binary *c, fnn_idx j, fnn_idx left)
{
    const vreal aj = elementwise_load(a, c->column[0] != 0, j, left);
    const vreal bj = elementwise_load(b, c->column[1] != 0, j, left);
    return elementwise_slope(op, side, v_load_up_to(dy + j, left), aj, bj);
}

FNN_INLINE void elementwise_gradients(int op, int side, real *dx, const real *dy, const real *a, const real *b,
                                  const fnn_elementwise_binary *c)
{
    const fnn_idx row = c->row[side], column = c->column[side], n = c->n;
    for (fnn_idx i = 0; i < c->m; i++, dx += row, dy += n, a += c->row[0], b += c->row[1]) {
        const int add = c->accumulate || (i && !row);
        vreal sum = v_set1(R(0.0));
        fnn_idx j = 0;
        for (; column && !add && j + VLEN <= n; j += VLEN)
            v_store(dx + j, elementwise_gradient(op, side, dy, a, b, c, j, VLEN));
        for (; j < n; j += VLEN) {
            const fnn_idx left = n - j;
            const vreal g = elementwise_gradient(op, side, dy, a, b, c, j, left);
            if (!column)
                sum = v_add(sum, v_up_to(g, left, v_set1(R(0.0))));
            else
                v_store_up_to(dx + j, add ? v_add(v_load_up_to(dx + j, left), g) : g, left);
        }
        if (!column)
            *dx = add ? *dx + v_sum(sum) : v_sum(sum);
    }
}

/* One loop for each op. */
#define EACH_OP(DO) \
    switch (elementwise_op(b, c)) { \
    case FNN_ADD: \
        DO(FNN_ADD); \
        break; \
    case FNN_SUBTRACT: \
        DO(FNN_SUBTRACT); \
        break; \
    case FNN_MULTIPLY: \
        DO(FNN_MULTIPLY); \
        break; \
    case FNN_DIVIDE: \
        DO(FNN_DIVIDE); \
        break; \
    case FNN_MAXIMUM: \
        DO(FNN_MAXIMUM); \
        break; \
    case FNN_MINIMUM: \
        DO(FNN_MINIMUM); \
        break; \
    case FNN_ABSOLUTE: \
        DO(FNN_ABSOLUTE); \
        break; \
    case COMBINE_SQUARE: \
        DO(COMBINE_SQUARE); \
        break; \
    case COMBINE_CUBE: \
        DO(COMBINE_CUBE); \
        break; \
    default: \
        DO(FNN_POWER); \
    }

static void elementwise_binary_forward(void *y, const void *a, const void *b, const fnn_elementwise_binary *c)
{
#define FORWARD(op) elementwise_rows(op, y, a, b, c)
    EACH_OP(FORWARD)
#undef FORWARD
}

static void elementwise_binary_backward(void *dx, const void *dy, const void *a, const void *b, const fnn_elementwise_binary *c,
                             int side)
{
#define TO_A(op) elementwise_gradients(op, 0, dx, dy, a, b, c)
#define TO_B(op) elementwise_gradients(op, 1, dx, dy, a, b, c)
    if (side)
        EACH_OP(TO_B)
    else
        EACH_OP(TO_A)
#undef TO_A
#undef TO_B
}

#undef EACH_OP
#undef POWER
#undef LOGARITHM
