/* vec_avx512.h - the vocabulary on AVX-512 F, DQ, BW and VL. */
#ifndef FNN_VEC_H
#define FNN_VEC_H

#include <immintrin.h>

#include "real.h"

#if FNN_F64
typedef __m512d vreal;
typedef __mmask8 vmask;
#define V(op) _mm512_##op##_pd
#define M(op) _mm512_mask_##op##_pd
#define Z(op) _mm512_maskz_##op##_pd
#define CMP(a, b, how) _mm512_cmp_pd_mask(a, b, how)
#define I(op) _mm512_##op##_epi64
#define BITS(a) _mm512_castpd_si512(a)
#define REAL(a) _mm512_castsi512_pd(a)
#define FROM_INTEGER(a) _mm512_cvtepi64_pd(a)
enum { VLEN = 8 };
#else
typedef __m512 vreal;
typedef __mmask16 vmask;
#define V(op) _mm512_##op##_ps
#define M(op) _mm512_mask_##op##_ps
#define Z(op) _mm512_maskz_##op##_ps
#define CMP(a, b, how) _mm512_cmp_ps_mask(a, b, how)
#define I(op) _mm512_##op##_epi32
#define BITS(a) _mm512_castps_si512(a)
#define REAL(a) _mm512_castsi512_ps(a)
#define FROM_INTEGER(a) _mm512_cvtepi32_ps(a)
enum { VLEN = 16 };
#endif

/* 7 rows of 2 vectors. Registers hold twice as many, but the addresses of 14 rows fill the other registers, and two tiles
 * in flight hide the start and end of each: 93 to 96 % of the peak against 83 to 91 %.
 */
#define GEMM_MR 7
#define GEMM_NV 2

FNN_INLINE vmask lanes(fnn_idx n) { return (vmask)((1u << n) - 1u); }

FNN_INLINE vreal v_set1(real x) { return V(set1)(x); }
FNN_INLINE vreal v_load(const real *p) { return V(loadu)(p); }
FNN_INLINE void v_store(real *p, vreal a) { V(storeu)(p, a); }
FNN_INLINE vreal v_load_n(const real *p, fnn_idx n) { return Z(loadu)(lanes(n), p); }
FNN_INLINE void v_store_n(real *p, vreal a, fnn_idx n) { M(storeu)(p, lanes(n), a); }
FNN_INLINE vreal v_first_n(vreal a, fnn_idx n, vreal rest) { return M(mov)(rest, lanes(n), a); }

FNN_INLINE vreal v_add(vreal a, vreal b) { return V(add)(a, b); }
FNN_INLINE vreal v_sub(vreal a, vreal b) { return V(sub)(a, b); }
FNN_INLINE vreal v_mul(vreal a, vreal b) { return V(mul)(a, b); }
FNN_INLINE vreal v_div(vreal a, vreal b) { return V(div)(a, b); }
FNN_INLINE vreal v_fma(vreal a, vreal b, vreal c) { return V(fmadd)(a, b, c); }
FNN_INLINE vreal v_fnma(vreal a, vreal b, vreal c) { return V(fnmadd)(a, b, c); }
FNN_INLINE vreal v_min(vreal a, vreal b) { return V(min)(a, b); }
FNN_INLINE vreal v_max(vreal a, vreal b) { return V(max)(a, b); }
FNN_INLINE vreal v_sqrt(vreal a) { return V(sqrt)(a); }
FNN_INLINE vreal v_abs(vreal a) { return V(abs)(a); }
FNN_INLINE vmask v_lt(vreal a, vreal b) { return CMP(a, b, _CMP_LT_OQ); }
FNN_INLINE vmask v_le(vreal a, vreal b) { return CMP(a, b, _CMP_LE_OQ); }
FNN_INLINE vmask v_eq(vreal a, vreal b) { return CMP(a, b, _CMP_EQ_OQ); }
FNN_INLINE vmask v_isnan(vreal a) { return CMP(a, a, _CMP_UNORD_Q); }
FNN_INLINE vmask m_or(vmask a, vmask b) { return (vmask)(a | b); }
FNN_INLINE int m_any(vmask a) { return a != 0; }
FNN_INLINE vreal v_select(vmask m, vreal a, vreal b) { return M(mov)(b, m, a); }

FNN_INLINE vreal v_copysign(vreal a, vreal sign)
{
    enum { pick = 0xca }; /* the second operand's bit where the first's is set, else the third's */
    return REAL(I(ternarylogic)(BITS(v_set1(R(-0.0))), BITS(sign), BITS(a), pick));
}

FNN_INLINE vreal v_exponent(vreal t) { return REAL(I(slli)(BITS(t), MANTISSA)); }

FNN_INLINE vreal v_frexp(vreal a, vreal *exponent)
{
    const __m512i low = I(set1)(SQRT_HALF), mantissa = I(set1)((1ll << MANTISSA) - 1);
    __m512i bits = I(sub)(BITS(a), low);
    *exponent = FROM_INTEGER(I(srai)(bits, MANTISSA));
    return REAL(I(add)(_mm512_and_si512(bits, mantissa), low));
}

FNN_INLINE real v_sum(vreal a) { return V(reduce_add)(a); }
FNN_INLINE real v_maximum(vreal a) { return V(reduce_max)(a); }

#if FNN_F64
FNN_INLINE void v_transpose(vreal r[VLEN])
{
    vreal t[8];
    FNN_UNROLL_FOR(int i = 0; i < 8; i += 2) {
        t[i] = _mm512_unpacklo_pd(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
    }
    FNN_UNROLL_FOR(int i = 0; i < 8; i += 4)
        FNN_UNROLL_FOR(int j = 0; j < 2; j++) {
            r[i + j] = _mm512_shuffle_f64x2(t[i + j], t[i + j + 2], 0x88);
            r[i + j + 2] = _mm512_shuffle_f64x2(t[i + j], t[i + j + 2], 0xdd);
        }
    FNN_UNROLL_FOR(int j = 0; j < 4; j++) {
        vreal low = r[j], high = r[j + 4];
        r[j] = _mm512_shuffle_f64x2(low, high, 0x88);
        r[j + 4] = _mm512_shuffle_f64x2(low, high, 0xdd);
    }
}
#else
FNN_INLINE vreal pairs(vreal a, vreal b, int high)
{
    __m512d x = _mm512_castps_pd(a), y = _mm512_castps_pd(b);
    return _mm512_castpd_ps(high ? _mm512_unpackhi_pd(x, y) : _mm512_unpacklo_pd(x, y));
}

FNN_INLINE void v_transpose(vreal r[VLEN])
{
    vreal t[16];
    FNN_UNROLL_FOR(int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    FNN_UNROLL_FOR(int i = 0; i < 16; i += 4)
        FNN_UNROLL_FOR(int j = 0; j < 2; j++) {
            r[i + 2 * j] = pairs(t[i + j], t[i + j + 2], 0);
            r[i + 2 * j + 1] = pairs(t[i + j], t[i + j + 2], 1);
        }
    FNN_UNROLL_FOR(int i = 0; i < 16; i += 8)
        FNN_UNROLL_FOR(int j = 0; j < 4; j++) {
            t[i + j] = _mm512_shuffle_f32x4(r[i + j], r[i + j + 4], 0x88);
            t[i + j + 4] = _mm512_shuffle_f32x4(r[i + j], r[i + j + 4], 0xdd);
        }
    FNN_UNROLL_FOR(int j = 0; j < 8; j++) {
        r[j] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0x88);
        r[j + 8] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0xdd);
    }
}
#endif

FNN_INLINE void v_load_transposed(vreal r[VLEN], const real *from, fnn_idx line)
{
    FNN_UNROLL_FOR(int i = 0; i < VLEN; i++)
        r[i] = v_load(from + i * line);
    v_transpose(r);
}

/* Words of 32 bits, for random numbers. */
typedef __m512i vword;
enum { WLEN = 16 };

FNN_INLINE vword w_set1(uint32_t x) { return _mm512_set1_epi32((int)x); }
FNN_INLINE vword w_load(const uint32_t *p) { return _mm512_loadu_si512(p); }
FNN_INLINE void w_store(uint32_t *p, vword a) { _mm512_storeu_si512(p, a); }
FNN_INLINE vword w_xor(vword a, vword b) { return _mm512_xor_si512(a, b); }
/* The low words of the products a m, and their high words. */
FNN_INLINE vword w_multiply(vword a, vword m, vword *high)
{
    vword even = _mm512_mul_epu32(a, m), odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), m);
    *high = _mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_CDAB);
    return _mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CDAB);
}

#undef V
#undef M
#undef Z
#undef CMP
#undef I
#undef BITS
#undef REAL
#undef FROM_INTEGER

#endif
