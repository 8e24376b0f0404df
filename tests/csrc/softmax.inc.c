/* softmax.inc.c - softmax over rows (inner = 1) and over columns, with numbers whose exponentials overflow. */
static const fnn_idx axes[][3] = {{1, 1, 1}, {3, 7, 1}, {2, 16, 1}, {5, 33, 1}, {2, 100, 1},
                                  {1, 3, 2}, {2, 5, 9}, {2, 4, 16}, {3, 10, 33}};
#define EACH_AXIS(outer, n, inner) \
    for (int axis = 0; axis < COUNT(axes); axis++) \
        for (fnn_idx outer = axes[axis][0], n = axes[axis][1], inner = axes[axis][2], \
                     once = (begin(outer, n, inner), 1); \
             once; once = 0)

#define FORWARD(name, units, magnitude) \
    static void check_##name##_forward(void) \
    { \
        EACH_AXIS(outer, n, inner) { \
            const fnn_idx size = outer * n * inner; \
            array x = numbers(size, 700, 740), y = numbers(size, 0, 1); \
            set(x, size / 2, axis % 3 ? -INFINITY : NAN); \
            EACH_SIDE(s) \
                table[s]->name##_forward(y.at[s], x.at[s], outer, n, inner); \
            same("y", y, units, magnitude); \
            EACH_SIDE(s) \
                table[s]->name##_forward(x.at[s], x.at[s], outer, n, inner); \
            same("x in place", x, units, magnitude); \
        } \
    }

#define BACKWARD(name, low, high, units, magnitude) \
    static void check_##name##_backward(void) \
    { \
        EACH_AXIS(outer, n, inner) { \
            const fnn_idx size = outer * n * inner; \
            array y = numbers(size, low, high), dy = numbers(size, -1, 1), dx = numbers(size, 0, 1); \
            EACH_SIDE(s) \
                table[s]->name##_backward(dx.at[s], dy.at[s], y.at[s], outer, n, inner); \
            same("dx", dx, units, magnitude); \
            EACH_SIDE(s) \
                table[s]->name##_backward(dy.at[s], dy.at[s], y.at[s], outer, n, inner); \
            same("dy in place", dy, units, magnitude); \
        } \
    }

FORWARD(softmax, 30, 0)
FORWARD(log_softmax, 4, 1)
BACKWARD(softmax, 0, 1, 8, 10)
BACKWARD(log_softmax, -10, 0, 8, 10)
#undef FORWARD
#undef BACKWARD
