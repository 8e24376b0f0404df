/* update.h - what every optimizer does to a gradient and to a weight before its own rule.
 *
 *   g = clip(gradient_scale g, -clip_value, clip_value)      w = w - decay w
 *
 * Both are done even where they change nothing: an update waits for memory, not for arithmetic.
 */
#ifndef FNN_UPDATE_H
#define FNN_UPDATE_H

#include <math.h>

#include "../simd/rows.h"

typedef struct {
    vreal scale, lowest, highest, decay;
} update_constants;

FNN_INLINE update_constants update_constants_of(const fnn_update *u)
{
    const real limit = u->clip_value > 0 ? (real)u->clip_value : (real)INFINITY;
    return (update_constants){v_set1((real)u->gradient_scale), v_set1(-limit), v_set1(limit),
                              v_set1((real)u->decay)};
}

FNN_INLINE vreal scaled_gradient(const real *g, fnn_idx left, update_constants c)
{
    return v_min(c.highest, v_max(c.lowest, v_mul(v_load_up_to(g, left), c.scale)));
}

FNN_INLINE vreal decayed_weight(const real *w, fnn_idx left, update_constants c)
{
    const vreal old = v_load_up_to(w, left);
    return v_fnma(c.decay, old, old);
}

#endif
