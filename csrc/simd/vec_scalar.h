/* vec_scalar.h - the vocabulary on one lane: any C11 compiler, any processor. */
#ifndef FNN_VEC_H
#define FNN_VEC_H

#include <math.h>
#include <string.h>

#include "real.h"

enum { VLEN = 1 };
#define GEMM_MR 4
#define GEMM_NV 4

typedef real vreal;
typedef int vmask;

FNN_INLINE vreal v_set1(real x) { return x; }
FNN_INLINE vreal v_load(const real *p) { return *p; }
FNN_INLINE void v_store(real *p, vreal a) { *p = a; }
FNN_INLINE vreal v_load_n(const real *p, fnn_idx n) { return n > 0 ? *p : 0; }
FNN_INLINE void v_store_n(real *p, vreal a, fnn_idx n)
{
    if (n > 0)
        *p = a;
}
FNN_INLINE vreal v_first_n(vreal a, fnn_idx n, vreal rest) { return n > 0 ? a : rest; }

FNN_INLINE vreal v_add(vreal a, vreal b) { return a + b; }
FNN_INLINE vreal v_sub(vreal a, vreal b) { return a - b; }
FNN_INLINE vreal v_mul(vreal a, vreal b) { return a * b; }
FNN_INLINE vreal v_div(vreal a, vreal b) { return a / b; }
FNN_INLINE vreal v_fma(vreal a, vreal b, vreal c) { return a * b + c; }
FNN_INLINE vreal v_fnma(vreal a, vreal b, vreal c) { return c - a * b; }
FNN_INLINE vreal v_min(vreal a, vreal b) { return a < b ? a : b; }
FNN_INLINE vreal v_max(vreal a, vreal b) { return a > b ? a : b; }

#if FNN_F64
FNN_INLINE vreal v_sqrt(vreal a) { return sqrt(a); }
FNN_INLINE vreal v_abs(vreal a) { return fabs(a); }
FNN_INLINE vreal v_copysign(vreal a, vreal sign) { return copysign(a, sign); }
typedef uint64_t vbits;
#else
FNN_INLINE vreal v_sqrt(vreal a) { return sqrtf(a); }
FNN_INLINE vreal v_abs(vreal a) { return fabsf(a); }
FNN_INLINE vreal v_copysign(vreal a, vreal sign) { return copysignf(a, sign); }
typedef uint32_t vbits;
#endif

FNN_INLINE vmask v_lt(vreal a, vreal b) { return a < b; }
FNN_INLINE vmask v_le(vreal a, vreal b) { return a <= b; }
FNN_INLINE vmask v_eq(vreal a, vreal b) { return a == b; }
FNN_INLINE vmask v_isnan(vreal a) { return a != a; }
FNN_INLINE vmask m_or(vmask a, vmask b) { return a | b; }
FNN_INLINE int m_any(vmask a) { return a; }
FNN_INLINE vreal v_select(vmask m, vreal a, vreal b) { return m ? a : b; }

/* Low bits that hold n + BIAS become the number 2^n for -BIAS <= n <= BIAS + 1; the ends are 0 and infinity. */
FNN_INLINE vreal v_exponent(vreal t)
{
    vbits bits;
    memcpy(&bits, &t, sizeof t);
    bits <<= MANTISSA;
    memcpy(&t, &bits, sizeof t);
    return t;
}

/* A positive normal a = m 2^exponent with sqrt(1/2) <= m < sqrt(2). The bits of sqrt(1/2) are subtracted, so that
 * the exponent steps there and not at 1, and added to m again.
 */
FNN_INLINE vreal v_frexp(vreal a, vreal *exponent)
{
    const vbits mask = ((vbits)1 << MANTISSA) - 1;
    vbits bits;
    memcpy(&bits, &a, sizeof a);
    bits += ((vbits)BIAS << MANTISSA) - SQRT_HALF;
    *exponent = (real)((int)(bits >> MANTISSA) - BIAS);
    bits = (bits & mask) + SQRT_HALF;
    memcpy(&a, &bits, sizeof a);
    return a;
}

FNN_INLINE real v_sum(vreal a) { return a; }
FNN_INLINE real v_maximum(vreal a) { return a; }
FNN_INLINE void v_transpose(vreal r[VLEN]) { (void)r; }
FNN_INLINE void v_load_transposed(vreal r[VLEN], const real *from, fnn_idx line)
{
    (void)line;
    r[0] = *from;
}

/* Words of 32 bits, for random numbers. */
typedef uint32_t vword;
enum { WLEN = 1 };

FNN_INLINE vword w_set1(uint32_t x) { return x; }
FNN_INLINE vword w_load(const uint32_t *p) { return *p; }
FNN_INLINE void w_store(uint32_t *p, vword a) { *p = a; }
FNN_INLINE vword w_xor(vword a, vword b) { return a ^ b; }
/* The low words of the products a m, and their high words. */
FNN_INLINE vword w_multiply(vword a, vword m, vword *high)
{
    uint64_t product = (uint64_t)a * m;
    *high = (uint32_t)(product >> 32);
    return (uint32_t)product;
}

#endif
