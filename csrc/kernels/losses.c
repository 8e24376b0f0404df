/* losses.c - losses, metrics, and the checks of what they are computed from. */
#include "../simd/vec.h"

#include "loss.inc.c"
#include "hinge.inc.c"
#include "similarity.inc.c"
#include "crossentropy.inc.c"
#include "focal.inc.c"
#include "metric.inc.c"
#include "../ref/rank.inc.c"
#include "../ref/correlation.inc.c"
#include "../ref/tally.inc.c"
#include "../ref/weight_sum.inc.c"
#include "check.inc.c"
