/* Every kernel on scalar in double. */
#define FNN_ISA scalar
#define FNN_F64 1
#include "../simd/vec_scalar.h"
#include "../kernels/all.h"
