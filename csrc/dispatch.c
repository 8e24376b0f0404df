/* dispatch.c - which kernel tables this build has, and which of them this processor runs.
 *
 * The build defines FNN_HAVE_AVX2, FNN_HAVE_AVX512 and FNN_HAVE_NEON for the tables it compiled. This file
 * is compiled for the platform's baseline, as all but the kernels of an instruction set, so asking is always safe.
 */
#include <string.h>

#include "fastnn.h"

#if defined(FNN_HAVE_AVX2) || defined(FNN_HAVE_AVX512)
#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
static void cpuid(unsigned leaf, unsigned r[4]) { __cpuidex((int *)r, (int)leaf, 0); }
static uint64_t enabled_state(void) { return _xgetbv(0); }
#else
#include <cpuid.h>
static void cpuid(unsigned leaf, unsigned r[4])
{
    if (!__get_cpuid_count(leaf, 0, &r[0], &r[1], &r[2], &r[3]))
        memset(r, 0, 4 * sizeof *r);
}
static uint64_t enabled_state(void)
{
    uint32_t low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}
#endif

enum { EBX = 1, ECX = 2 };

/* Both the processor and the operating system must support the registers (Intel SDM vol. 1, 14.3). */
static int has_bits(unsigned value, unsigned bits) { return (value & bits) == bits; }

static int has_state(uint64_t wanted)
{
    unsigned r[4];
    cpuid(1, r);
    return has_bits(r[ECX], 1u << 27) && (enabled_state() & wanted) == wanted;
}

static int runs_avx2(void)
{
    unsigned r[4];
    cpuid(1, r);
    int fma = has_bits(r[ECX], 1u << 12);
    cpuid(7, r);
    return fma && has_bits(r[EBX], 1u << 5) && has_state(0x06);
}

#ifdef FNN_HAVE_AVX512
static int runs_avx512(void)
{
    const unsigned f_dq_bw_vl = 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31;
    unsigned r[4];
    cpuid(7, r);
    return runs_avx2() && has_bits(r[EBX], f_dq_bw_vl) && has_state(0xe6);
}
#endif
#endif

static int runs_always(void) { return 1; }

#define TABLES(isa) extern const fnn_kernels fnn_##isa##_f32_table, fnn_##isa##_f64_table;
#define ROW(isa, runs) \
    { \
        #isa, runs, { &fnn_##isa##_f32_table, &fnn_##isa##_f64_table } \
    }

TABLES(scalar)
TABLES(ref)
#ifdef FNN_HAVE_AVX512
TABLES(avx512)
#endif
#ifdef FNN_HAVE_AVX2
TABLES(avx2)
#endif
#ifdef FNN_HAVE_NEON
TABLES(neon)
#endif

static const struct {
    const char *name;
    int (*runs)(void);
    const fnn_kernels *table[FNN_DTYPES];
} rows[] = {
#ifdef FNN_HAVE_AVX512
    ROW(avx512, runs_avx512),
#endif
#ifdef FNN_HAVE_AVX2
    ROW(avx2, runs_avx2),
#endif
#ifdef FNN_HAVE_NEON
    ROW(neon, runs_always),
#endif
    ROW(scalar, runs_always), ROW(ref, runs_always),
};

enum { ROWS = sizeof rows / sizeof rows[0] };

/* "ref" is the last row and no instruction set: it is asked for by name alone. */
int fnn_isa_count(void)
{
    int count = 0;
    for (int i = 0; i < ROWS - 1; i++)
        count += rows[i].runs();
    return count;
}

const char *fnn_isa_name(int i)
{
    for (int row = 0; row < ROWS - 1; row++)
        if (rows[row].runs() && i-- == 0)
            return rows[row].name;
    return NULL;
}

const fnn_kernels *fnn_table(const char *isa, int dtype)
{
    for (int row = 0; row < ROWS; row++)
        if (strcmp(rows[row].name, isa) == 0 && rows[row].runs())
            return rows[row].table[dtype];
    return NULL;
}

void *fnn_kernel(const fnn_kernels *table, const char *name)
{
#define FNN_KERNEL(returns, kernel, arguments) \
    if (strcmp(name, #kernel) == 0) \
        return (void *)(uintptr_t)table->kernel;
#include "kernels.def"
#undef FNN_KERNEL
    return NULL;
}

const fnn_activation_row fnn_activations[FNN_ACTIVATIONS] = {
#define FNN_ACTIVATION(name, saved) {#name, saved},
#include "activations.def"
#undef FNN_ACTIVATION
};
