"""A run of a recurrent step over sequences x (rows, steps, inputs), in slabs of rows: forward and through
time.

A thread takes a slab through all steps. The slabs depend on the number of rows alone, and so does the order
in which a training run stores what backward reads. The gradients of weights are products over all rows and
steps, computed after the loop over steps, so their sums have one order for any number of threads.

The cells are those of csrc/kernels/{simple_rnn,lstm,gru}.inc.c.
"""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy, memset

from .activation cimport multiply_gradient
from .gemm cimport gemm, gemm_scratch, init_gemm
from .recurrent cimport *
from ..core.runtime cimport ceil_div, parallel_for, piece_begin, THREAD_FLOPS, threads_for
from ..core.tables cimport FNN_GRU, FNN_LSTM, FNN_SIMPLE_RNN, fnn_gemm, fnn_kernels, fnn_random
from ..core.types cimport DX, DY, X, Y, operand

cdef enum:
    SLAB = 16                       # rows of the largest slab: two tiles, for one pass over the weights

cdef uint64_t STATE_DRAWS = 1 << 40     # where the draws for the state begin in a step's stream

ctypedef struct pass_t:
    fnn_recurrent g
    const step_t *step
    const run_t *run
    idx_t slabs
    bint backward


cdef inline idx_t slabs_of(idx_t rows) noexcept nogil:
    """How many slabs there are: of 16 rows, or of 8 and 4 while that gives few threads work."""
    return max(1, min(2, rows // 4), min(4, rows // 8), ceil_div(rows, SLAB))


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
    """Set what does not depend on a run."""
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
    cdef idx_t first = piece_begin(p.run.rows, p.slabs, chunk, 1)
    cdef idx_t rows = piece_begin(p.run.rows, p.slabs, chunk + 1, 1) - first, n = p.g.steps * p.g.inputs
    cdef char *workspace = p.run.scratch + thread * p.run.scratch_size
    if not p.backward:
        k.recurrent_forward(&p.g, first, rows, workspace)
        return
    k.recurrent_backward(&p.g, first, rows, workspace)
    multiply_gradient(p.step, p.run, first * n, rows * n)


cdef void pack(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    p.step.kernels.recurrent_pack(&p.g, p.backward, chunk, p.slabs)


cdef bint is_packed(const step_t *s, const run_t *r) noexcept nogil:
    """Whether an earlier run has packed the weights as they are; if not, note that this run does."""
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
    """Pack the weights, and run all slabs through time."""
    cdef double weights = 1.0 * gates_of(p.step) * p.g.units * (p.g.inputs + p.g.units)
    cdef double flops = 2.0 * weights * p.g.steps * p.run.rows
    cdef int threads = <int>threads_for(p.run, flops)
    if not is_packed(p.step, p.run):
        p.slabs = max(1, min(threads, <int>(weights / THREAD_FLOPS)))
        parallel_for(pack, p, p.slabs, threads)
    p.slabs = slabs_of(p.run.rows)
    parallel_for(slab, p, p.slabs, threads)


cdef void draw(const step_t *s, const run_t *r) noexcept nogil:
    """Draw the dropout factors of x and of the state, which are the same for all steps of a row."""
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
    """Let the next run start from the last state of this one."""
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
    """Compute some columns of a weight's gradient: m columns of A, transposed, times n columns of the gates.

    The sums of the gates are the gradient of the bias from column `bias` on, unless that is negative.
    """
    cdef fnn_gemm g
    cdef idx_t item = s.kernels.itemsize
    if s.at[which].space < 0:
        return
    init_gemm(&g, m, n, r.rows * s.size[STEPS])
    g.a, g.a_row, g.a_column = operand(s, r, A) + a_column * item, 1, s.size[A_ROW]
    g.b, g.b_row, g.b_column = operand(s, r, GATES) + gate * item, s.size[GATE_ROW], 1
    g.c, g.ldc = operand(s, r, which) + column * item, gates_of(s) * s.size[UNITS]
    g.accumulate = which != JOINT and s.accumulate >> which & 1
    if bias >= 0 and s.at[DB].space >= 0:
        g.column_sums = operand(s, r, DB) + bias * item
        g.accumulate = which != JOINT and s.accumulate >> DB & 1
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
