"""Python functions as steps of a plan: layers, losses and metrics written on tensors, among steps in C.

A step acquires the GIL, passes tensors to the function, and copies the results into the plan's memory. In
training the graph of the call is kept until backward, which propagates the gradients of the results through
it.

Design:
(a) The function gets copies, never the plan's memory, so it may keep them.
(b) An exception stops the run before anything has changed, and the run raises it unchanged.
(c) Graphs are kept by arena, so that several runs may be active at the same time.
(d) Subnormal numbers are 0 inside the function, as everywhere in a plan.
(e) A step has a limited number of operands, so weights have steps of their own before the call, which write
    the gradients found by backward to the weights' gradients.

Losses and metrics share the copying and the error handling with layers, so all three are in this file.
"""

import numpy as np

from libc.stdint cimport uintptr_t
from libc.string cimport memcpy, memset

from ..core.batch cimport Port
from ..core.plan cimport Plan, fail, step_fn
from ..core.runtime cimport address
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport (
    ARENA,
    DX,
    DY,
    FIRST_OWN,
    OPERANDS,
    PORTS,
    X,
    Y,
    idx_t,
    operand,
    run_t,
    step_t,
)

from ... import autograd
from ...autograd.graph import tensors_behind
from ...added_losses import collected, collecting
from ...variables import TrainingScope, within_scope
from ...warning import warn_of_unused, warn_without_gradient

cdef enum:
    WEIGHTS = OPERANDS - FIRST_OWN      # the most weights that a step has operands for

cdef enum:          # sizes of a step for weights
    COUNT
    START           # index of its first weight among those of the call

cdef enum:          # operands of a loss or metric
    LABELS = FIRST_OWN
    ROW_WEIGHTS
    MASK

cdef enum:          # sizes of a loss or metric
    TOTAL

cdef enum:
    MODEL_LOSS = 0      # the total of a model's loss

cdef double WORK = 1e5      # assumed FLOPs of a call for each row: enough to release the GIL around the run


cdef class Call:
    """A function of tensors with the shapes of its inputs and results.

    Parameters
    ----------
    name : str
        Name in error messages.
    function : callable
        Maps a tensor for each input to a tensor, or a list of tensors, with as many rows.
    inputs, results : list of tuple of int
        Shapes of rows.
    wants : list of bool
        Which inputs need gradients.
    variables : list of Variable
        Weights that need gradients.
    subject : object
        What the warning that no gradient flows through the function is shown once for.
    """
    cdef str name
    cdef object function
    cdef list inputs
    cdef list results
    cdef list wants
    cdef list variables
    cdef str dtype
    cdef bint training
    cdef bint has_loss      # whether what the function adds to the loss counts
    cdef idx_t times        # rows for each sample
    cdef object subject
    cdef bint checked       # whether the first results have shown which weights they depend on
    cdef object scope       # in which the function runs in training
    cdef dict graphs        # by arena: (inputs, results, added losses) between forward and backward
    cdef dict gradients     # by arena: of the variables

    def __init__(self, str name, function, list inputs, list results, list wants, list variables, str dtype,
                 bint training, subject):
        self.name, self.function, self.inputs, self.results = name, function, inputs, results
        self.wants, self.variables, self.dtype, self.training = wants, variables, dtype, training
        self.subject = subject
        self.graphs, self.gradients = {}, {}

    cdef int input_at(self, idx_t i):
        return X if i == 0 else FIRST_OWN + 2 * (<int>i - 1)

    cdef int result_at(self, idx_t i):
        return Y if i == 0 else FIRST_OWN + 2 * (<int>len(self.inputs) - 1 + <int>i - 1)

    cdef int gradient_at(self, int at):
        return DX if at == X else DY if at == Y else at + 1

    cdef int forward(self, const step_t *s, const run_t *r) except -1:
        tensors = [
            autograd.Tensor(read(operand(s, r, self.input_at(i)), (r.rows, *shape), self.dtype), wanted)
            for i, (shape, wanted) in enumerate(zip(self.inputs, self.wants))]
        with collecting() as added, within_scope(self.scope) if self.training else autograd.no_grad():
            made = self.function(*tensors)
        for loss in added:
            loss.weight = self.times
            if self.has_loss:
                loss.gradient = 1.0
                r.totals[MODEL_LOSS].value += float(loss.numbers().sum()) * (r.rows // self.times)
            elif self.training:
                collected(loss)
        made = list(made) if isinstance(made, (list, tuple)) else [made]
        if len(made) != len(self.results):
            raise ValueError(f"{self.name}: expected {len(self.results)} results, got {len(made)}")
        for i, (y, shape) in enumerate(zip(made, self.results)):
            if np.shape(y) != (r.rows, *shape):
                raise ValueError(
                    f"{self.name}: expected a result of shape {(r.rows, *shape)}, got {np.shape(y)}")
            array = np.asarray(y, self.dtype)
            write(operand(s, r, self.result_at(i)), array)
            if self.training and len(made) > 1:
                clear(operand(s, r, self.gradient_at(self.result_at(i))), array.nbytes)
        if self.training:
            self.graphs[<uintptr_t>r.base[ARENA]] = tensors, made, added
        return 0

    cdef int backward(self, const step_t *s, const run_t *r) except -1:
        tensors, made, added = self.graphs.pop(<uintptr_t>r.base[ARENA])
        reached = [
            (y, read(operand(s, r, self.gradient_at(self.result_at(i))), y.shape, self.dtype))
            for i, y in enumerate(made) if isinstance(y, autograd.Tensor) and y.requires_grad
            and (y._node is not None or any(y is t for t in tensors))]  # not a tensor that is made anew
        reached += [
            (loss.value, np.full(loss.value.shape, loss.gradient * loss.weight, self.dtype))
            for loss in added if loss.gradient is not None
            and isinstance(loss.value, autograd.Tensor) and loss.value.requires_grad]
        wanted = [t for t, wants in zip(tensors, self.wants) if wants] + self.variables
        if reached:
            self.check_reached([y for y, _ in reached])
            with within_scope(self.scope):
                found = autograd.grad([y for y, _ in reached], wanted, [g for _, g in reached])
        else:
            found = [np.zeros(t.shape, self.dtype) for t in wanted]
            warn_without_gradient(self.subject, self.name)
        for i, wants in enumerate(self.wants):
            if wants:
                write(operand(s, r, self.gradient_at(self.input_at(i))), found.pop(0))
        if found:
            self.gradients[<uintptr_t>r.base[ARENA]] = found
        return 0

    cdef int check_reached(self, list results) except -1:
        """Warn of weights that the first results do not depend on."""
        if not self.checked:
            self.checked = True
            behind = tensors_behind(results)
            unused = [v for v in self.variables if id(v) not in behind and v.regularizer is None]
            if unused:
                warn_of_unused(self.subject, self.name, unused)
        return 0

    cdef int write_gradients(self, const step_t *s, const run_t *r) except -1:
        """Write the gradients of some weights to their operands, or add them to an earlier contribution."""
        cdef int i
        found = self.gradients[<uintptr_t>r.base[ARENA]]
        for i in range(<int>s.size[COUNT]):
            g = np.ascontiguousarray(found[s.size[START] + i], self.dtype)
            if s.accumulate >> (FIRST_OWN + i) & 1:
                s.kernels.add_parts(operand(s, r, FIRST_OWN + i), address(g), g.size, 1, g.size, True)
            else:
                write(operand(s, r, FIRST_OWN + i), g)
        if s.size[START] == 0:      # the last step to run: backward runs from last to first
            del self.gradients[<uintptr_t>r.base[ARENA]]
        return 0


cdef object read(const char *source, tuple shape, str dtype):
    """Return a copy of plan memory as an array."""
    array = np.empty(shape, dtype)
    memcpy(address(array), source, array.nbytes)
    return array


cdef object write(char *to, array):
    """Copy the elements of an array to plan memory."""
    array = np.ascontiguousarray(array)
    memcpy(to, address(array), array.nbytes)


cdef void clear(char *gradient, idx_t size) noexcept:
    """Set the gradient of a result to 0, if it has one: the result may have no reader that writes it."""
    if gradient is not NULL:
        memset(gradient, 0, size)


def emit(Plan plan, str name, list inputs, list results, list variables, function, bint constant=False,
         subject=None):
    """Append a Python function to `plan`.

    Parameters
    ----------
    name : str
        Name in error messages.
    inputs : list of Value
    results : list of tuple of int
        Shapes of rows.
    variables : list of Variable
        Weights that the function reads.
    function : callable
        Maps a tensor for each input to a tensor, or a list of tensors.
    constant : bool, default False
        Whether no gradient flows through it.
    subject : object, optional
        The warning that no gradient flows through the function is shown once for it; by default the function.

    Returns
    -------
    list of Value
    """
    cdef Value x, y
    cdef Step s
    cdef idx_t i
    cdef int at
    cdef list learning = [v for v in variables if plan.trains(v)]
    cdef bint differentiable = not constant and (bool(learning) or any([v.differentiable for v in inputs]))
    if len(inputs) + len(results) - 2 > WEIGHTS // 2:
        raise ValueError(f"{name}: expected at most {WEIGHTS // 2 + 2} inputs and results together")
    wants = [not constant and plan.gradient(x) is not None for x in inputs]
    shapes = [v.shape for v in inputs]
    cdef bint training = plan.training and not constant
    cdef Call call = Call(name, function, shapes, results, wants, learning, plan.dtype, training,
                          function if subject is None else subject)
    call.has_loss, call.times = bool(plan.totals), plan.times
    call.scope = TrainingScope(frozenset(learning), plan.layer_trains)
    plan._constants.append(call)
    for i in range(0, len(learning), WEIGHTS):
        s = plan.add("weights", nothing, write_gradients, NULL, 0)
        s.c.kernel = <void *>call
        s.c.size[START], s.c.size[COUNT] = i, min(WEIGHTS, len(learning) - i)
        for at in range(<int>s.c.size[COUNT]):
            s.use(FIRST_OWN + at, plan.parameter_gradient(learning[i + at]), BACKWARD)
    s = plan.add(name, forward, backward, NULL, WORK)
    plan.runs_python = True
    if constant:
        s.c.backward = NULL
    s.c.kernel = <void *>call
    for i, x in enumerate(inputs):
        at = call.input_at(i)
        s.use(at, x, FORWARD)
        if not constant:
            s.use(call.gradient_at(at), plan.gradient(x), BACKWARD)
    made = []
    for i, shape in enumerate(results):
        at = call.result_at(i)
        y = plan.value(shape, differentiable)
        y.producer = s
        s.use(at, y, FORWARD)
        if y.differentiable:
            s.use(call.gradient_at(at), plan.gradient(y), BACKWARD if len(results) == 1 else BOTH)
        made.append(y)
    return made


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    with gil:
        try:
            (<Call>s.kernel).forward(s, r)
        except BaseException as error:
            fail(r, error)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    with gil:
        try:
            (<Call>s.kernel).backward(s, r)
        except BaseException as error:
            fail(r, error)


cdef void nothing(const step_t *s, const run_t *r) noexcept nogil:
    pass


cdef void write_gradients(const step_t *s, const run_t *r) noexcept nogil:
    with gil:
        try:
            (<Call>s.kernel).write_gradients(s, r)
        except BaseException as error:
            fail(r, error)


# ---- losses and metrics -------------------------------------------------------------------------------

cdef class LossOrMetric:
    """A loss or metric written in Python, with the shapes and dtypes of its arguments."""
    cdef object function
    cdef str name
    cdef list shapes            # of rows of labels, predictions, weights and mask; None for an absent one
    cdef list dtypes
    cdef double factor
    cdef bint first
    cdef bint counted

    cdef tuple arguments(self, const step_t *s, const run_t *r):
        """The arguments with the rows of all ranks, and the place of those of this run among them."""
        places = LABELS, X, ROW_WEIGHTS, MASK
        own = [
            None if shape is None else read(operand(s, r, at), (r.rows, *shape), dtype)
            for at, shape, dtype in zip(places, self.shapes, self.dtypes)]
        return (own, 0) if r.ranks is NULL else (<object>r.ranks).gather_rows(own)

    cdef int loss(self, const step_t *s, const run_t *r) except -1:
        cdef char *dx = operand(s, r, DX)
        (labels, predictions, weights, mask), start = self.arguments(s, r)
        tensor = autograd.Tensor(predictions, dx is not NULL)
        if dx is NULL:
            with autograd.no_grad():
                value = self.function(labels, tensor, weights, mask)
        else:
            value = self.function(labels, tensor, weights, mask)
            if isinstance(value, autograd.Tensor) and value.requires_grad:
                gradient = autograd.grad(value, tensor)[start : start + r.rows]
                gradient = np.ascontiguousarray(gradient, predictions.dtype)
                s.kernels.merge_sum(dx, address(gradient), NULL, gradient.size, self.factor / r.portion)
            else:
                memset(dx, 0, r.rows * predictions[0].nbytes)
                warn_without_gradient(self.function, self.name)
        r.totals[MODEL_LOSS].value += float(value) * self.factor * r.rows
        r.totals[MODEL_LOSS].weight += r.rows * self.first
        if s.size[TOTAL] != MODEL_LOSS:
            r.totals[s.size[TOTAL]].value += float(value) * r.rows
            r.totals[s.size[TOTAL]].weight += r.rows * self.counted
        return 0

    cdef int metric(self, const step_t *s, const run_t *r) except -1:
        arguments, _ = self.arguments(s, r)
        self.function(*arguments)
        return 0


cdef Step add_step(Plan plan, Value prediction, Value target, Value weights, function, str name,
                   step_fn run):
    cdef LossOrMetric measure = LossOrMetric()
    cdef Step s = plan.add(name, run, NULL, NULL, WORK)
    cdef Value mask = prediction.mask
    measure.function, measure.name, measure.factor = function, name, 1
    measure.shapes = [None if v is None else v.shape for v in (target, prediction, weights, mask)]
    sparse = target.space >= PORTS and (<Port>plan._ports[target.space - PORTS]).format == b"i"[0]
    measure.dtypes = ["int32" if sparse else plan.dtype, plan.dtype, plan.dtype, plan.dtype]
    plan._constants.append(measure)
    s.c.kernel = <void *>measure
    s.c.size[TOTAL] = plan.total(name)
    s.use(X, prediction, FORWARD).use(LABELS, target, FORWARD)
    return s.use(ROW_WEIGHTS, weights, FORWARD).use(MASK, mask, FORWARD)


def emit_loss(Plan plan, Value prediction, Value target, Value weights, function, str name,
              double factor=1.0, bint first=True, bint counted=True):
    """Append a loss written in Python, and its gradient, to `plan`; see `loss_metric.emit_loss`.

    Parameters
    ----------
    function : callable
        Maps labels, predictions (a tensor), weights and mask to the loss, a tensor of one number.
    """
    cdef Step s = add_step(plan, prediction, target, weights, function, name, loss)
    cdef LossOrMetric measure = <LossOrMetric>s.c.kernel
    measure.factor, measure.first, measure.counted = factor, first, counted
    s.use(DX, plan.gradient(prediction), FORWARD)


def emit_metric(Plan plan, Value prediction, Value target, Value weights, function, str name):
    """Append a metric written in Python to `plan`.

    Parameters
    ----------
    function : callable
        Called with labels, predictions, weights and mask; it keeps its own state.
    """
    add_step(plan, prediction, target, weights, function, name, metric)


cdef void loss(const step_t *s, const run_t *r) noexcept nogil:
    with gil:
        try:
            (<LossOrMetric>s.kernel).loss(s, r)
        except BaseException as error:
            fail(r, error)


cdef void metric(const step_t *s, const run_t *r) noexcept nogil:
    with gil:
        try:
            (<LossOrMetric>s.kernel).metric(s, r)
        except BaseException as error:
            fail(r, error)
