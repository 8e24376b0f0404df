from libc.stdint cimport int64_t

from ..core.plan cimport Plan
from ..core.steps cimport Step, Value
from ..core.tables cimport fnn_kernels, fnn_loss_metric
from ..core.types cimport FIRST_OWN, idx_t, run_t, step_t

cdef enum:          # operands
    LABELS = FIRST_OWN
    WEIGHTS         # of the values; where there is a mask, times that
    MASK
    SETTINGS        # an fnn_loss_metric without its arrays
    STATE           # of a metric that tallies

cdef enum:          # sizes
    WEIGHTS_EACH    # weights for each row of the batch
    VALUES_EACH     # values for each row of the batch: the product of the dimensions between
    CLASSES         # the last dimension
    KIND            # of the labels
    TOTAL
    FIRST_OWN_SIZE

cdef enum:          # kinds of labels: those of `specs.Labels`, class numbers last
    REAL
    PROBABILITY
    SIGN
    CLASS
    ANY_CLASS

ctypedef double (*value_fn)(const fnn_loss_metric *) noexcept nogil
ctypedef void (*tally_fn)(double *, const fnn_loss_metric *) noexcept nogil
ctypedef void (*step_fn)(const step_t *, const run_t *) noexcept nogil

cdef Step add_step(Plan plan, Value prediction, Value target, Value weights, spec, str name, str kernel_name,
                   step_fn run)
cdef void bind(fnn_loss_metric *settings, const step_t *s, const run_t *r) noexcept nogil
cdef double sum_values(value_fn compute, const fnn_loss_metric *s, idx_t item, int kind,
                       int threads) noexcept nogil
cdef idx_t first_invalid(const fnn_kernels *k, int kind, const void *labels, idx_t count, idx_t classes,
                         int64_t ignore_class) noexcept nogil
