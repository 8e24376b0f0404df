/* gaussian.inc.c - y = x + stddev z and y = x (1 + stddev z), where z is normal; x and y may be the same.
 *
 * Box & Muller (A note on the generation of random normal deviates, Annals of Mathematical Statistics 29,
 * 1958) compute two normal numbers from two uniform ones: with u in (0, 1) and t in [-1, 1) they are
 * sqrt(-2 log u) cos(pi t) and sqrt(-2 log u) sin(pi t). Elements i = 4 b and 4 b + 1 come from the first two
 * words of block b (random.h), the next two elements from the others. No |z| is above 6.8.
 *
 * For u near 1 the logarithm is computed as that of 1 - (1 - u), with 1 - u taken exactly from the complement of
 * the word: so results in float are within a few units in the last place of those in double, however small.
 */
#include "../simd/math.h"
#include "random.h"

enum { PAIRS = STREAM / 2 };

/* Standard normal numbers for `size` elements from `at` on; that of element `at` is z[at % 4]. */
static void normal(real z[STREAM], fnn_idx at, fnn_idx size, const fnn_random *r)
{
    const vreal zero = v_set1(R(0.0)), one = v_set1(R(1.0));
    const int pairs = (int)((at % 4 + size + 1) / 2);
    uint32_t words[STREAM];
    real below[PAIRS], above[PAIRS], angle[PAIRS], cosines[PAIRS], sines[PAIRS]; /* u, 1 - u, t */
    philox(words, at, size, r);
    for (int i = 0; i < pairs; i++) {
        below[i] = ((real)words[2 * i] + R(0.5)) * R(0x1p-32);
        above[i] = ((real)~words[2 * i] + R(0.5)) * R(0x1p-32);
        angle[i] = (real)(int32_t)words[2 * i + 1] * R(0x1p-31);
    }
    for (int i = 0; i < pairs; i += VLEN) {
        vreal e, m = v_frexp(v_load_up_to(below + i, pairs - i), &e), cosine, sine;
        vreal f = v_sub(m, one), minus_above = v_sub(zero, v_load_up_to(above + i, pairs - i));
        f = v_select(v_eq(e, zero), minus_above, f);
        vreal radius = v_sqrt(v_mul(v_set1(R(-2.0)), log_reduced(f, e)));
        sine = v_sincospi(v_load_up_to(angle + i, pairs - i), &cosine);
        v_store_up_to(cosines + i, v_mul(radius, cosine), pairs - i);
        v_store_up_to(sines + i, v_mul(radius, sine), pairs - i);
    }
    for (int i = 0; i < pairs; i++) {
        z[2 * i] = cosines[i];
        z[2 * i + 1] = sines[i];
    }
}

#define GAUSSIAN(name, result) \
    void KERNEL(gaussian_##name)(void *y_, const void *x_, fnn_idx first, fnn_idx n, double stddev_, \
                                 const fnn_random *r) \
    { \
        const vreal stddev = v_set1((real)stddev_); \
        real *y = y_, numbers[STREAM]; \
        const real *x = x_; \
        for (fnn_idx size; n > 0; first += size, y += size, x += size, n -= size) { \
            size = in_stream(first, n); \
            normal(numbers, first, size, r); \
            for (fnn_idx i = 0; i < size; i += VLEN) { \
                const vreal z = v_load_up_to(numbers + first % 4 + i, size - i); \
                const vreal xi = v_load_up_to(x + i, size - i); \
                v_store_up_to(y + i, result, size - i); \
            } \
        } \
    }

GAUSSIAN(noise, v_fma(stddev, z, xi))
GAUSSIAN(dropout, v_mul(xi, v_fma(stddev, z, v_set1(R(1.0)))))
#undef GAUSSIAN
