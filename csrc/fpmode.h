/* fpmode.h - subnormals are flushed to zero inside the kernels, and nowhere else.
 *
 * Decaying states and Adam's second moments go subnormal, where an operation takes 100 times as long
 * (oneDNN #561). The mode belongs to a thread: enter sets it and returns what leave gives back.
 */
#ifndef FASTNN_FPMODE_H
#define FASTNN_FPMODE_H

#include <stdint.h>

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
static inline uint64_t fnn_fp_enter(void)
{
    const unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;
    unsigned old = _mm_getcsr();
    _mm_setcsr(old | flush_to_zero | denormals_are_zero);
    return old;
}
static inline void fnn_fp_leave(uint64_t old) { _mm_setcsr((unsigned)old); }
#elif defined(__aarch64__)
static inline uint64_t fnn_fp_enter(void)
{
    const uint64_t flush_to_zero = 1u << 24;
    uint64_t old;
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(old | flush_to_zero));
    return old;
}
static inline void fnn_fp_leave(uint64_t old) { __asm__ volatile("msr fpcr, %0" : : "r"(old)); }
#else
static inline uint64_t fnn_fp_enter(void) { return 0; }
static inline void fnn_fp_leave(uint64_t old) { (void)old; }
#endif

#endif
