/* math.h - elementary functions of a vector, in the words of vec_*.h: one formula for both dtypes.
 *
 *   exp, expm1   x = n log(2) + r with n integral: e^x = 2^n e^r, and e^r = 1 + r + r^2 EXP_TAIL(r)
 *   sigmoid(x)   = e^x / (1 + e^x)
 *   tanh(x)      = u / (u + 2), where u = e^(2 x) - 1
 *   erf(x)       = 1 - e^-(x + x ERF_TAIL(x)): like tanh it inherits the relative precision of expm1 near
 *                  zero, and no two branches are computed and blended
 *   log, log1p   x = 2^e (1 + f) with 1 + f around 1, and log(1 + f) by the series of the inverse
 *                  hyperbolic tangent of s = f / (2 + f), which needs half the terms of one in f
 *   sinpi, cospi sin(pi x) and cos(pi x): x = n / 2 + r with n integral is exact, since no digits of pi
 *                  are lost in it; n decides which of sine and cosine of pi r it is, and the sign
 *
 * tanh and erf are found for |x| and take the sign of x. A quotient of polynomials would be shorter for both,
 * but its rounding errors grow to 5 units where the result nears 1; here they fade with e^-x.
 *
 * The largest errors in units in the last place: of float over every normal number there is, of double over
 * the sample of tests/ulp.py. tools/ulp.py measures both; without a fused multiply-add a few are 0.3
 * to 0.7 larger (docs/math.md).
 *
 *              exp  expm1   log  log1p  tanh  sigmoid   erf  sinpi  cospi
 *   float     0.93   1.64  0.84   1.40  2.60     2.41  1.91   1.00   1.01
 *   double    0.95   2.25  0.78   1.37  2.71     2.09  2.00   0.96   0.95
 *
 * Subnormal numbers count as zero, as they do in the mode the library runs in (fpmode.h).
 * coefficients.h is printed by tools/minimax.py.
 */
#ifndef FNN_MATH_H
#define FNN_MATH_H

#include <math.h>

#include "coefficients.h"

/* From EXP_ZERO down e^x is 0, and from EXP_INFINITY up infinite. From EXP_BURIES_ONE up e^x + 1 is e^x, so
 * sigmoid, tanh and 1 - e^-x are 1. ROUNDER is a number whose last place is 1, plus the exponents' bias;
 * TWO_MANTISSA is 2^MANTISSA.
 */
#if FNN_F64
#define EXP_ZERO R(-709.1)
#define EXP_INFINITY R(710.0)
#define EXP_BURIES_ONE R(40.0)
#define EXPONENT_MAX R(1023.0)
#define TWO_MANTISSA R(4503599627370496.0)
#define ROUNDER (R(1.5) * TWO_MANTISSA + EXPONENT_MAX)
#define SMALLEST_NORMAL R(2.2250738585072014e-308)
#else
#define EXP_ZERO R(-88.0)
#define EXP_INFINITY R(89.0)
#define EXP_BURIES_ONE R(20.0)
#define EXPONENT_MAX R(127.0)
#define TWO_MANTISSA R(8388608.0)
#define ROUNDER (R(1.5) * TWO_MANTISSA + EXPONENT_MAX)
#define SMALLEST_NORMAL R(1.17549435e-38)
#endif

/* c[first] + c[first + step] x + c[first + 2 step] x^2 + ... by Horner's rule; c has n elements */
FNN_INLINE vreal horner(const real *c, int n, int first, int step, vreal x)
{
    int i = first + (n - 1 - first) / step * step;
    vreal y = v_set1(c[i]);
    FNN_UNROLL_FOR(i -= step; i >= first; i -= step)
        y = v_fma(y, x, v_set1(c[i]));
    return y;
}

/* Even and odd powers side by side halve the latency where there are enough of them to pay for x^2. */
FNN_INLINE vreal polynomial(const real *c, int n, vreal x)
{
    if (n < 8)
        return horner(c, n, 0, 1, x);
    vreal square = v_mul(x, x);
    return v_fma(horner(c, n, 1, 2, square), x, horner(c, n, 0, 2, square));
}
#define POLYNOMIAL(c, x) polynomial(c, (int)(sizeof(c) / sizeof(c)[0]), x)

/* v_max and v_min return their second argument where it is not a number. */
FNN_INLINE vreal clamp(vreal x, real low, real high) { return v_min(v_set1(high), v_max(v_set1(low), x)); }

/* r, and t = n + ROUNDER: the addition rounds to an integer, and leaves it in the bits that v_exponent reads. */
FNN_INLINE vreal exp_reduce(vreal x, vreal *t)
{
    *t = v_fma(x, v_set1(LOG2_E), v_set1(ROUNDER));
    vreal n = v_sub(*t, v_set1(ROUNDER));
    return v_fnma(n, v_set1(LN2_LOW), v_fnma(n, v_set1(LN2_HIGH), x));
}

FNN_INLINE vreal exp_reduced(vreal r)
{
    vreal one = v_set1(R(1.0));
    return v_fma(v_fma(POLYNOMIAL(EXP_TAIL, r), r, one), r, one);
}

FNN_INLINE vreal expm1_reduced(vreal r) { return v_fma(v_mul(POLYNOMIAL(EXP_TAIL, r), r), r, r); }

/* 2^n is infinite for the largest n although e^x may be finite, so the last doubling is separate. */
FNN_INLINE vreal v_exp(vreal x)
{
    vreal t, p = exp_reduced(exp_reduce(clamp(x, EXP_ZERO, EXP_INFINITY), &t));
    vreal below = v_min(v_set1(ROUNDER + EXPONENT_MAX), t), y = v_mul(p, v_exponent(below));
    return v_fma(y, v_sub(t, below), y);
}

/* e^x where x <= 88 in float, 709 in double: the argument is often known not to be positive */
FNN_INLINE vreal v_exp_bounded(vreal x)
{
    vreal t, p = exp_reduced(exp_reduce(v_max(v_set1(EXP_ZERO), x), &t));
    return v_mul(p, v_exponent(t));
}

FNN_INLINE vreal v_expm1(vreal x)
{
    vreal t, p = expm1_reduced(exp_reduce(clamp(x, -EXP_BURIES_ONE, EXP_INFINITY), &t));
    vreal below = v_min(v_set1(ROUNDER + EXPONENT_MAX), t), scale = v_exponent(below);
    vreal y = v_fma(p, scale, v_sub(scale, v_set1(R(1.0))));
    return v_copysign(v_fma(y, v_sub(t, below), y), x);
}

/* e^x - 1 for |x| <= 2 EXP_BURIES_ONE. log(2) is not split, which costs an error that grows with |x|, but tanh and erf
 * hardly depend on it there.
 */
FNN_INLINE vreal expm1_damped(vreal x)
{
    vreal t = v_fma(x, v_set1(LOG2_E), v_set1(ROUNDER)), n = v_sub(t, v_set1(ROUNDER));
    vreal p = expm1_reduced(v_fnma(n, v_set1(LN2), x)), scale = v_exponent(t);
    return v_fma(p, scale, v_sub(scale, v_set1(R(1.0))));
}

FNN_INLINE vreal v_tanh(vreal x)
{
    vreal y = v_min(v_set1(EXP_BURIES_ONE), v_abs(x)), u = expm1_damped(v_add(y, y));
    return v_copysign(v_div(u, v_add(u, v_set1(R(2.0)))), x);
}

FNN_INLINE vreal v_sigmoid(vreal x)
{
    vreal y = v_exp_bounded(v_min(v_set1(EXP_BURIES_ONE), x));
    return v_div(y, v_add(y, v_set1(R(1.0))));
}

FNN_INLINE vreal v_erf(vreal x)
{
    vreal y = v_min(v_set1(ERF_EDGE), v_abs(x));
    vreal u = expm1_damped(v_sub(v_set1(R(0.0)), v_fma(y, POLYNOMIAL(ERF_TAIL, y), y)));
    return v_copysign(u, x);
}

/* e log(2) + log(1 + f) as e log(2) + (f - (f^2 / 2 - (f^2 / 2 + z LOG_TAIL(z)) s)), z = s^2: what is
 * rounded is small beside f, and log(2) is split so that e times its high part is exact.
 */
FNN_INLINE vreal log_reduced(vreal f, vreal e)
{
    vreal s = v_div(f, v_add(f, v_set1(R(2.0)))), z = v_mul(s, s);
    vreal half = v_mul(v_mul(f, f), v_set1(R(0.5)));
    vreal tail = v_mul(s, v_fma(z, POLYNOMIAL(LOG_TAIL, z), half));
    tail = v_fma(e, v_set1(LN2_LOW), tail);
    return v_fma(e, v_set1(LN2_HIGH), v_sub(f, v_sub(half, tail)));
}

/* y where x is positive and finite, and the limits of log(x) elsewhere. */
FNN_INLINE vreal log_edges(vreal x, vreal y)
{
    y = v_select(v_lt(x, v_set1((real)INFINITY)), y, x);
    y = v_select(v_lt(x, v_set1(SMALLEST_NORMAL)), v_set1((real)-INFINITY), y);
    return v_select(v_le(x, v_set1(-SMALLEST_NORMAL)), v_set1((real)NAN), y);
}

FNN_INLINE vreal v_log(vreal x)
{
    vreal e, m = v_frexp(x, &e);
    return log_edges(x, log_reduced(v_sub(m, v_set1(R(1.0))), e));
}

/* The rounding error of u = 1 + x is added to f. */
FNN_INLINE vreal v_log1p(vreal x)
{
    vreal one = v_set1(R(1.0)), u = v_add(x, one), lost = v_sub(x, v_sub(u, one));
    vreal e, m = v_frexp(u, &e);
    vreal scale = v_exponent(v_sub(v_set1(ROUNDER), v_min(v_set1(EXPONENT_MAX), e)));
    vreal y = log_reduced(v_fma(lost, scale, v_sub(m, one)), e);
    return v_copysign(log_edges(u, y), x);
}

/* sin(pi x), and cos(pi x) in *cosine. Adding 2^MANTISSA to a number that is not negative rounds it to an integer; from
 * 2^(MANTISSA + 1) on every number is even, the same to both functions as 0.
 */
FNN_INLINE vreal v_sincospi(vreal x, vreal *cosine)
{
    const vreal one = v_set1(R(1.0)), zero = v_set1(R(0.0)), round = v_set1(TWO_MANTISSA);
    vreal y = v_abs(x);
    y = v_select(v_lt(y, v_set1(R(2.0) * TWO_MANTISSA)), y, v_sub(y, y));
    vreal turns = v_sub(v_fma(y, v_set1(R(0.5)), round), round);
    y = v_fnma(turns, v_set1(R(2.0)), y); /* from -1 to 1 */
    vreal n = v_copysign(v_sub(v_fma(v_abs(y), v_set1(R(2.0)), round), round), y);
    vreal r = v_fnma(n, v_set1(R(0.5)), y), z = v_mul(r, r);
    vreal tail = v_fma(z, POLYNOMIAL(SINE_TAIL, z), v_set1(PI_LOW));
    vreal s = v_fma(r, v_set1(PI), v_mul(r, tail)), c = v_fma(z, POLYNOMIAL(COSINE_TAIL, z), one);
    vmask odd = v_eq(v_abs(n), one);
    vreal sine = v_select(odd, c, s);
    vreal half = v_sub(v_abs(n), one); /* -1, 0 or 1: cos(pi n / 2) with its sign changed */
    *cosine = v_select(odd, v_mul(n, v_sub(zero, s)), v_mul(v_sub(zero, half), c));
    sine = v_mul(sine, v_select(odd, n, v_sub(zero, half)));
    return v_mul(sine, v_copysign(one, x));
}

FNN_INLINE vreal v_sinpi(vreal x)
{
    vreal cosine;
    return v_sincospi(x, &cosine);
}

FNN_INLINE vreal v_cospi(vreal x)
{
    vreal cosine;
    v_sincospi(x, &cosine);
    return cosine;
}

#endif
