/* math.inc.c - elementary functions, where their result is a normal number, and at the edges. */
#define MATH(f, low, high, units) \
    static void check_math_##f(void) \
    { \
        EACH_SIZE(n) { \
            array x = numbers(n, low, high), y = numbers(n, 0, 1); \
            SPRINKLE(x, edges); \
            EACH_SIDE(s) \
                table[s]->math_##f(y.at[s], x.at[s], n); \
            same("y", y, units, 0); \
            EACH_SIDE(s) \
                table[s]->math_##f(x.at[s], x.at[s], n); \
            same("x in place", x, units, 0); \
        } \
    }

MATH(exp, -100, 100, 3)
MATH(expm1, -100, 100, 3)
MATH(log, -1, 1000, 3)
MATH(log1p, -1.5, 30, 3)
MATH(tanh, -25, 25, 3)
MATH(sigmoid, -100, 50, 4)
MATH(erf, -7, 7, 3)
MATH(sinpi, -9, 9, 4)
MATH(cospi, -9, 9, 4)
#undef MATH
