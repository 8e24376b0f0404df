/* Every kernel on avx512 in double. */
#define FNN_ISA avx512
#define FNN_F64 1
#include "../simd/vec_avx512.h"
#include "../kernels/all.h"
