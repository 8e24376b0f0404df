# Declarations of csrc/fastnn.h.

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

cdef extern from "fastnn.h" nogil:
    ctypedef int64_t fnn_idx

    enum:
        FNN_FLOAT, FNN_DOUBLE
        FNN_SAVED_INPUT, FNN_SAVED_OUTPUT
        FNN_ACTIVATIONS, FNN_ACT_linear, FNN_ACT_relu

    ctypedef struct fnn_activation:
        int code
        double param[3]

    ctypedef struct fnn_activation_row:
        const char *name
        int saved

    const fnn_activation_row fnn_activations[]

    ctypedef struct fnn_fused:
        const void *bias
        const void *centre
        const void *scale
        const void *shift
        fnn_activation activation
        void *preactivation
        const void *saved
        fnn_activation gradient

    ctypedef struct fnn_gemm:
        fnn_idx m, n, k
        void *c
        fnn_idx ldc
        const void *a
        fnn_idx a_row, a_column
        const void *b
        fnn_idx b_row, b_column
        int accumulate
        fnn_fused fused
        void *column_sums

    ctypedef struct fnn_conv:
        fnn_idx height, width, channels
        fnn_idx out_height, out_width, filters
        fnn_idx kernel[2]
        fnn_idx stride[2]
        fnn_idx dilation[2]
        fnn_idx pad[2]
        fnn_idx groups
        void *x
        void *w
        void *y
        fnn_idx y_first
        fnn_fused fused
        void *bias_gradient
        int accumulate

    enum:
        FNN_SIMPLE_RNN, FNN_LSTM, FNN_GRU, FNN_GRU_RESET_BEFORE

    ctypedef struct fnn_recurrent:
        int cell
        fnn_idx rows, steps, inputs, units
        fnn_activation activation, recurrent_activation
        int backwards, sequences, zero_masked
        const void *kernel
        const void *recurrent_kernel
        const void *bias
        void *packed
        const void *x
        fnn_idx x_row
        const void *mask
        fnn_idx mask_row
        const void *input_mask
        const void *state_mask
        const void *h0
        const void *c0
        fnn_idx state_row
        void *y
        fnn_idx y_row
        void *h
        void *c
        fnn_idx last_row
        fnn_idx a_row, gate_row
        void *a
        void *gates
        void *preactivation
        void *cells
        void *squashed
        const void *dy
        const void *dh
        const void *dc
        void *dx
        void *dh0
        void *dc0

    ctypedef struct fnn_loss_metric:
        fnn_idx m, n
        const void *x
        const void *target
        const void *weight
        fnn_idx rows_per_weight
        void *dx
        void *p
        double scale, label_smoothing, clip
        int64_t ignore_class
        double param[3]
        const void *levels
        fnn_idx n_levels
        fnn_idx begin, end
        fnn_idx groups
        int exceeding

    enum:
        FNN_EXCEEDING_SEARCH
        FNN_EXCEEDING_EVEN
        FNN_EXCEEDING_EVEN_OUTER
        FNN_EXCEEDING_LARGEST

    ctypedef struct fnn_update:
        fnn_idx n
        void *w
        const void *g
        void *slot[3]
        double learning_rate, decay, gradient_scale, clip_value
        double beta_1, beta_2, momentum, epsilon
        int nesterov
        double gradient_rate
        double l1, l2, l2_shrinkage, power

    ctypedef struct fnn_random:
        uint32_t key[2]
        uint64_t step
        double rate

    ctypedef struct fnn_pool:
        fnn_idx height, width, channels
        fnn_idx row, pixel
        fnn_idx out_height, out_width
        fnn_idx window[2]
        fnn_idx stride[2]
        fnn_idx pad[2]

    ctypedef struct fnn_depthwise:
        fnn_idx height, width, channels
        fnn_idx out_height, out_width
        fnn_idx window[2]
        fnn_idx stride[2]
        fnn_idx dilation[2]
        fnn_idx pad[2]
    ctypedef struct fnn_taps:
        const fnn_idx *first
        const fnn_idx *start
        const void *weight

    ctypedef struct fnn_resample:
        fnn_idx x_width, y_width, channels
        fnn_taps rows, columns
    enum:
        FNN_FILL_CONSTANT, FNN_FILL_NEAREST, FNN_FILL_REFLECT, FNN_FILL_WRAP

    enum:
        FNN_ADD
        FNN_SUBTRACT
        FNN_MULTIPLY
        FNN_DIVIDE
        FNN_MAXIMUM
        FNN_MINIMUM
        FNN_ABSOLUTE
        FNN_POWER

    ctypedef struct fnn_elementwise_binary:
        int op
        int accumulate
        fnn_idx m
        fnn_idx n
        fnn_idx row[2]
        fnn_idx column[2]
        fnn_idx dims
        const fnn_idx *grid
        fnn_idx samples
        fnn_idx sample[2]

    ctypedef struct fnn_warp:
        fnn_idx channels, height, width
        fnn_idx x_height, x_width
        fnn_idx top, left, window_height, window_width
        double matrix[6]
        int bilinear, fill
        double fill_value

include "kernels.pxi"  # fnn_kernels, which the build makes of csrc/kernels.def

cdef extern from "fastnn.h" nogil:
    int fnn_isa_count()
    const char *fnn_isa_name(int)
    const fnn_kernels *fnn_table(const char *, int)
    void *fnn_kernel(const fnn_kernels *, const char *)

cdef extern from "fpmode.h" nogil:
    uint64_t fnn_fp_enter()
    void fnn_fp_leave(uint64_t)
