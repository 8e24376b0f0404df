/* Every kernel on avx2 in double. */
#define FNN_ISA avx2
#define FNN_F64 1
#include "../simd/vec_avx2.h"
#include "../kernels/all.h"
