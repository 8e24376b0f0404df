/* vec_avx2.h - the vocabulary on AVX2 and FMA. */
#ifndef FNN_VEC_H
#define FNN_VEC_H

#include <immintrin.h>

#include "real.h"

#if FNN_F64
typedef __m256d vreal;
#define V(op) _mm256_##op##_pd
enum { VLEN = 4 };
#else
typedef __m256 vreal;
#define V(op) _mm256_##op##_ps
enum { VLEN = 8 };
#endif
typedef vreal vmask; /* all bits of a chosen lane are set */

#if defined(_MSC_VER) && !defined(__clang__)
#define GEMM_MR 4 /* Visual C spills the taller tile (XNNPACK #6480) */
#else
/* 6 rows of 2 vectors: 12 accumulators, 2 vectors of B, 1 broadcast of A in 16 registers. */
#define GEMM_MR 6
#endif
#define GEMM_NV 2

/* The first n lanes: a window of VLEN integers that slides over ones, then zeros. */
FNN_INLINE __m256i lanes(fnn_idx n)
{
#if FNN_F64
    static const int64_t window[8] = {-1, -1, -1, -1, 0, 0, 0, 0};
#else
    static const int32_t window[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};
#endif
    return _mm256_loadu_si256((const __m256i *)(window + VLEN - n));
}

FNN_INLINE vreal v_set1(real x) { return V(set1)(x); }
FNN_INLINE vreal v_load(const real *p) { return V(loadu)(p); }
FNN_INLINE void v_store(real *p, vreal a) { V(storeu)(p, a); }
FNN_INLINE vreal v_load_n(const real *p, fnn_idx n) { return V(maskload)(p, lanes(n)); }

/* In powers of two: a masked store is microcode on AMD before Zen 4 (Fog, instruction tables, VMASKMOVPS m, v, v). */
#if FNN_F64
FNN_INLINE void v_store_n(real *p, vreal a, fnn_idx n)
{
    __m128d low = _mm256_castpd256_pd128(a);
    if (n & 2) {
        _mm_storeu_pd(p, low);
        p += 2;
        low = _mm256_extractf128_pd(a, 1);
    }
    if (n & 1)
        _mm_store_sd(p, low);
}
#else
FNN_INLINE void v_store_n(real *p, vreal a, fnn_idx n)
{
    __m128 low = _mm256_castps256_ps128(a);
    if (n & 4) {
        _mm_storeu_ps(p, low);
        p += 4;
        low = _mm256_extractf128_ps(a, 1);
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)p, low);
        p += 2;
        low = _mm_movehl_ps(low, low);
    }
    if (n & 1)
        _mm_store_ss(p, low);
}
#endif

FNN_INLINE vreal v_first_n(vreal a, fnn_idx n, vreal rest)
{
    return V(blendv)(rest, a, V(castsi256)(lanes(n)));
}

FNN_INLINE vreal v_add(vreal a, vreal b) { return V(add)(a, b); }
FNN_INLINE vreal v_sub(vreal a, vreal b) { return V(sub)(a, b); }
FNN_INLINE vreal v_mul(vreal a, vreal b) { return V(mul)(a, b); }
FNN_INLINE vreal v_div(vreal a, vreal b) { return V(div)(a, b); }
FNN_INLINE vreal v_fma(vreal a, vreal b, vreal c) { return V(fmadd)(a, b, c); }
FNN_INLINE vreal v_fnma(vreal a, vreal b, vreal c) { return V(fnmadd)(a, b, c); }
FNN_INLINE vreal v_min(vreal a, vreal b) { return V(min)(a, b); }
FNN_INLINE vreal v_max(vreal a, vreal b) { return V(max)(a, b); }
FNN_INLINE vreal v_sqrt(vreal a) { return V(sqrt)(a); }
FNN_INLINE vreal v_abs(vreal a) { return V(andnot)(V(set1)(R(-0.0)), a); }
FNN_INLINE vreal v_copysign(vreal a, vreal sign)
{
    vreal bit = V(set1)(R(-0.0));
    return V(or)(V(andnot)(bit, a), V(and)(bit, sign));
}

FNN_INLINE vmask v_lt(vreal a, vreal b) { return V(cmp)(a, b, _CMP_LT_OQ); }
FNN_INLINE vmask v_le(vreal a, vreal b) { return V(cmp)(a, b, _CMP_LE_OQ); }
FNN_INLINE vmask v_eq(vreal a, vreal b) { return V(cmp)(a, b, _CMP_EQ_OQ); }
FNN_INLINE vmask v_isnan(vreal a) { return V(cmp)(a, a, _CMP_UNORD_Q); }
FNN_INLINE vmask m_or(vmask a, vmask b) { return V(or)(a, b); }
FNN_INLINE int m_any(vmask a) { return V(movemask)(a) != 0; }
FNN_INLINE vreal v_select(vmask m, vreal a, vreal b) { return V(blendv)(b, a, m); }

#if FNN_F64
FNN_INLINE vreal v_exponent(vreal t)
{
    return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(t), MANTISSA));
}

/* AVX2 cannot convert 64-bit integers: exponent + BIAS is read as the mantissa of 2^52 + itself. */
FNN_INLINE vreal v_frexp(vreal a, vreal *exponent)
{
    const __m256i low = _mm256_set1_epi64x(SQRT_HALF), mantissa = _mm256_set1_epi64x((1ll << MANTISSA) - 1);
    const __m256i one = _mm256_castpd_si256(_mm256_set1_pd(1.0));
    const __m256i two52 = _mm256_castpd_si256(_mm256_set1_pd(4503599627370496.0));
    __m256i bits = _mm256_add_epi64(_mm256_castpd_si256(a), _mm256_sub_epi64(one, low));
    __m256d e = _mm256_castsi256_pd(_mm256_or_si256(_mm256_srli_epi64(bits, MANTISSA), two52));
    *exponent = _mm256_sub_pd(e, _mm256_set1_pd(4503599627370496.0 + (double)BIAS));
    return _mm256_castsi256_pd(_mm256_add_epi64(_mm256_and_si256(bits, mantissa), low));
}

FNN_INLINE void v_transpose(vreal r[VLEN])
{
    vreal a = _mm256_unpacklo_pd(r[0], r[1]), b = _mm256_unpackhi_pd(r[0], r[1]);
    vreal c = _mm256_unpacklo_pd(r[2], r[3]), d = _mm256_unpackhi_pd(r[2], r[3]);
    r[0] = _mm256_permute2f128_pd(a, c, 0x20);
    r[1] = _mm256_permute2f128_pd(b, d, 0x20);
    r[2] = _mm256_permute2f128_pd(a, c, 0x31);
    r[3] = _mm256_permute2f128_pd(b, d, 0x31);
}

FNN_INLINE void v_load_transposed(vreal r[VLEN], const real *from, fnn_idx line)
{
    FNN_UNROLL_FOR(int i = 0; i < VLEN; i++)
        r[i] = v_load(from + i * line);
    v_transpose(r);
}
#else
FNN_INLINE vreal v_exponent(vreal t)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(t), MANTISSA));
}

FNN_INLINE vreal v_frexp(vreal a, vreal *exponent)
{
    const __m256i low = _mm256_set1_epi32(SQRT_HALF), mantissa = _mm256_set1_epi32((1 << MANTISSA) - 1);
    __m256i bits = _mm256_sub_epi32(_mm256_castps_si256(a), low);
    *exponent = _mm256_cvtepi32_ps(_mm256_srai_epi32(bits, MANTISSA));
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_and_si256(bits, mantissa), low));
}

FNN_INLINE void v_transpose(vreal r[VLEN])
{
    vreal t[8];
    FNN_UNROLL_FOR(int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    FNN_UNROLL_FOR(int i = 0; i < 8; i += 4)
        FNN_UNROLL_FOR(int j = 0; j < 2; j++) {
            r[i + 2 * j] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0x44);
            r[i + 2 * j + 1] = _mm256_shuffle_ps(t[i + j], t[i + j + 2], 0xee);
        }
    FNN_UNROLL_FOR(int j = 0; j < 4; j++) {
        vreal low = r[j], high = r[j + 4];
        r[j] = _mm256_permute2f128_ps(low, high, 0x20);
        r[j + 4] = _mm256_permute2f128_ps(low, high, 0x31);
    }
}

/* Row i of a square at `from`, `line` apart, as lane i of each vector. Half rows are paired as they are loaded, which takes
 * no shuffle.
 */
FNN_INLINE void v_load_transposed(vreal r[VLEN], const real *from, fnn_idx line)
{
    FNN_UNROLL_FOR(int j = 0; j < 8; j += 4) {
        vreal h[4], t[4];
        FNN_UNROLL_FOR(int i = 0; i < 4; i++)
            h[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + i * line + j)),
                                        _mm_loadu_ps(from + (i + 4) * line + j), 1);
        FNN_UNROLL_FOR(int i = 0; i < 4; i += 2) {
            t[i] = _mm256_unpacklo_ps(h[i], h[i + 1]);
            t[i + 1] = _mm256_unpackhi_ps(h[i], h[i + 1]);
        }
        FNN_UNROLL_FOR(int i = 0; i < 2; i++) {
            r[j + 2 * i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
            r[j + 2 * i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xee);
        }
    }
}
#endif

/* Horizontal reductions fold halves, so their order is fixed. */
#if FNN_F64
#define FOLD(op) \
    const __m128d x = _mm_##op##_pd(_mm256_castpd256_pd128(a), _mm256_extractf128_pd(a, 1)); \
    return _mm_cvtsd_f64(_mm_##op##_sd(x, _mm_unpackhi_pd(x, x)))
#else
#define FOLD(op) \
    const __m128 x = _mm_##op##_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1)); \
    const __m128 y = _mm_##op##_ps(x, _mm_movehl_ps(x, x)); \
    return _mm_cvtss_f32(_mm_##op##_ss(y, _mm_movehdup_ps(y)))
#endif
FNN_INLINE real v_sum(vreal a) { FOLD(add); }
FNN_INLINE real v_maximum(vreal a) { FOLD(max); }
#undef FOLD

/* Words of 32 bits, for random numbers. */
typedef __m256i vword;
enum { WLEN = 8 };

FNN_INLINE vword w_set1(uint32_t x) { return _mm256_set1_epi32((int)x); }
FNN_INLINE vword w_load(const uint32_t *p) { return _mm256_loadu_si256((const __m256i *)p); }
FNN_INLINE void w_store(uint32_t *p, vword a) { _mm256_storeu_si256((__m256i *)p, a); }
FNN_INLINE vword w_xor(vword a, vword b) { return _mm256_xor_si256(a, b); }
/* The low words of the products a m, and their high words. */
FNN_INLINE vword w_multiply(vword a, vword m, vword *high)
{
    vword even = _mm256_mul_epu32(a, m), odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), m);
    *high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

#undef V

#endif
