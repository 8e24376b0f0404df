/* real.h - the number type of this translation unit, and how its functions are declared.
 *
 * Every kernel is compiled once per (instruction set, dtype), which the build defines as FNN_ISA and FNN_F64: so a
 * kernel says `real` and never asks which one it is.
 */
#ifndef FNN_REAL_H
#define FNN_REAL_H

#include <stddef.h>
#include <stdint.h>

#include "../fastnn.h"

#if FNN_F64
typedef double real;
#define FNN_DTYPE f64
#define R(x) (x)
enum { MANTISSA = 52, BIAS = 1023 };
#define SQRT_HALF 0x3fe6a09e667f3bcd /* its bits */
#else
typedef float real;
#define FNN_DTYPE f32
#define R(x) (x##f)
enum { MANTISSA = 23, BIAS = 127 };
#define SQRT_HALF 0x3f3504f3 /* its bits */
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define FNN_INLINE static __forceinline
#define FNN_UNROLL_FOR for
#define FNN_UNROLL_2_FOR for
#define FNN_LOOP_FOR for
#pragma fp_contract(off)
#else
#define FNN_INLINE static inline __attribute__((always_inline, unused))
#define FNN_PRAGMA(x) _Pragma(#x)
#define FNN_UNROLL_2_FOR FNN_PRAGMA(GCC unroll 2) for /* of windows: whole for the most frequent height and width */
#if defined(__clang__)
#define FNN_UNROLL_FOR FNN_PRAGMA(clang loop unroll(full)) for
#define FNN_LOOP_FOR for
#else
#define FNN_UNROLL_FOR FNN_PRAGMA(GCC unroll 64) for
#define FNN_LOOP_FOR FNN_PRAGMA(GCC unroll 1) for /* so that it is still a loop when GCC looks for vectors */
#endif
#endif

/* One copy of a large function, also where a caller passes constants. */
#if defined(__GNUC__) && !defined(__clang__)
#define FNN_NOCLONE __attribute__((noinline, noclone))
#else
#define FNN_NOCLONE
#endif

/* Read a cache line into L1 in advance; any address will do. */
#if defined(__GNUC__)
#define FNN_PREFETCH(p) __builtin_prefetch(p)
#elif defined(_M_X64)
#include <xmmintrin.h>
#define FNN_PREFETCH(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)
#else
#define FNN_PREFETCH(p) ((void)(p))
#endif

/* A kernel is an external function, fnn_avx2_f32_gemm: any kernel may call it, in whichever unit it is. */
#define FNN_SYMBOL(isa, dtype, name) fnn_##isa##_##dtype##_##name
#define FNN_EXPANDED(isa, dtype, name) FNN_SYMBOL(isa, dtype, name)
#define KERNEL(name) FNN_EXPANDED(FNN_ISA, FNN_DTYPE, name)

#define FNN_KERNEL(returns, name, arguments) returns KERNEL(name) arguments;
#include "../kernels.def"
#undef FNN_KERNEL

#endif
