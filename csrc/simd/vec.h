/* vec.h - the vocabulary of FNN_ISA, which the build defines with FNN_F64 for each translation unit. */
#define FNN_FILE(isa) FNN_QUOTE(vec_##isa.h)
#define FNN_QUOTE(file) #file
#define FNN_HEADER(isa) FNN_FILE(isa)
#include FNN_HEADER(FNN_ISA)
