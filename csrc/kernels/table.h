/* table.h - the one symbol that a translation unit exports: its kernel table, filled from kernels.def. */
#define FNN_PASTE(isa, dtype) fnn_##isa##_##dtype
#define FNN_TABLE(isa, dtype) FNN_PASTE(isa, dtype)
#define FNN_QUOTE(isa) #isa
#define FNN_NAME(isa) FNN_QUOTE(isa)

extern const fnn_kernels FNN_TABLE(FNN_ISA, FNN_DTYPE);

const fnn_kernels FNN_TABLE(FNN_ISA, FNN_DTYPE) = {
    .isa = FNN_NAME(FNN_ISA),
    .itemsize = sizeof(real),
#define FNN_KERNEL(returns, name, arguments) .name = name,
#include "../kernels.def"
#undef FNN_KERNEL
};
