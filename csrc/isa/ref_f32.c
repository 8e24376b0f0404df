/* The textbook version of every kernel in float: the oracle. */
#define FNN_ISA ref
#define FNN_F64 0
#include "../simd/real.h"
#include "../ref/all.h"
