/* The textbook version of every kernel in double: the oracle. */
#define FNN_ISA ref
#define FNN_F64 1
#include "../simd/real.h"
#include "../ref/all.h"
