/* indexing.c - sums, copies, and rows and elements by their index. */
#include "../simd/vec.h"

#include "parts.inc.c"
#include "repeat.inc.c"
#include "strided_copy.inc.c"
#include "indexed.inc.c"
#include "embedding.inc.c"
#include "category_encoding.inc.c"
#include "discretization.inc.c"
#include "masking.inc.c"
