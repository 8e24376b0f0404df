"""Recurrent layers over sequences x (rows, steps, inputs), in slabs of rows: forward and through time.

A thread takes a slab through all steps. The slabs depend on the number of rows alone, and so does the order
of what a training run keeps of them: gradients of weights are products over all rows and steps after the
loop, and their sums have one order for any number of threads.

The kernel's cells say what is computed (csrc/kernels/{simple_rnn,lstm,gru}.inc.c).
"""

import numpy as np

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from .activation cimport activation_of, needs_input
from ..core.tables cimport (
    FNN_ACT_linear,
    FNN_GRU,
    FNN_GRU_RESET_BEFORE,
    FNN_LSTM,
    FNN_SIMPLE_RNN,
    fnn_gemm,
    fnn_kernels,
    fnn_random,
    fnn_recurrent,
)
from .gemm cimport gemm, gemm_scratch
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for, THREAD_FLOPS, threads_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, SAVED, X, Y, idx_t, operand, run_t, step_t

from ..core.memory import aligned_zeros

cdef enum:
    W = FIRST_OWN
    U
    B
    DW
    DU
    DB
    PACKED          # weights of one direction, as the kernel reads them
    A               # kept for backward, see fastnn.h
    GATES
    PREACTIVATION
    CELLS
    SQUASHED
    MASK
    INPUT_MASK
    STATE_MASK
    STATE           # the addresses of h and c that outlive a run
    VERSIONS        # addresses of the weights' counters, where PACKED outlives a run, ...
    PACKED_VERSION  # ... and their sum when PACKED was made
    JOINT           # the gradients of U and W in one piece, where both see the same gates
    H0              # the state to start from, and the last one; c0 and c follow h0 and h, here and below
    C0
    H
    C
    DH0
    DC0
    DH
    DC

cdef enum:          # sizes
    CELL
    STEPS
    INPUTS
    UNITS
    A_ROW
    GATE_ROW
    SEED
    BACKWARDS
    SEQUENCES
    ZERO_MASKED
    N_VERSIONS

cdef enum:          # parameters
    DROPOUT
    RECURRENT_DROPOUT

CELLS_BY_NAME = {"simple_rnn": FNN_SIMPLE_RNN, "lstm": FNN_LSTM, "gru": FNN_GRU,
                 "gru_reset_before": FNN_GRU_RESET_BEFORE}

cdef idx_t SLAB = 16                # rows of the largest slab: two tiles, for one pass over the weights
cdef idx_t LINE = 64                # bytes of a cache line
cdef idx_t SET = 1024               # rows so many bytes apart, or a multiple, share few sets of L1
cdef uint64_t STATE_DRAWS = 1 << 40     # where the draws for the state begin in a step's stream

ctypedef struct pass_t:
    fnn_recurrent g
    const step_t *step
    const run_t *run
    idx_t slabs
    bint backward


cdef inline idx_t slabs_of(idx_t rows) noexcept nogil:
    """Slabs of 16 rows, or of 8 and 4 for as long as that gives work to few threads."""
    return max(1, min(2, rows // 4), min(4, rows // 8), (rows + SLAB - 1) // SLAB)


cdef inline idx_t gates_of(const step_t *s) noexcept nogil:
    return 1 if s.size[CELL] == FNN_SIMPLE_RNN else 4 if s.size[CELL] == FNN_LSTM else 3


cdef inline idx_t spread(idx_t n, idx_t item) noexcept nogil:
    """The distance of rows of n elements: whole lines, but not such that rows fall into few sets of L1."""
    cdef idx_t line = LINE // item, whole = (n + line - 1) // line * line
    return whole if whole * item % SET else whole + line


cdef void describe(const step_t *s, const run_t *r, fnn_recurrent *g) noexcept nogil:
    cdef char **state = <char **>operand(s, r, STATE)
    shape(s, g)
    g.rows = r.rows
    g.kernel, g.recurrent_kernel, g.bias = operand(s, r, W), operand(s, r, U), operand(s, r, B)
    g.packed = operand(s, r, PACKED)
    g.x, g.y = operand(s, r, X), operand(s, r, Y)
    g.input_mask, g.state_mask = operand(s, r, INPUT_MASK), operand(s, r, STATE_MASK)
    g.a, g.gates, g.preactivation = operand(s, r, A), operand(s, r, GATES), operand(s, r, PREACTIVATION)
    g.cells, g.squashed = operand(s, r, CELLS), operand(s, r, SQUASHED)
    g.mask, g.mask_row = operand(s, r, MASK), g.steps
    if state is not NULL:
        g.h0, g.c0, g.h, g.c = state[0], state[1], state[0], state[1]
    if s.at[H0].space >= 0:
        g.h0, g.c0 = operand(s, r, H0), operand(s, r, C0)
    if s.at[H].space >= 0:
        g.h, g.c = operand(s, r, H), operand(s, r, C)
    g.state_row = g.last_row = g.units


cdef void shape(const step_t *s, fnn_recurrent *g) noexcept nogil:
    """What does not depend on a run."""
    memset(g, 0, sizeof(fnn_recurrent))
    g.cell = <int>s.size[CELL]
    g.steps, g.inputs, g.units = s.size[STEPS], s.size[INPUTS], s.size[UNITS]
    g.activation, g.recurrent_activation = s.activation, s.inner
    g.backwards, g.sequences = <int>s.size[BACKWARDS], <int>s.size[SEQUENCES]
    g.zero_masked = <int>s.size[ZERO_MASKED]
    g.x_row, g.y_row = g.steps * g.inputs, g.units * (g.steps if g.sequences else 1)
    g.a_row, g.gate_row = s.size[A_ROW], s.size[GATE_ROW]


# ---- over the rows --------------------------------------------------------------------------------------

cdef void slab(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const fnn_kernels *k = p.step.kernels
    cdef idx_t first = p.run.rows * chunk // p.slabs, rows = p.run.rows * (chunk + 1) // p.slabs - first
    cdef idx_t n = p.g.steps * p.g.inputs, at = first * n * k.itemsize
    cdef char *workspace = p.run.scratch + thread * p.run.scratch_size
    cdef char *saved = operand(p.step, p.run, SAVED)
    cdef char *dx
    if not p.backward:
        k.recurrent_forward(&p.g, first, rows, workspace)
        return
    k.recurrent_backward(&p.g, first, rows, workspace)
    if saved is not NULL:
        dx = <char *>p.g.dx + at
        k.activation_backward(dx, n, dx, n, saved + at, n, rows, n, &p.step.gradient)


cdef void pack(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    p.step.kernels.recurrent_pack(&p.g, p.backward, chunk, p.slabs)


cdef bint is_packed(const step_t *s, const run_t *r) noexcept nogil:
    """Whether an earlier run has packed the weights as they are; if not, this one is about to."""
    cdef const idx_t *const *versions = <const idx_t *const *>operand(s, r, VERSIONS)
    cdef idx_t *of_packed = <idx_t *>operand(s, r, PACKED_VERSION)
    cdef idx_t i, version = 0
    if versions is NULL:
        return False
    for i in range(s.size[N_VERSIONS]):
        version += versions[i][0]
    if of_packed[0] == version:
        return True
    of_packed[0] = version
    return False


cdef void over_slabs(pass_t *p) noexcept nogil:
    """Pack the weights, and take all slabs through time."""
    cdef double weights = 1.0 * gates_of(p.step) * p.g.units * (p.g.inputs + p.g.units)
    cdef double flops = 2.0 * weights * p.g.steps * p.run.rows
    cdef int threads = <int>threads_for(p.run, flops)
    if not is_packed(p.step, p.run):
        p.slabs = max(1, min(threads, <int>(weights / THREAD_FLOPS)))
        parallel_for(pack, p, p.slabs, threads)
    p.slabs = slabs_of(p.run.rows)
    parallel_for(slab, p, p.slabs, threads)


cdef void draw(const step_t *s, const run_t *r) noexcept nogil:
    """The factors of x and of the state: one for all steps of a row."""
    cdef fnn_random random
    random.key[0], random.key[1] = <uint32_t>s.size[SEED], <uint32_t>(s.size[SEED] >> 32)
    random.step, random.rate = r.iteration, s.param[DROPOUT]
    if s.at[INPUT_MASK].space >= 0:
        s.kernels.dropout_mask(operand(s, r, INPUT_MASK), 0, r.rows * s.size[INPUTS], &random)
    random.rate = s.param[RECURRENT_DROPOUT]
    if s.at[STATE_MASK].space >= 0:
        s.kernels.dropout_mask(operand(s, r, STATE_MASK), STATE_DRAWS, r.rows * s.size[UNITS], &random)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.step, p.run, p.backward = s, r, False
    describe(s, r, &p.g)
    draw(s, r)
    over_slabs(&p)
    if s.at[STATE].space >= 0 and s.at[H].space >= 0:
        keep_state(s, r)


cdef void keep_state(const step_t *s, const run_t *r) noexcept nogil:
    """Let the next run start from the state that this one has given out."""
    cdef char **state = <char **>operand(s, r, STATE)
    cdef idx_t size = r.rows * s.size[UNITS] * s.kernels.itemsize
    memcpy(state[0], operand(s, r, H), size)
    if s.at[C].space >= 0:
        memcpy(state[1], operand(s, r, C), size)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.step, p.run, p.backward = s, r, True
    describe(s, r, &p.g)
    p.g.dy, p.g.dx = operand(s, r, DY), operand(s, r, DX)
    p.g.dh, p.g.dc, p.g.dh0, p.g.dc0 = (operand(s, r, DH), operand(s, r, DC), operand(s, r, DH0),
                                        operand(s, r, DC0))
    over_slabs(&p)
    weight_gradients(s, r, &p.g)


# ---- gradients of weights -------------------------------------------------------------------------------

cdef void weight_gradient(const step_t *s, const run_t *r, int which, idx_t column, idx_t a_column, idx_t m,
                          idx_t gate, idx_t n, idx_t bias) noexcept nogil:
    """m columns of the rows of products times n gates, to columns of a weight; their sums, if bias >= 0."""
    cdef fnn_gemm g
    cdef idx_t item = s.kernels.itemsize
    if s.at[which].space < 0:
        return
    memset(&g, 0, sizeof(fnn_gemm))
    g.m, g.n, g.k = m, n, r.rows * s.size[STEPS]
    g.a, g.a_row, g.a_column = operand(s, r, A) + a_column * item, 1, s.size[A_ROW]
    g.b, g.b_row, g.b_column = operand(s, r, GATES) + gate * item, s.size[GATE_ROW], 1
    g.c, g.ldc = operand(s, r, which) + column * item, gates_of(s) * s.size[UNITS]
    g.fused.activation.code = g.fused.gradient.code = FNN_ACT_linear
    g.accumulate = which != JOINT and s.accumulate >> which & 1
    if bias >= 0 and s.at[DB].space >= 0:
        g.column_sums = operand(s, r, DB) + bias * item
    gemm(s.kernels, &g, r)


cdef void weight_gradients(const step_t *s, const run_t *r, const fnn_recurrent *g) noexcept nogil:
    cdef idx_t n = g.units, inputs = g.inputs
    cdef idx_t gates = gates_of(s) * n, row = gates * s.kernels.itemsize
    if s.at[JOINT].space >= 0 and not s.accumulate:     # one pass over the gates, not two
        weight_gradient(s, r, JOINT, 0, 0, n + inputs, 0, gates, 0)
        memcpy(operand(s, r, DU), operand(s, r, JOINT), n * row)
        memcpy(operand(s, r, DW), operand(s, r, JOINT) + n * row, inputs * row)
        return
    if g.cell == FNN_SIMPLE_RNN or g.cell == FNN_LSTM:
        weight_gradient(s, r, DW, 0, n, inputs, 0, gates, 0)
        weight_gradient(s, r, DU, 0, 0, n, 0, gates, -1)
        return
    weight_gradient(s, r, DW, 0, n, inputs, n, 2 * n, 0)
    weight_gradient(s, r, DW, 2 * n, n, inputs, 0, n, 2 * n)
    if g.cell == FNN_GRU:
        weight_gradient(s, r, DU, 0, 0, n, n, 3 * n, 3 * n)
    else:
        weight_gradient(s, r, DU, 0, 0, n, n, 2 * n, -1)
        weight_gradient(s, r, DU, 2 * n, n + inputs, n, 0, n, -1)


cdef idx_t scratch(const step_t *s, idx_t capacity) noexcept nogil:
    cdef fnn_recurrent g
    cdef idx_t gates = gates_of(s) * s.size[UNITS], k = capacity * s.size[STEPS]
    shape(s, &g)
    return max(s.kernels.recurrent_workspace(&g, min(capacity, SLAB)),
               gemm_scratch(s.kernels, s.size[INPUTS], gates, k),
               gemm_scratch(s.kernels, s.size[UNITS], gates, k),
               gemm_scratch(s.kernels, s.size[UNITS] + s.size[INPUTS], gates, k))


# ---- steps ----------------------------------------------------------------------------------------------

def emit(Plan plan, Value x, str cell, kernel, recurrent_kernel, bias, tuple activation,
         tuple recurrent_activation, *, bint sequences=False, bint backwards=False, bint zero_masked=False,
         double dropout=0, double recurrent_dropout=0, unsigned long long seed=0, state=None,
         bint stays_packed=False, initial=None, bint ends=False):
    """Append a recurrent layer to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (steps, inputs) a row. Its mask, if it has one, tells the steps that are left out.
    cell : {"simple_rnn", "lstm", "gru", "gru_reset_before"}
    kernel, recurrent_kernel, bias : Variable
        (inputs, gates units), (units, gates units) and (gates units), for "gru" (2, 3 units); bias may be
        None. They learn together or not at all.
    activation, recurrent_activation : tuple
        Name and parameters, as `fastnn.activations` gives them.
    sequences : bool
        Whether there is a result for each step, or for the last one.
    backwards : bool
        Whether steps are taken from the last to the first; results are in the order of processing.
    zero_masked : bool
        Whether results of steps left out are zeros; else the one before is repeated.
    dropout, recurrent_dropout : float
        Shares of x and of the state that products do not see, the same at every step of a row.
    seed : int
        Of these.
    state : ndarray of int64, optional
        The addresses of h and c, both (rows, units), which runs start from and leave their last state in.
    stays_packed : bool
        Whether the packed weights outlive a run, until the block of weights says that they have changed: of a
        plan that runs for one number of rows, and one run at a time.
    initial : list of Value, optional
        h, or h and c, (units) a row, to start from in their place.
    ends : bool
        Whether the last state is a result as well.

    Returns
    -------
    Value or list of Value
        (steps, units) or (units) a row; if it `ends`, followed by h, or h and c, (units) a row.
    """
    cdef Step s = create(plan, x, cell, kernel, activation, recurrent_activation)
    cdef idx_t steps = s.c.size[STEPS], units = s.c.size[UNITS]
    cdef int i
    given = [] if initial is None else initial
    learns = plan.trains(kernel) or any(v.differentiable for v in (x, *given))
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
    s.work = 2.0 * steps * gates * units * (inputs + units)
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
        versions = [v.version.ctypes.data for v in (kernel, recurrent_kernel, bias) if v is not None]
        s.c.size[N_VERSIONS] = len(versions)
        s.use(VERSIONS, plan.constant(np.array(versions, np.uintp)), FORWARD)
        s.use(PACKED_VERSION, plan.constant(np.full(1, -1, np.int64)), FORWARD)
    elif packed:
        s.use(PACKED, plan.value((packed,), False, False), BOTH)
    return 0


cdef int use_gradients(Plan plan, Step s, Value x, Value y, kernel, recurrent_kernel, bias) except -1:
    """What forward keeps and backward makes."""
    cdef idx_t steps = s.c.size[STEPS], units = s.c.size[UNITS]
    s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    s.use(DW, plan.parameter_gradient(kernel), BACKWARD)
    s.use(DU, plan.parameter_gradient(recurrent_kernel), BACKWARD)
    s.use(DB, plan.parameter_gradient(bias), BACKWARD)
    s.fuses_gradient = True
    s.use(A, plan.value((steps, s.c.size[A_ROW])), BOTH)
    s.use(GATES, plan.value((steps, s.c.size[GATE_ROW])), BOTH)
    if needs_input(&s.c.activation) or needs_input(&s.c.inner):
        s.use(PREACTIVATION, plan.value((steps, s.c.size[GATE_ROW])), BOTH)
    if s.c.size[CELL] != FNN_SIMPLE_RNN:
        s.use(CELLS, plan.value((steps + 1, units)), BOTH)
    if plan.trains(kernel) and (s.c.size[CELL] == FNN_SIMPLE_RNN or s.c.size[CELL] == FNN_LSTM):
        s.use(JOINT, plan.value((units + s.c.size[INPUTS], kernel.shape[1]), False, False), BACKWARD)
    if s.c.size[CELL] == FNN_LSTM:
        s.use(SQUASHED, plan.value((steps, units)), BOTH)
    return 0
