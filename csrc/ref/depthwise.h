/* depthwise.h - the pixels of an image. */
#ifndef FNN_REF_DEPTHWISE_H
#define FNN_REF_DEPTHWISE_H

/* Element (i, j, 0) of an image of that width, or NULL where there is none. */
static const real *pixel_at(const real *x, fnn_idx height, fnn_idx width, fnn_idx channels, fnn_idx i,
                            fnn_idx j)
{
    const int inside = i >= 0 && i < height && j >= 0 && j < width;
    return inside ? x + (i * width + j) * channels : NULL;
}

#endif
