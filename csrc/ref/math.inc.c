/* math.inc.c - y[i] = f(x[i]) by the C library. x and y (n) may be the same. */
#include <tgmath.h>

/* Neither branch overflows, and both keep the relative precision of small results. */
static real sigmoid(real x)
{
    real e = exp(-fabs(x));
    return (x < 0 ? e : R(1.0)) / (1 + e);
}

/* x = n / 2 + r without error; n modulo 4 and the sign of n */
static real quarter_turns(real x, int *n) { return remquo(x, R(0.5), n); }

static real sinpi(real x)
{
    int n;
    const double r = (double)quarter_turns(fabs(x), &n) * 3.14159265358979323846;
    const double y = n & 1 ? cos(r) : sin(r);
    return copysign(R(1.0), x) * (real)(n & 2 ? -y : y);
}

static real cospi(real x)
{
    int n;
    const double r = (double)quarter_turns(fabs(x), &n) * 3.14159265358979323846;
    const double y = n & 1 ? -sin(r) : cos(r);
    return (real)(n & 2 ? -y : y);
}

#define MATH(f) \
    void KERNEL(math_##f)(void *y_, const void *x_, fnn_idx n) \
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
MATH(sinpi)
MATH(cospi)
#undef MATH
