/* Every kernel on neon in double. */
#define FNN_ISA neon
#define FNN_F64 1
#include "../simd/vec_neon.h"
#include "../kernels/all.h"
