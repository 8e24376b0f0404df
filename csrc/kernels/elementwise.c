/* elementwise.c - functions of elements, and softmax. */
#include "../simd/vec.h"

#include "math.inc.c"
#include "activation.inc.c"
#include "prelu.inc.c"
#include "softmax.inc.c"
#include "elementwise_binary.inc.c"
#include "matvec.inc.c"
#include "merge.inc.c"
