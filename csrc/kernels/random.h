/* random.h - the pseudo-random words that dropout, noise and random maps are computed from.
 *
 * Element i of a step has word i % 4 of Philox4x32-10 (Salmon, Moraes, Dror & Shaw, Parallel random numbers:
 * as easy as 1, 2, 3, SC 2011) with counter (i / 4, step), each of two words, low before high, and the
 * caller's key. So a random number depends on the seed, the layer, the step and the element alone: not on
 * threads, instruction set or dtype.
 */
#ifndef FNN_RANDOM_H
#define FNN_RANDOM_H

#include "../simd/rows.h"

enum { PHILOX_ROUNDS = 10, PHILOX_BLOCKS = 64, STREAM = 4 * PHILOX_BLOCKS };

FNN_INLINE uint32_t low_word(uint64_t x) { return (uint32_t)x; }
FNN_INLINE uint32_t high_word(uint64_t x) { return (uint32_t)(x >> 32); }

/* How many of the next n elements, from `at` on, have their words in one buffer of STREAM words. */
FNN_INLINE fnn_idx in_stream(fnn_idx at, fnn_idx n) { return n < STREAM - at % 4 ? n : STREAM - at % 4; }

/* The words of the blocks that contain `size` elements from `at` on; that of element `at` is words[at % 4]. */
static void philox(uint32_t words[STREAM], fnn_idx at, fnn_idx size, const fnn_random *r)
{
    const vword factor_0 = w_set1(0xd2511f53), factor_2 = w_set1(0xcd9e8d57);
    const uint64_t first = (uint64_t)at / 4;
    const int blocks = (int)((at % 4 + size + 3) / 4);
    uint32_t c[4][PHILOX_BLOCKS];
    for (uint32_t b = 0; b < PHILOX_BLOCKS; b++) {
        c[0][b] = low_word(first + b);
        c[1][b] = high_word(first + b);
    }
    for (int b = 0; b < blocks; b += WLEN) {
        vword c0 = w_load(c[0] + b), c1 = w_load(c[1] + b);
        vword c2 = w_set1(low_word(r->step)), c3 = w_set1(high_word(r->step));
        FNN_UNROLL_FOR(uint32_t i = 0; i < PHILOX_ROUNDS; i++) {
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
    for (int b = 0; b < blocks; b++)
        FNN_UNROLL_FOR(int i = 0; i < 4; i++)
            words[4 * b + i] = c[i][b];
}

#endif
