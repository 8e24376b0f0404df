/* sizes.h - what products and convolutions share about places in the caches and the steps of windows. */
#ifndef FNN_SIZES_H
#define FNN_SIZES_H

enum { PAGE = 4096 };

FNN_INLINE fnn_idx common_divisor(fnn_idx a, fnn_idx b)
{
    while (b) {
        const fnn_idx rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

#endif
