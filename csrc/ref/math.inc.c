/* math.inc.c - y[i] = f(x[i]) by the C library. x and y (n) may be the same. */
#include <tgmath.h>

/* Neither branch overflows, and both keep the relative precision of small results. */
static real sigmoid(real x)
{
    real e = exp(-fabs(x));
    return (x < 0 ? e : R(1.0)) / (1 + e);
}

#define MATH(f) \
    static void math_##f(void *y_, const void *x_, fnn_idx n) \
    { \
        real *y = y_; \
        const real *x = x_; \
        for (fnn_idx i = 0; i < n; i++) \
            y[i] = f(x[i]); \
    }

MATH(exp)
MATH(expm1)
MATH(log)
MATH(log1p)
MATH(tanh)
MATH(sigmoid)
MATH(erf)
#undef MATH
