/* check.c - every kernel of every instruction set that this processor runs, against the textbook loops.
 *
 * Without arguments, and without Python: so it runs under sanitizers, emulators and compilers that Python's
 * own build knows nothing of (make check-c, check-neon, sanitize-c). One line for each instruction set and
 * dtype; the exit status is 1 if anything differs. Each kernel of kernels.def has a function check_<name> in
 * the file of its op: a kernel without one does not compile.
 */
#include "check.h"

#include "activation.inc.c"
#include "adjust.inc.c"
#include "indexed.inc.c"
#include "affine.inc.c"
#include "category_encoding.inc.c"
#include "check.inc.c"
#include "constraint.inc.c"
#include "conv.inc.c"
#include "strided_copy.inc.c"
#include "depthwise.inc.c"
#include "discretization.inc.c"
#include "dropout.inc.c"
#include "embedding.inc.c"
#include "gaussian.inc.c"
#include "gemm.inc.c"
#include "masking.inc.c"
#include "math.inc.c"
#include "matvec.inc.c"
#include "merge.inc.c"
#include "elementwise_binary.inc.c"
#include "norm.inc.c"
#include "parts.inc.c"
#include "recurrent.inc.c"
#include "pooling.inc.c"
#include "prelu.inc.c"
#include "regularization.inc.c"
#include "repeat.inc.c"
#include "resample.inc.c"
#include "loss_metric.inc.c"
#include "softmax.inc.c"
#include "uniform.inc.c"
#include "update.inc.c"
#include "warp.inc.c"
#include "warp_matrix.inc.c"

static const struct {
    const char *name;
    void (*check)(void);
} checks[] = {
#define FNN_KERNEL(returns, name, arguments) {#name, check_##name},
#include "kernels.def"
#undef FNN_KERNEL
};

static void check_table(const char *isa, int which)
{
    const int before = failures;
    table[TEXTBOOK] = fnn_table("ref", which);
    table[TESTED] = fnn_table(isa, which);
    dtype = is_double() ? "float64" : "float32";
    nearest = 0;
    nearest_kernel = "none";
    for (int i = 0; i < COUNT(checks); i++) {
        kernel = checks[i].name;
        if (!fnn_kernel(table[TESTED], kernel) && ++failures)
            printf("%s %s %s: fnn_kernel does not find it\n", isa, dtype, kernel);
        checks[i].check();
    }
    begin(0, 0, 0);
    if (failures == before)
        printf("%s %s: %d kernels agree with ref; the largest error, of %s, is %.0f %% of what is allowed\n",
               isa, dtype, COUNT(checks), nearest_kernel, 100 * nearest);
    else
        printf("%s %s: %d results differ from ref\n", isa, dtype, failures - before);
    fflush(stdout);
}

int main(void)
{
    const uint64_t mode = fnn_fp_enter();
    for (int i = 0; i < fnn_isa_count(); i++)
        for (int which = 0; which < FNN_DTYPES; which++)
            check_table(fnn_isa_name(i), which);
    fnn_fp_leave(mode);
    if (fnn_isa_name(fnn_isa_count()) || fnn_table("none of these", FNN_FLOAT) ||
        fnn_kernel(table[0], "none")) {
        printf("dispatch: finds what there is not\n");
        failures++;
    }
    return failures > 0;
}
