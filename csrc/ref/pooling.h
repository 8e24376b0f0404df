/* pooling.h - the taps of a window that lie in the image, and their pixels. */
#ifndef FNN_REF_POOLING_H
#define FNN_REF_POOLING_H

/* The part [first, last) of window i along an axis that lies in the image, in taps of the window. */
static fnn_idx window_first(const fnn_pool *p, int axis, fnn_idx i)
{
    const fnn_idx begin = i * p->stride[axis] - p->pad[axis];
    return begin < 0 ? -begin : 0;
}

static fnn_idx window_last(const fnn_pool *p, int axis, fnn_idx i)
{
    const fnn_idx left = (axis ? p->width : p->height) - (i * p->stride[axis] - p->pad[axis]);
    return p->window[axis] < left ? p->window[axis] : left;
}

#define EACH_TAP(kh, kw, p, i, j) \
    for (fnn_idx kh = window_first(p, 0, i); kh < window_last(p, 0, i); kh++) \
        for (fnn_idx kw = window_first(p, 1, j); kw < window_last(p, 1, j); kw++)

static fnn_idx pixel_of_tap(const fnn_pool *p, fnn_idx i, fnn_idx j, fnn_idx kh, fnn_idx kw)
{
    return (i * p->stride[0] - p->pad[0] + kh) * p->row + (j * p->stride[1] - p->pad[1] + kw) * p->pixel;
}

#endif
