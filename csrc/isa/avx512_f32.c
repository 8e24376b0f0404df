/* Every kernel on avx512 in float. */
#define FNN_ISA avx512
#define FNN_F64 0
#include "../simd/vec_avx512.h"
#include "../kernels/all.h"
