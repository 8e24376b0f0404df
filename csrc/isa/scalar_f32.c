/* Every kernel on scalar in float. */
#define FNN_ISA scalar
#define FNN_F64 0
#include "../simd/vec_scalar.h"
#include "../kernels/all.h"
