/* table.c - the kernel table of an instruction set and dtype: the one name of theirs that others know. */
#include "simd/real.h"

#define FNN_QUOTE(isa) #isa
#define FNN_NAME(isa) FNN_QUOTE(isa)

extern const fnn_kernels KERNEL(table);

const fnn_kernels KERNEL(table) = {
    .isa = FNN_NAME(FNN_ISA),
    .itemsize = sizeof(real),
#define FNN_KERNEL(returns, name, arguments) .name = KERNEL(name),
#include "kernels.def"
#undef FNN_KERNEL
};
