/* math.inc.c - y[i] = f(x[i]): the words of simd/math.h over arrays. x and y (n) may be the same. */
#include "../simd/math.h"

#define MATH(f) \
    void KERNEL(math_##f)(void *y_, const void *x_, fnn_idx n) \
    { \
        real *y = y_; \
        const real *x = x_; \
        fnn_idx i = 0; \
        for (; i + VLEN <= n; i += VLEN) \
            v_store(y + i, v_##f(v_load(x + i))); \
        if (i < n) \
            v_store_n(y + i, v_##f(v_load_n(x + i, n - i)), n - i); \
    }

MATH(exp)
MATH(expm1)
MATH(log)
MATH(log1p)
MATH(tanh)
MATH(sigmoid)
MATH(erf)
MATH(sinpi)
MATH(cospi)
#undef MATH
