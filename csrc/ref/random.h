/* random.h - Philox4x32-10 as in Salmon et al. (2011), one element at a time. */
#ifndef FNN_RANDOM_H
#define FNN_RANDOM_H

static void philox_round(uint32_t counter[4], uint32_t key[2])
{
    const uint64_t p0 = (uint64_t)0xd2511f53 * counter[0], p2 = (uint64_t)0xcd9e8d57 * counter[2];
    counter[0] = (uint32_t)(p2 >> 32) ^ counter[1] ^ key[0];
    counter[1] = (uint32_t)p2;
    counter[2] = (uint32_t)(p0 >> 32) ^ counter[3] ^ key[1];
    counter[3] = (uint32_t)p0;
    key[0] += 0x9e3779b9;
    key[1] += 0xbb67ae85;
}

/* The word of element i of a step. */
static uint32_t random_word(fnn_idx i, const fnn_random *r)
{
    const uint64_t block = (uint64_t)i / 4;
    uint32_t counter[4] = {(uint32_t)block, (uint32_t)(block >> 32), (uint32_t)r->step,
                           (uint32_t)(r->step >> 32)};
    uint32_t key[2] = {r->key[0], r->key[1]};
    for (int round = 0; round < 10; round++)
        philox_round(counter, key);
    return counter[i % 4];
}

#endif
