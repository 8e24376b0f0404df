/* dropout.inc.c - y = x / (1 - rate) where an element is kept, else 0; the same elements for dx and dy.
 *
 * Element i of a step has word i % 4 of Philox4x32-10 (Salmon, Moraes, Dror & Shaw, Parallel random numbers:
 * as easy as 1, 2, 3, SC 2011) with counter (i / 4, step), each of two words, low before high, and the
 * caller's key. It is kept if that word is at least rate * 2^32. So the mask depends on the seed, the
 * layer, the step and the place alone: not on threads, instruction set or dtype.
 */
#include <math.h>

#include "../simd/rows.h"

enum { PHILOX_ROUNDS = 10, PHILOX_BLOCKS = 64, STREAM = 4 * PHILOX_BLOCKS };

FNN_INLINE uint32_t low_word(uint64_t x) { return (uint32_t)x; }
FNN_INLINE uint32_t high_word(uint64_t x) { return (uint32_t)(x >> 32); }

/* The four words of each of PHILOX_BLOCKS counters from `first`. */
static void philox(uint32_t words[STREAM], uint64_t first, const fnn_random *r)
{
    const vword factor_0 = w_set1(0xd2511f53), factor_2 = w_set1(0xcd9e8d57);
    uint32_t c[4][PHILOX_BLOCKS];
    for (uint32_t b = 0; b < PHILOX_BLOCKS; b++) {
        c[0][b] = low_word(first + b);
        c[1][b] = high_word(first + b);
    }
    for (int b = 0; b < PHILOX_BLOCKS; b += WLEN) {
        vword c0 = w_load(c[0] + b), c1 = w_load(c[1] + b);
        vword c2 = w_set1(low_word(r->step)), c3 = w_set1(high_word(r->step));
        for (uint32_t i = 0; i < PHILOX_ROUNDS; i++) {
            vword high_0, low_0 = w_multiply(c0, factor_0, &high_0);
            vword high_2, low_2 = w_multiply(c2, factor_2, &high_2);
            c0 = w_xor(w_xor(high_2, c1), w_set1(r->key[0] + i * 0x9e3779b9));
            c2 = w_xor(w_xor(high_0, c3), w_set1(r->key[1] + i * 0xbb67ae85));
            c1 = low_2;
            c3 = low_0;
        }
        w_store(c[0] + b, c0);
        w_store(c[1] + b, c1);
        w_store(c[2] + b, c2);
        w_store(c[3] + b, c3);
    }
    for (int b = 0; b < PHILOX_BLOCKS; b++)
        for (int i = 0; i < 4; i++)
            words[4 * b + i] = c[i][b];
}

/* How many elements from `at` on have their words in one stream; n are left. */
FNN_INLINE fnn_idx in_stream(fnn_idx at, fnn_idx n) { return n < STREAM - at % 4 ? n : STREAM - at % 4; }

/* mask (n): 0, or 1 / (1 - rate) where the element is kept */
static void dropout_mask(void *mask_, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    /* Words up to and with `last` are dropped. At rate 0 it wraps around: every word is, and yet kept. */
    const uint64_t limit = (uint64_t)ceil(r->rate * 4294967296.0);
    const uint32_t last = low_word(limit - 1);
    const real kept = (real)(1 / (1 - r->rate)), dropped = limit == 0 ? kept : 0;
    real *mask = mask_;
    uint32_t words[STREAM];
    for (fnn_idx size; n > 0; first += size, mask += size, n -= size) {
        const uint32_t *word = words + first % 4;
        size = in_stream(first, n);
        philox(words, (uint64_t)first / 4, r);
        for (fnn_idx i = 0; i < size; i++)
            mask[i] = word[i] <= last ? dropped : kept;
    }
}

static void dropout(void *y_, const void *x_, fnn_idx first, fnn_idx n, const fnn_random *r)
{
    const vreal zero = v_set1(R(0.0));
    real *y = y_, mask[STREAM];
    const real *x = x_;
    for (fnn_idx size; n > 0; first += size, y += size, x += size, n -= size) {
        size = in_stream(first, n);
        dropout_mask(mask, first, size, r);
        for (fnn_idx i = 0; i < size; i += VLEN) {
            const vreal factor = v_load_up_to(mask + i, size - i);
            const vreal kept = v_mul(factor, v_load_up_to(x + i, size - i));
            v_store_up_to(y + i, v_select(v_eq(factor, zero), zero, kept), size - i);
        }
    }
}
