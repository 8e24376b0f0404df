"""A metric of an output: the weighted mean of one value per row, or a state that its kernel adds to."""

from ..core.plan cimport Plan
from ..core.steps cimport FORWARD, Step, Value
from ..core.tables cimport fnn_loss_metric
from ..core.types cimport operand, run_t, step_t, totals_t
from .loss_metric cimport (
    CLASSES, KIND, STATE, TOTAL, add_step, bind, step_fn, sum_values, tally_fn, value_fn)

from ..core.specs import PythonSpec

from . import python_op


def emit_metric(Plan plan, Value prediction, Value target, Value weights, metric, str name):
    """Append a metric of `prediction` against `target`.

    Parameters
    ----------
    weights : Value or None
        Of the rows, or of the values of each.
    metric : Metric
        Its `_plan_spec` names the kernel; `_zeros` makes the state of a tally, and `_logged` computes the
        result of a state, or of the sums of values and of weights unless it is their quotient (`_is_mean`).
    """
    cdef Step s
    spec, state = metric._plan_spec, None
    if isinstance(spec, PythonSpec):
        python_op.emit_metric(plan, prediction, target, weights, spec.function, name)
        plan.report(name, metric._logged, clear=metric.reset_state)
        return
    cdef step_fn run = average_of_all if spec.ignored_as_zeros else average
    if spec.tally is not None:
        run = tally
    s = add_step(plan, prediction, target, weights, spec, name, spec.kernel, run)
    if spec.tally is not None:
        state = metric._zeros(s.c.size[CLASSES])
        s.use(STATE, plan.constant(state), FORWARD)
    if not metric._is_mean:
        plan.report(name, metric._logged, state)


cdef void average(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_loss_metric settings
    cdef totals_t *total = r.totals + s.size[TOTAL]
    bind(&settings, s, r)
    total.value += sum_values(
        <value_fn>s.kernel, &settings, s.kernels.itemsize, s.size[KIND], r.threads)
    total.weight += s.kernels.weight_sum(&settings)


cdef void average_of_all(const step_t *s, const run_t *r) noexcept nogil:
    """The same, where values of the ignored class are zeros that count, unless there are weights."""
    cdef fnn_loss_metric settings
    cdef totals_t *total = r.totals + s.size[TOTAL]
    cdef bint weighted
    bind(&settings, s, r)
    weighted = settings.weight is not NULL
    total.value += sum_values(
        <value_fn>s.kernel, &settings, s.kernels.itemsize, s.size[KIND], r.threads)
    total.weight += s.kernels.weight_sum(&settings) if weighted else <double>settings.m


cdef void tally(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_loss_metric settings
    bind(&settings, s, r)
    (<tally_fn>s.kernel)(<double *>operand(s, r, STATE), &settings)
