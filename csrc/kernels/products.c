/* products.c - matrix products, convolutions and recurrent layers, which share the register tile. */
#include "../simd/vec.h"

#include "tile.inc.c"
#include "narrow.inc.c"
#include "few_rows.inc.c"
#include "gemm.inc.c"
#include "patches.inc.c"
#include "conv.inc.c"
#include "simple_rnn.inc.c"
#include "lstm.inc.c"
#include "gru.inc.c"
#include "recurrent.inc.c"
#include "recurrent_pack.inc.c"
