/* images.c - pooling, depthwise convolution, and the preprocessing of images. */
#include "../simd/vec.h"

#include "pooling.inc.c"
#include "pooling_gradient.inc.c"
#include "depthwise.inc.c"
#include "depthwise_weights.inc.c"
#include "resample.inc.c"
#include "affine.inc.c"
#include "adjust.inc.c"
#include "warp.inc.c"
#include "warp_matrix.inc.c"
