/* dropout.inc.c - y = x / (1 - rate) where an element is kept, else 0; the same elements for dx and dy.
 *
 * Element i of a step has word i % 4 of Philox4x32-10 (Salmon, Moraes, Dror & Shaw, Parallel random numbers:
 * as easy as 1, 2, 3, SC 2011) with counter (i / 4, step), each of two words, low before high, and the
 * caller's key. It is kept if that word is at least rate * 2^32. So the mask depends on the seed, the
 * layer, the step and the place alone: not on threads, instruction set or dtype. The words are made
 * STREAM at a time in plain integer loops, which compilers turn into vectors of any kind.
 */
#include <math.h>

#include "../simd/rows.h"

enum { ROUNDS = 10, STREAM = 256 };

/* A 32-bit word of a 64-bit one. */
FNN_INLINE uint32_t low_word(uint64_t x) { return (uint32_t)x; }
FNN_INLINE uint32_t high_word(uint64_t x) { return (uint32_t)(x >> 32); }

/* The words of STREAM / 4 blocks from number `first`. */
static void philox(uint32_t words[STREAM], uint64_t first, const fnn_random *r)
{
    const uint32_t key_0 = r->key[0], key_1 = r->key[1];
    const uint32_t step_low = low_word(r->step), step_high = high_word(r->step);
    for (uint32_t b = 0; b < STREAM / 4; b++) {
        uint32_t c0 = low_word(first + b), c1 = high_word(first + b), c2 = step_low, c3 = step_high;
    FNN_UNROLL for (uint32_t i = 0; i < ROUNDS; i++) {
            const uint64_t p0 = (uint64_t)0xd2511f53 * c0, p2 = (uint64_t)0xcd9e8d57 * c2;
            c0 = high_word(p2) ^ c1 ^ (key_0 + i * 0x9e3779b9);
            c2 = high_word(p0) ^ c3 ^ (key_1 + i * 0xbb67ae85);
            c1 = low_word(p2);
            c3 = low_word(p0);
        }
        words[4 * b] = c0;
        words[4 * b + 1] = c1;
        words[4 * b + 2] = c2;
        words[4 * b + 3] = c3;
    }
}

/* How many elements from `at` on have their words in one stream; n are left. */
FNN_INLINE fnn_idx stretch(fnn_idx at, fnn_idx n) { return n < STREAM - at % 4 ? n : STREAM - at % 4; }

/* mask (n): 0, or 1 / (1 - rate) where the element is kept */
static void dropout_mask(void *mask_, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    const uint64_t limit = (uint64_t)ceil(r->rate * 4294967296.0);
    const real kept = (real)(1 / (1 - r->rate));
    real *mask = mask_;
    uint32_t words[STREAM];
    for (fnn_idx size; n > 0; first += size, mask += size, n -= size) {
        const uint32_t *word = words + first % 4;
        size = stretch(first, n);
        philox(words, (uint64_t)first / 4, r);
        for (fnn_idx i = 0; i < size; i++)
            mask[i] = word[i] < limit ? 0 : kept;
    }
}

static void dropout(void *y_, const void *x_, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    const vreal zero = v_set1(R(0.0));
    real *y = y_, mask[STREAM];
    const real *x = x_;
    for (fnn_idx size; n > 0; first += size, y += size, x += size, n -= size) {
        size = stretch(first, n);
        dropout_mask(mask, first, size, r);
        for (fnn_idx i = 0; i < size; i += VLEN) {
            const vreal factor = v_load_up_to(mask + i, size - i);
            const vreal kept = v_mul(factor, v_load_up_to(x + i, size - i));
            v_store_up_to(y + i, v_select(v_eq(factor, zero), zero, kept), size - i);
        }
    }
}
