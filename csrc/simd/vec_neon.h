/* vec_neon.h - the vocabulary on the 128-bit vectors that every 64-bit ARM processor has. */
#ifndef FNN_VEC_H
#define FNN_VEC_H

#include <arm_neon.h>

#include "real.h"

#if FNN_F64
typedef float64x2_t vreal;
typedef uint64x2_t vmask;
#define V(op) v##op##_f64
#define Q(op) v##op##q_f64
#define BITS(a) vreinterpretq_u64_f64(a)
#define REAL(a) vreinterpretq_f64_u64(a)
enum { VLEN = 2 };
#else
typedef float32x4_t vreal;
typedef uint32x4_t vmask;
#define V(op) v##op##_f32
#define Q(op) v##op##q_f32
#define BITS(a) vreinterpretq_u32_f32(a)
#define REAL(a) vreinterpretq_f32_u32(a)
enum { VLEN = 4 };
#endif

/* 8 rows of 3 vectors: 24 accumulators, 3 vectors of B, 1 broadcast of A in 32 registers. */
#define GEMM_MR 8
#define GEMM_NV 3

FNN_INLINE vreal v_load(const real *p) { return Q(ld1)(p); }
FNN_INLINE void v_store(real *p, vreal a) { Q(st1)(p, a); }
FNN_INLINE vreal v_load_n(const real *p, fnn_idx n)
{
    real x[VLEN] = {0};
    for (fnn_idx i = 0; i < n; i++)
        x[i] = p[i];
    return v_load(x);
}
FNN_INLINE void v_store_n(real *p, vreal a, fnn_idx n)
{
    real x[VLEN];
    v_store(x, a);
    for (fnn_idx i = 0; i < n; i++)
        p[i] = x[i];
}
FNN_INLINE vreal v_first_n(vreal a, fnn_idx n, vreal rest)
{
    real x[VLEN];
    v_store(x, rest);
    v_store_n(x, a, n);
    return v_load(x);
}

FNN_INLINE vreal v_add(vreal a, vreal b) { return Q(add)(a, b); }
FNN_INLINE vreal v_sub(vreal a, vreal b) { return Q(sub)(a, b); }
FNN_INLINE vreal v_mul(vreal a, vreal b) { return Q(mul)(a, b); }
FNN_INLINE vreal v_div(vreal a, vreal b) { return Q(div)(a, b); }
FNN_INLINE vreal v_fma(vreal a, vreal b, vreal c) { return Q(fma)(c, a, b); }
FNN_INLINE vreal v_fnma(vreal a, vreal b, vreal c) { return Q(fms)(c, a, b); }
FNN_INLINE vreal v_min(vreal a, vreal b) { return Q(min)(a, b); }
FNN_INLINE vreal v_max(vreal a, vreal b) { return Q(max)(a, b); }
FNN_INLINE vreal v_sqrt(vreal a) { return Q(sqrt)(a); }
FNN_INLINE vreal v_abs(vreal a) { return Q(abs)(a); }

FNN_INLINE vmask v_lt(vreal a, vreal b) { return Q(clt)(a, b); }
FNN_INLINE vmask v_le(vreal a, vreal b) { return Q(cle)(a, b); }
FNN_INLINE vmask v_eq(vreal a, vreal b) { return Q(ceq)(a, b); }
FNN_INLINE vreal v_select(vmask m, vreal a, vreal b) { return Q(bsl)(m, a, b); }

#if FNN_F64
FNN_INLINE vreal v_set1(real x) { return vdupq_n_f64(x); }
FNN_INLINE vmask v_isnan(vreal a) { return veorq_u64(vceqq_f64(a, a), vdupq_n_u64(~0ull)); }
FNN_INLINE vmask m_or(vmask a, vmask b) { return vorrq_u64(a, b); }
FNN_INLINE int m_any(vmask a) { return (vgetq_lane_u64(a, 0) | vgetq_lane_u64(a, 1)) != 0; }
FNN_INLINE vreal v_copysign(vreal a, vreal sign) { return vbslq_f64(vdupq_n_u64(1ull << 63), sign, a); }
FNN_INLINE vreal v_exponent(vreal t) { return REAL(vshlq_n_u64(BITS(t), MANTISSA)); }
FNN_INLINE vreal v_frexp(vreal a, vreal *exponent)
{
    const uint64x2_t low = vdupq_n_u64(SQRT_HALF), mantissa = vdupq_n_u64((1ull << MANTISSA) - 1);
    uint64x2_t bits = vsubq_u64(BITS(a), low);
    *exponent = vcvtq_f64_s64(vshrq_n_s64(vreinterpretq_s64_u64(bits), MANTISSA));
    return REAL(vaddq_u64(vandq_u64(bits, mantissa), low));
}
FNN_INLINE real v_sum(vreal a) { return vaddvq_f64(a); }
FNN_INLINE real v_maximum(vreal a) { return vmaxvq_f64(a); }
FNN_INLINE void v_transpose(vreal r[VLEN])
{
    vreal a = vtrn1q_f64(r[0], r[1]);
    r[1] = vtrn2q_f64(r[0], r[1]);
    r[0] = a;
}
#else
FNN_INLINE vreal v_set1(real x) { return vdupq_n_f32(x); }
FNN_INLINE vmask v_isnan(vreal a) { return vmvnq_u32(vceqq_f32(a, a)); }
FNN_INLINE vmask m_or(vmask a, vmask b) { return vorrq_u32(a, b); }
FNN_INLINE int m_any(vmask a) { return vmaxvq_u32(a) != 0; }
FNN_INLINE vreal v_copysign(vreal a, vreal sign) { return vbslq_f32(vdupq_n_u32(1u << 31), sign, a); }
FNN_INLINE vreal v_exponent(vreal t) { return REAL(vshlq_n_u32(BITS(t), MANTISSA)); }
FNN_INLINE vreal v_frexp(vreal a, vreal *exponent)
{
    const uint32x4_t low = vdupq_n_u32(SQRT_HALF), mantissa = vdupq_n_u32((1u << MANTISSA) - 1);
    uint32x4_t bits = vsubq_u32(BITS(a), low);
    *exponent = vcvtq_f32_s32(vshrq_n_s32(vreinterpretq_s32_u32(bits), MANTISSA));
    return REAL(vaddq_u32(vandq_u32(bits, mantissa), low));
}
FNN_INLINE real v_sum(vreal a) { return vaddvq_f32(a); }
FNN_INLINE real v_maximum(vreal a) { return vmaxvq_f32(a); }
FNN_INLINE void v_transpose(vreal r[VLEN])
{
    float32x4x2_t low = vtrnq_f32(r[0], r[1]), high = vtrnq_f32(r[2], r[3]);
    r[0] = vcombine_f32(vget_low_f32(low.val[0]), vget_low_f32(high.val[0]));
    r[1] = vcombine_f32(vget_low_f32(low.val[1]), vget_low_f32(high.val[1]));
    r[2] = vcombine_f32(vget_high_f32(low.val[0]), vget_high_f32(high.val[0]));
    r[3] = vcombine_f32(vget_high_f32(low.val[1]), vget_high_f32(high.val[1]));
}
#endif

FNN_INLINE void v_load_transposed(vreal r[VLEN], const real *from, fnn_idx line)
{
    FNN_UNROLL_FOR(int i = 0; i < VLEN; i++)
        r[i] = v_load(from + i * line);
    v_transpose(r);
}

/* Words of 32 bits, for random numbers. */
typedef uint32x4_t vword;
enum { WLEN = 4 };

FNN_INLINE vword w_set1(uint32_t x) { return vdupq_n_u32(x); }
FNN_INLINE vword w_load(const uint32_t *p) { return vld1q_u32(p); }
FNN_INLINE void w_store(uint32_t *p, vword a) { vst1q_u32(p, a); }
FNN_INLINE vword w_xor(vword a, vword b) { return veorq_u32(a, b); }
/* The low words of the products a m, and their high words. */
FNN_INLINE vword w_multiply(vword a, vword m, vword *high)
{
    vword first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a), vget_low_u32(m)));
    vword second = vreinterpretq_u32_u64(vmull_high_u32(a, m));
    *high = vuzp2q_u32(first, second);
    return vuzp1q_u32(first, second);
}

#undef V
#undef Q
#undef BITS
#undef REAL

#endif
