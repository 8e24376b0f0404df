/* normalization.c - statistics, and normalization by them. */
#include "../simd/vec.h"

#include "moments.inc.c"
#include "batch_norm.inc.c"
#include "layer_norm.inc.c"
