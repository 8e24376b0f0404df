/* Every kernel on neon in float. */
#define FNN_ISA neon
#define FNN_F64 0
#include "../simd/vec_neon.h"
#include "../kernels/all.h"
