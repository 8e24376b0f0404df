"""Recurrent layers over sequences x (rows, steps, inputs): creation of a step; recurrent_run.pyx runs it."""

import numpy as np

from .activation cimport activation_of, needs_input
from .recurrent_run cimport backward, forward, scratch, shape
from .linear_map cimport gradient_beside
from ..core.plan cimport Plan
from ..core.runtime cimport ceil_div
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.tables cimport FNN_GRU, FNN_GRU_RESET_BEFORE, FNN_LSTM, FNN_SIMPLE_RNN, fnn_recurrent
from ..core.types cimport DX, DY, X, Y, idx_t

from ..core.memory import aligned_zeros, data_address

cdef enum:
    LINE = 64           # bytes of a cache line
    SET = 1024          # rows that are a multiple of so many bytes apart share few sets of L1

CELLS_BY_NAME = {"simple_rnn": FNN_SIMPLE_RNN, "lstm": FNN_LSTM, "gru": FNN_GRU,
                 "gru_reset_before": FNN_GRU_RESET_BEFORE}


def emit(Plan plan, Value x, str cell, kernel, recurrent_kernel, bias, tuple activation,
         tuple recurrent_activation, *, bint sequences=False, bint backwards=False, bint zero_masked=False,
         double dropout=0, double recurrent_dropout=0, unsigned long long seed=0, state=None,
         bint stays_packed=False, initial=None, bint ends=False):
    """Append a recurrent layer to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (steps, inputs) a row. Its mask, if it has one, is 0 for the steps to leave out.
    cell : {"simple_rnn", "lstm", "gru", "gru_reset_before"}
    kernel, recurrent_kernel, bias : Variable
        (inputs, gates units), (units, gates units) and (gates units), for "gru" (2, 3 units); bias may be
        None. They are trained together or not at all.
    activation, recurrent_activation : tuple
        Name and parameters, as `fastnn.activations` gives them.
    sequences : bool
        Whether to return the result of each step, or that of the last one.
    backwards : bool
        Whether to process the steps from the last to the first; results are in the order of processing.
    zero_masked : bool
        Whether results of masked steps are zeros; else the result before is repeated.
    dropout, recurrent_dropout : float
        Shares of x and of the state that are dropped in products, the same ones at every step of a row.
    seed : int
        Seed of the dropout.
    state : ndarray of int64, optional
        The addresses of h and c, both (rows, units): runs start from them and write their last state to them.
    stays_packed : bool
        Whether the packed weights outlive a run, until the block of weights says that they have changed: of a
        plan that runs for one number of rows, and one run at a time.
    initial : list of Value, optional
        h, or h and c, (units) a row: the state to start from instead.
    ends : bool
        Whether to return the last state as well.

    Returns
    -------
    Value or list of Value
        (steps, units) or (units) a row; if it `ends`, followed by h, or h and c, (units) a row.
    """
    cdef Step s = create(plan, x, cell, kernel, activation, recurrent_activation)
    cdef idx_t steps = s.c.size[STEPS], units = s.c.size[UNITS]
    cdef int i
    given = [] if initial is None else initial
    weights = kernel, recurrent_kernel, bias
    learns = any(plan.trains(v) for v in weights) or any(v.differentiable for v in (x, *given))
    cdef tuple row = (steps,) if sequences else ()
    cdef Value y = plan.value((*row, units), learns), h
    last = [plan.value((units,), learns) for _ in range(1 + (s.c.size[CELL] == FNN_LSTM))] if ends else []
    y.producer = s
    if sequences:
        y.mask = x.mask
    s.c.size[BACKWARDS], s.c.size[SEQUENCES], s.c.size[ZERO_MASKED] = backwards, sequences, zero_masked
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(MASK, x.mask, BOTH)
    for i, h in enumerate(given):
        s.use(H0 + i, h, FORWARD)
    for i, h in enumerate(last):
        h.producer = s
        s.use(H + i, h, FORWARD)
    use_weights(plan, s, kernel, recurrent_kernel, bias, stays_packed)
    s.c.size[SEED], s.c.param[DROPOUT], s.c.param[RECURRENT_DROPOUT] = <idx_t>seed, dropout, recurrent_dropout
    if dropout:
        s.use(INPUT_MASK, plan.value((s.c.size[INPUTS],)), BOTH)
    if recurrent_dropout:
        s.use(STATE_MASK, plan.value((units,)), BOTH)
    if state is not None:
        s.use(STATE, plan.constant(state), FORWARD)
    if y.differentiable:
        use_gradients(plan, s, x, y, kernel, recurrent_kernel, bias)
        for i, h in enumerate(given):
            s.use(DH0 + i, plan.gradient(h), BACKWARD)
        for i, h in enumerate(last):
            s.use(DH + i, plan.gradient(h), BACKWARD)
    return [y, *last] if ends else y


cdef Step create(Plan plan, Value x, str cell, kernel, tuple activation, tuple recurrent_activation):
    cdef idx_t steps = x.shape[0], inputs = x.shape[1], item = plan.kernels.itemsize, units, gates
    cdef Step s = plan.add("recurrent", forward, backward, scratch, 0)
    s.c.size[CELL] = CELLS_BY_NAME[cell]
    gates = gates_of(&s.c)
    units = kernel.shape[1] // gates
    s.work = 2.0 * s.c.times * steps * gates * units * (inputs + units)
    s.input_work = 2.0 * s.c.times * steps * gates * units * inputs
    s.c.size[STEPS], s.c.size[INPUTS], s.c.size[UNITS] = steps, inputs, units
    s.c.size[A_ROW] = spread(inputs + units * (2 if s.c.size[CELL] == FNN_GRU_RESET_BEFORE else 1), item)
    s.c.size[GATE_ROW] = spread(units * (gates + (s.c.size[CELL] == FNN_GRU)), item)
    s.c.activation, s.c.inner = activation_of(activation), activation_of(recurrent_activation)
    return s


cdef int use_weights(Plan plan, Step s, kernel, recurrent_kernel, bias, bint stays_packed) except -1:
    cdef fnn_recurrent g
    shape(&s.c, &g)
    s.use(W, plan.parameter(kernel), BOTH).use(U, plan.parameter(recurrent_kernel), BOTH)
    s.use(B, plan.parameter(bias), FORWARD)
    packed = plan.kernels.recurrent_packed(&g) // plan.kernels.itemsize
    if stays_packed and packed:
        s.use(PACKED, plan.constant(aligned_zeros(packed, plan.dtype)), FORWARD)
        versions = [data_address(v.version) for v in (kernel, recurrent_kernel, bias) if v is not None]
        s.c.size[N_VERSIONS] = len(versions)
        s.use(VERSIONS, plan.constant(np.array(versions, np.uintp)), FORWARD)
        s.use(PACKED_VERSION, plan.constant(np.full(1, -1, np.int64)), FORWARD)
    elif packed:
        s.use(PACKED, plan.value((packed,), False, False), BOTH)
    return 0


cdef int use_gradients(Plan plan, Step s, Value x, Value y, kernel, recurrent_kernel, bias) except -1:
    """Let a step keep what backward reads, and compute gradients."""
    cdef idx_t steps = s.c.size[STEPS], units = s.c.size[UNITS]
    s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    s.use(DW, gradient_beside(plan, kernel, bias), BACKWARD)
    s.use(DU, gradient_beside(plan, recurrent_kernel, bias), BACKWARD)
    s.use(DB, plan.parameter_gradient(bias), BACKWARD)
    s.fuses_gradient = True
    s.use(A, plan.value((steps, s.c.size[A_ROW])), BOTH)
    s.use(GATES, plan.value((steps, s.c.size[GATE_ROW])), BOTH)
    if needs_input(&s.c.activation) or needs_input(&s.c.inner):
        s.use(PREACTIVATION, plan.value((steps, s.c.size[GATE_ROW])), BOTH)
    if s.c.size[CELL] != FNN_SIMPLE_RNN:
        s.use(CELLS, plan.value((steps + 1, units)), BOTH)
    if DW in s.uses and DU in s.uses and (s.c.size[CELL] == FNN_SIMPLE_RNN or s.c.size[CELL] == FNN_LSTM):
        s.use(JOINT, plan.value((units + s.c.size[INPUTS], kernel.shape[1]), False, False), BACKWARD)
    if s.c.size[CELL] == FNN_LSTM:
        s.use(SQUASHED, plan.value((steps, units)), BOTH)
    return 0


cdef idx_t spread(idx_t n, idx_t item) noexcept:
    """The distance between rows of n elements: whole cache lines, and rows do not share few sets of L1."""
    cdef idx_t line = LINE // item, whole = ceil_div(n, line) * line
    return whole if whole * item % SET else whole + line
