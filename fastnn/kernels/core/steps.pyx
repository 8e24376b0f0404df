"""Values and steps: the elements that a plan is created from."""

from .tables cimport FNN_ACT_linear
from .types cimport ARENA, CENTRE, DX, DY, GRADIENTS, OPERANDS, SCALE, SHIFT, Y

cdef idx_t LARGEST = 1 << 48    # elements of a row: what any number of rows takes can still be computed


cdef class Value:
    """One array of a plan: its shape, and its place once the plan is laid out."""

    def __cinit__(self, tuple shape, int space=ARENA, bint differentiable=False, bint per_row=True,
                  Value root=None, idx_t times=1, Value flow=None):
        cdef idx_t n
        self.shape = shape
        self.size = 1
        for n in shape:
            if n > 0 and self.size > LARGEST // n:
                raise ValueError(f"shape: rows of shape {shape} have more than {LARGEST} elements")
            self.size *= n
        self.space = space
        self.differentiable = differentiable
        self.per_row, self.times = per_row, times
        self.root = self if root is None else root
        self.flow = self if flow is None else flow
        self.consumers = []


cdef class Step:
    """One operation of a plan, while the plan is created."""

    def __cinit__(self, str name, idx_t times=1):
        cdef int i
        self.name, self.layer = name, ""
        self.input_work = -1
        self.uses = {}
        self.c.times = times
        self.c.activation.code = FNN_ACT_linear
        self.c.gradient.code = FNN_ACT_linear
        for i in range(OPERANDS):
            self.c.at[i].space = -1

    cdef Step use(self, int i, Value value, int when):
        """Set operand i, used in those directions; None leaves it out."""
        if value is not None:
            self.uses[i] = (value, when)
        return self

    cdef Value operand(self, int i):
        return self.uses[i][0]

    @property
    def runs_backward(self):
        """Whether the step has something to do backward."""
        return self.c.backward is not NULL

    @property
    def backward_work(self):
        """FLOPs per row, backward: those of forward for the weights, and for the input, where these learn."""
        cdef Value v
        learns = any([v.space == GRADIENTS for v, _ in self.uses.values()])
        cdef double of_input = self.work if self.input_work < 0 else self.input_work
        cdef double unneeded = 0 if DX in self.uses else of_input
        return max(self.work * (2 if learns else 1) - unneeded, 0.0)

    def traffic(self, idx_t rows, bint backward=False):
        """Return the bytes of all operands of one direction, each taken once, for so many rows."""
        cdef Value v
        cdef idx_t total = 0
        for i, (v, when) in self.uses.items():
            if when & (BACKWARD if backward else FORWARD):
                if self.indexed >> <unsigned>i & 1:
                    v = self.operand(Y)
                total += v.size * (rows * v.times if v.per_row else 1)
        return total * self.c.kernels.itemsize


cdef bint fuse_into_product(Step product, Step step) except -1:
    """Let a product scale, shift or activate its result, in inference; return whether it can."""
    cdef Value y = product.operand(Y), scale
    if not product.accepts & step.kind or DY in step.uses:
        return False
    if step.kind == AFFINE:
        scale = step.operand(SCALE)
        if scale.size != y.shape[len(y.shape) - 1]:
            return False
        for i in range(CENTRE, SHIFT + 1):
            if i in step.uses:
                product.uses[i] = step.uses[i]
        product.accepts = ACTIVATION
    else:
        product.c.activation = step.c.activation
        product.accepts = 0
    product.uses[Y] = step.uses[Y]
    return True
