/* elementwise_binary.inc.c - y = a o b, element by element, and its gradients of a and of b.
 *
 *   y, dy (samples, grid..., m, n)   contiguous
 *   a, b   at the distances of c (fastnn.h), side 0 being a; a distance of 0 repeats the side along that axis
 *   o      c->op, one of FNN_ADD ... FNN_POWER; FNN_ABSOLUTE is |a|, whatever b is
 *   dx     laid out as its side; if that is repeated, the sum over what each of its elements is combined with
 *
 * dx is overwritten, or added to with c->accumulate. A maximum or minimum gives half its gradient to each of two
 * equals. Powers are those of the C library, a lane at a time: exp(b log a) loses as many digits as b log a has
 * before its point, and a negative base takes whole exponents. Squares and cubes, the most frequent, are products.
 */
#include <math.h>

#include "../simd/rows.h"

enum { ELEMENTWISE_SQUARE = FNN_POWER + 1, ELEMENTWISE_CUBE };

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

/* c->op, or the product that it is where one exponent, 2 or 3, serves all elements of a matrix. */
FNN_INLINE int elementwise_op(const real *b, const fnn_elementwise_binary *c)
{
    const int one = c->m && c->n && (c->m == 1 || !c->row[1]) && (c->n == 1 || !c->column[1]);
    if (c->op != FNN_POWER || !one)
        return c->op;
    return *b == 2 ? ELEMENTWISE_SQUARE : *b == 3 ? ELEMENTWISE_CUBE : FNN_POWER;
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
    case ELEMENTWISE_SQUARE:
        return v_mul(a, a);
    case ELEMENTWISE_CUBE:
        return v_mul(v_mul(a, a), a);
    default:
        return elementwise_power(a, b);
    }
}

/* dy where less < more, half of it where they are equal, else 0. */
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
    case ELEMENTWISE_SQUARE:
        return v_mul(dy, v_add(a, a));
    case ELEMENTWISE_CUBE:
        return v_mul(dy, v_mul(v_set1(R(3.0)), v_mul(a, a)));
    case FNN_ABSOLUTE:
        return side ? v_set1(R(0.0)) : elementwise_aligned(dy, a);
    default:
        return elementwise_power_slope(side, dy, a, b);
    }
}

FNN_INLINE vreal elementwise_load(const real *x, int varies, fnn_idx j, fnn_idx left)
{
    return varies ? v_load_up_to(x + j, left) : v_set1(*x);
}

FNN_INLINE void elementwise_vector(int op, real *y, const real *a, int a_varies, const real *b, int b_varies,
                                   fnn_idx j, fnn_idx left)
{
    const vreal aj = elementwise_load(a, a_varies, j, left), bj = elementwise_load(b, b_varies, j, left);
    v_store_up_to(y + j, elementwise_word(op, aj, bj), left);
}

FNN_INLINE void elementwise_row(int op, real *y, const real *a, int a_varies, const real *b, int b_varies,
                                fnn_idx n)
{
    fnn_idx j = row_head(y, n);
    if (j)
        elementwise_vector(op, y, a, a_varies, b, b_varies, 0, j);
    for (; j + 4 * VLEN <= n; j += 4 * VLEN)
        FNN_UNROLL_FOR(int k = 0; k < 4 * VLEN; k += VLEN)
            elementwise_vector(op, y, a, a_varies, b, b_varies, j + k, VLEN);
    for (; j < n; j += VLEN)
        elementwise_vector(op, y, a, a_varies, b, b_varies, j, n - j);
}

/* Whether a side is repeated along a row is known to the compiler: three loops. */
FNN_INLINE void elementwise_rows(int op, real *y, const real *a, const real *b,
                                 const fnn_elementwise_binary *c)
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

FNN_INLINE void elementwise_gradients(int op, int side, real *dx, const real *dy, const real *a,
                                      const real *b, const fnn_elementwise_binary *c)
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
    case ELEMENTWISE_SQUARE: \
        DO(ELEMENTWISE_SQUARE); \
        break; \
    case ELEMENTWISE_CUBE: \
        DO(ELEMENTWISE_CUBE); \
        break; \
    default: \
        DO(FNN_POWER); \
    }

static void elementwise_matrix(real *y, const real *a, const real *b, const fnn_elementwise_binary *c)
{
#define FORWARD(op) elementwise_rows(op, y, a, b, c)
    EACH_OP(FORWARD)
#undef FORWARD
}

static void elementwise_matrix_gradient(real *dx, const real *dy, const real *a, const real *b,
                                        const fnn_elementwise_binary *c, int side)
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

FNN_INLINE fnn_idx elementwise_matrices(const fnn_elementwise_binary *c)
{
    fnn_idx count = 1;
    for (fnn_idx d = 0; d < c->dims; d++)
        count *= c->grid[d];
    return count;
}

/* Where a side begins in matrix i of the grid; sets `again` if an earlier matrix has the same place. */
FNN_INLINE fnn_idx elementwise_place(const fnn_elementwise_binary *c, int side, fnn_idx i, int *again)
{
    const fnn_idx *size = c->grid, *stride = c->grid + (1 + side) * c->dims;
    fnn_idx at = 0;
    *again = 0;
    for (fnn_idx d = c->dims - 1; d >= 0; d--) {
        const fnn_idx index = i % size[d];
        at += index * stride[d];
        *again |= index > 0 && stride[d] == 0;
        i /= size[d];
    }
    return at;
}

void KERNEL(elementwise_binary_forward)(void *y_, const void *a_, const void *b_,
                                        const fnn_elementwise_binary *c)
{
    const fnn_idx matrices = elementwise_matrices(c);
    const real *a = a_, *b = b_;
    real *y = y_;
    for (fnn_idx s = 0; s < c->samples; s++, a += c->sample[0], b += c->sample[1])
        for (fnn_idx i = 0; i < matrices; i++, y += c->m * c->n) {
            int again;
            elementwise_matrix(y, a + elementwise_place(c, 0, i, &again),
                               b + elementwise_place(c, 1, i, &again), c);
        }
}

void KERNEL(elementwise_binary_backward)(void *dx_, const void *dy_, const void *a_, const void *b_,
                                         const fnn_elementwise_binary *c, int side)
{
    const fnn_idx matrices = elementwise_matrices(c);
    const real *dy = dy_, *a = a_, *b = b_;
    real *dx = dx_;
    for (fnn_idx s = 0; s < c->samples; s++, dx += c->sample[side], a += c->sample[0], b += c->sample[1])
        for (fnn_idx i = 0; i < matrices; i++, dy += c->m * c->n) {
            fnn_elementwise_binary matrix = *c;
            int again[2];
            const fnn_idx at[2] = {elementwise_place(c, 0, i, again), elementwise_place(c, 1, i, again + 1)};
            matrix.accumulate |= again[side] || (s > 0 && c->sample[side] == 0);
            elementwise_matrix_gradient(dx + at[side], dy, a + at[0], b + at[1], &matrix, side);
        }
}
#undef POWER
#undef LOGARITHM
