/* check.h - what the checks share: every array twice, once for the textbook loops and once for the kernels
 * under test, with the same numbers in both; and how near to each other the two must be afterwards.
 *
 * Arrays are allocated to the byte and not aligned to vectors: the address sanitizer reports each access beyond an end,
 * the undefined-behaviour sanitizer each load that needs more alignment than an element has.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fastnn.h"
#include "fpmode.h"

enum { TEXTBOOK, TESTED, SIDES };

typedef struct {
    void *at[SIDES];
    fnn_idx n;
} array;

static const fnn_kernels *table[SIDES];
static const char *dtype, *kernel; /* for messages: what is under test, ... */
static fnn_idx shape[3];           /* ... and on what sizes */
static int failures;
static double nearest; /* the largest error so far, as a share of what is allowed, and its kernel */
static const char *nearest_kernel;

static struct {
    void *block[64];
    int blocks;
    uint64_t state;
} pool;

#define EACH_SIDE(s) for (int s = 0; s < SIDES; s++)

#define COUNT(list) (int)(sizeof(list) / sizeof *(list))

/* Begin a new case: free the arrays of the last one, and seed the numbers with its sizes. */
static void begin(fnn_idx m, fnn_idx n, fnn_idx k)
{
    while (pool.blocks)
        free(pool.block[--pool.blocks]);
    shape[0] = m;
    shape[1] = n;
    shape[2] = k;
    pool.state = (uint64_t)(m + 1009 * n + 1000003 * k);
}

static void *allocate(fnn_idx bytes)
{
    void *block = malloc(bytes ? (size_t)bytes : 1);
    if (!block || pool.blocks == COUNT(pool.block)) {
        fprintf(stderr, "check: out of memory\n");
        exit(2);
    }
    return pool.block[pool.blocks++] = block;
}

/* splitmix64 */
static uint64_t random_bits(void)
{
    uint64_t z = pool.state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static double random_number(double low, double high)
{
    return low + (high - low) * (double)(random_bits() >> 11) * 0x1p-53;
}

static int is_double(void) { return table[TESTED]->itemsize == sizeof(double); }
static double unit(void) { return is_double() ? DBL_EPSILON : (double)FLT_EPSILON; }

static double get(const void *x, fnn_idx i)
{
    return is_double() ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void set(array x, fnn_idx i, double value)
{
    EACH_SIDE(s)
        if (is_double())
            ((double *)x.at[s])[i] = value;
        else
            ((float *)x.at[s])[i] = (float)value;
}

/* n numbers from low to high */
static array numbers(fnn_idx n, double low, double high)
{
    const fnn_idx size = table[TESTED]->itemsize;
    array x = {{NULL, NULL}, n};
    EACH_SIDE(s)
        x.at[s] = (char *)allocate((n + 1) * size) + size;
    for (fnn_idx i = 0; i < n; i++)
        set(x, i, random_number(low, high));
    return x;
}

/* The same as whole numbers. */
static array integers(fnn_idx n, int low, int high)
{
    array x = numbers(n, low, high);
    for (fnn_idx i = 0; i < n; i++)
        set(x, i, round(get(x.at[TEXTBOOK], i)));
    return x;
}

static const double edges[] = {0.0, -0.0, 1.0, -1.0, 1e-6, -1e-6, NAN, INFINITY, -INFINITY};
static const double kinks[] = {0.0, -0.0, 3.0, -3.0, 6.0, 0.5, 4.0, NAN};

/* Replace every third number by one of a list. */
#define SPRINKLE(x, list) \
    for (fnn_idx at = 0; at < (x).n; at += 3) \
    set(x, at, list[at / 3 % COUNT(list)])

static const array none = {{NULL, NULL}, 0};

/* Class numbers, the same for both sides. */
static int32_t *class_numbers(fnn_idx n, int classes)
{
    int32_t *x = allocate(n * (fnn_idx)sizeof *x);
    for (fnn_idx i = 0; i < n; i++)
        x[i] = (int32_t)(random_bits() % (uint64_t)classes);
    return x;
}

/* Within `units` of the last place of the result, or of `magnitude` where that is larger. */
static void near(const char *what, fnn_idx i, double tested, double textbook, double units, double magnitude)
{
    const double smallest = is_double() ? DBL_MIN : (double)FLT_MIN;
    const double allowed = units * unit() * fmax(fabs(textbook), magnitude) + smallest;
    const double error = fabs(tested - textbook);
    if (tested == textbook || (isnan(tested) && isnan(textbook)))
        return;
    if (isfinite(error) && error > nearest * allowed) {
        nearest = error / allowed;
        nearest_kernel = kernel;
    }
    if (error <= allowed && isfinite(error))
        return;
    if (++failures <= 20)
        printf("%s %s %s (%lld, %lld, %lld): %s[%lld] is %.17g, by the textbook %.17g: %.3g units\n",
               table[TESTED]->isa, dtype, kernel, (long long)shape[0], (long long)shape[1],
               (long long)shape[2], what, (long long)i, tested, textbook,
               error / unit() / fmax(fabs(textbook), magnitude));
}

static void same(const char *what, array x, double units, double magnitude)
{
    for (fnn_idx i = 0; x.at[TESTED] && i < x.n; i++)
        near(what, i, get(x.at[TESTED], i), get(x.at[TEXTBOOK], i), units, magnitude);
}

/* Sizes around each vector length, and beyond every block over which kernels sum. */
static const fnn_idx sizes[] = {0,  1,  2,  3,  4,  5,  7,   8,   9,   15,   16,
                                17, 31, 33, 63, 64, 65, 100, 255, 259, 1025, 2051};
#define EACH_SIZE(n) \
    for (int n##_i = 0; n##_i < COUNT(sizes); n##_i++) \
        for (fnn_idx n = sizes[n##_i], n##_once = (begin(n, 0, 0), 1); n##_once; n##_once = 0)
