/* Every kernel on avx2 in float. */
#define FNN_ISA avx2
#define FNN_F64 0
#include "../simd/vec_avx2.h"
#include "../kernels/all.h"
