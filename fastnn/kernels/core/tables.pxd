# Declarations of csrc/fastnn.h: the structures whole, of the kernel table the slots that ops call.

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

    ctypedef struct fnn_kernels:
        const char *isa
        fnn_idx itemsize
        fnn_idx (*gemm_workspace)(const fnn_gemm *) noexcept nogil
        void (*gemm)(const fnn_gemm *, void *) noexcept nogil
        fnn_idx (*conv_workspace)(const fnn_conv *) noexcept nogil
        void (*conv_forward)(const fnn_conv *, fnn_idx, fnn_idx, fnn_idx, fnn_idx, void *) noexcept nogil
        void (*conv_input_gradient)(const fnn_conv *, fnn_idx, fnn_idx,
                                    fnn_idx, fnn_idx, void *) noexcept nogil
        void (*conv_weight_gradient)(const fnn_conv *, fnn_idx, fnn_idx,
                                     fnn_idx, fnn_idx, void *) noexcept nogil
        fnn_idx (*recurrent_packed)(const fnn_recurrent *) noexcept nogil
        void (*recurrent_pack)(const fnn_recurrent *, int, fnn_idx, fnn_idx) noexcept nogil
        fnn_idx (*recurrent_workspace)(const fnn_recurrent *, fnn_idx) noexcept nogil
        void (*recurrent_forward)(const fnn_recurrent *, fnn_idx, fnn_idx, void *) noexcept nogil
        void (*recurrent_backward)(const fnn_recurrent *, fnn_idx, fnn_idx, void *) noexcept nogil
        void (*add_parts)(void *, const void *, fnn_idx, fnn_idx, fnn_idx, int) noexcept nogil
        void (*column_sums)(void *, const void *, fnn_idx, fnn_idx, int) noexcept nogil
        double (*fma_peak)(fnn_idx) noexcept nogil
        void (*activation_forward)(void *, fnn_idx, const void *, fnn_idx,
                                   fnn_idx, fnn_idx, const fnn_activation *) noexcept nogil
        void (*activation_backward)(void *, fnn_idx, const void *, fnn_idx, const void *,
                                    fnn_idx, fnn_idx, fnn_idx, const fnn_activation *) noexcept nogil
        void (*prelu_forward)(void *, const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*prelu_backward)(void *, void *, const void *, const void *,
                               const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*softmax_forward)(void *, const void *, fnn_idx, fnn_idx, fnn_idx) noexcept nogil
        void (*softmax_backward)(void *, const void *, const void *, fnn_idx, fnn_idx, fnn_idx) noexcept nogil
        void (*log_softmax_forward)(void *, const void *, fnn_idx, fnn_idx, fnn_idx) noexcept nogil
        void (*log_softmax_backward)(void *, const void *, const void *, fnn_idx,
                                     fnn_idx, fnn_idx) noexcept nogil
        void (*channel_moments)(double *, const void *, fnn_idx, fnn_idx, fnn_idx) noexcept nogil
        void (*channel_statistics)(void *, void *, double *, fnn_idx, fnn_idx,
                                   fnn_idx, fnn_idx, fnn_idx) noexcept nogil
        void (*sum_parts)(double *, fnn_idx, fnn_idx) noexcept nogil
        void (*add_sums)(void *, const double *, fnn_idx, int) noexcept nogil
        void (*moving_average)(void *, const void *, fnn_idx, double) noexcept nogil
        void (*channel_scale)(void *, void *, const void *, const void *,
                              const void *, const void *, fnn_idx, double) noexcept nogil
        void (*channel_affine)(void *, const void *, const void *, const void *,
                               const void *, fnn_idx, fnn_idx, fnn_idx) noexcept nogil
        void (*channel_sums)(double *, const void *, const void *, const void *,
                             fnn_idx, fnn_idx, fnn_idx) noexcept nogil
        void (*channel_slopes)(void *, double *, const void *, const void *,
                               fnn_idx, fnn_idx, fnn_idx, double) noexcept nogil
        void (*channel_gradient)(void *, const void *, const void *, const void *, const void *,
                                 const void *, fnn_idx, fnn_idx, fnn_idx) noexcept nogil
        void (*layer_norm_forward)(void *, void *, void *, const void *, const void *,
                                   const void *, fnn_idx, fnn_idx, double) noexcept nogil
        void (*layer_norm_backward)(void *, double *, const void *, const void *, const void *,
                                    const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*unit_norm_forward)(void *, void *, const void *, fnn_idx, fnn_idx, double) noexcept nogil
        void (*unit_norm_backward)(void *, const void *, const void *, const void *,
                                   fnn_idx, fnn_idx, double) noexcept nogil
        double (*weight_sum)(const fnn_loss_metric *) noexcept nogil
        fnn_idx (*check_range)(const void *, fnn_idx, double, double) noexcept nogil
        fnn_idx (*check_binary)(const void *x, fnn_idx n) noexcept nogil
        fnn_idx (*check_classes)(const int32_t *, fnn_idx, int64_t, int64_t) noexcept nogil
        void (*narrow_classes)(int32_t *, const int64_t *, fnn_idx) noexcept nogil
        double (*sum_squares)(const void *, fnn_idx) noexcept nogil
        double (*regularization)(void *, const void *, fnn_idx, double, double) noexcept nogil
        void (*clip_norms)(
            void *w, fnn_idx outer, fnn_idx n, fnn_idx inner, fnn_idx ld, double least, double most,
            double rate, double epsilon) noexcept nogil
        void (*clip_negative)(void *w, fnn_idx n) noexcept nogil
        void (*sgd)(const fnn_update *u) noexcept nogil
        void (*dropout)(void *, const void *, fnn_idx, fnn_idx, const fnn_random *) noexcept nogil
        void (*dropout_mask)(void *, fnn_idx, fnn_idx, const fnn_random *) noexcept nogil
        void (*max_pool_forward)(void *, void *, const void *, const fnn_pool *,
                                 fnn_idx, fnn_idx) noexcept nogil
        void (*max_pool_backward)(void *, const void *, const void *, const fnn_pool *,
                                  fnn_idx, fnn_idx) noexcept nogil
        void (*average_pool_forward)(void *, const void *, const fnn_pool *, fnn_idx, fnn_idx) noexcept nogil
        void (*average_pool_backward)(void *, const void *, const fnn_pool *, fnn_idx, fnn_idx) noexcept nogil
        void (*global_average)(void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*depthwise_forward)(void *, const void *, const void *, const void *, double,
                                  const fnn_depthwise *, fnn_idx, fnn_idx) noexcept nogil
        void (*depthwise_backward)(void *, const void *, const void *, const fnn_depthwise *,
                                   fnn_idx, fnn_idx) noexcept nogil
        void (*depthwise_weights)(void *, void *, const void *, const void *,
                                  const fnn_depthwise *) noexcept nogil
        void (*repeat_channels)(void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*sum_repeated)(void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        fnn_idx (*embedding_indices)(int32_t *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*embedding_forward)(void *, const void *, const int32_t *, fnn_idx, fnn_idx) noexcept nogil
        void (*embedding_backward)(void *, const void *, const int32_t *, fnn_idx, fnn_idx,
                                   fnn_idx) noexcept nogil
        void (*embedding_mark)(uint8_t *, const int32_t *, fnn_idx) noexcept nogil
        void (*embedding_clear)(void *, uint8_t *, fnn_idx, fnn_idx) noexcept nogil
        void (*count_categories)(void *, const int32_t *, fnn_idx, fnn_idx, fnn_idx, double) noexcept nogil
        void (*bin_numbers)(void *, const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*mask_steps)(void *, const void *, fnn_idx, fnn_idx, double) noexcept nogil
        void (*mask_rows)(void *, const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        fnn_idx (*mask_compact)(void *, const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*mask_mean)(void *, const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*mask_mean_backward)(void *, const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*mask_weights)(void *, const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*merge_sum)(void *, const void *, const void *, fnn_idx, double) noexcept nogil
        void (*elementwise_binary_forward)(void *, const void *, const void *,
                                           const fnn_elementwise_binary *) noexcept nogil
        void (*elementwise_binary_backward)(void *, const void *, const void *, const void *,
                                            const fnn_elementwise_binary *, int) noexcept nogil
        void (*strided_copy)(void *, const void *, fnn_idx, const fnn_idx *, const fnn_idx *,
                             const fnn_idx *) noexcept nogil
        fnn_idx (*resample_workspace)(const fnn_resample *) noexcept nogil
        void (*resample)(void *, const void *, fnn_idx, fnn_idx, const fnn_resample *, void *) noexcept nogil
        void (*uniform)(double *, fnn_idx, fnn_idx, const fnn_random *) noexcept nogil
        void (*uniform_between)(double *, const double *, fnn_idx, fnn_idx,
                                const fnn_random *) noexcept nogil
        void (*gaussian_noise)(void *, const void *, fnn_idx, fnn_idx, double,
                               const fnn_random *) noexcept nogil
        void (*gaussian_dropout)(void *, const void *, fnn_idx, fnn_idx, double,
                                 const fnn_random *) noexcept nogil
        void (*affine)(void *, const void *, const void *, const void *, fnn_idx, fnn_idx) noexcept nogil
        void (*standardize_scale)(void *, void *, const void *, const void *, const fnn_idx *, fnn_idx,
                                  double) noexcept nogil
        void (*destandardize_scale)(void *, void *, const void *, const void *, const fnn_idx *, fnn_idx,
                                    double) noexcept nogil
        void (*gather)(void *, const void *, const fnn_idx *, fnn_idx) noexcept nogil
        void (*gather_multiply)(void *, const void *, const void *, const fnn_idx *, fnn_idx, fnn_idx,
                                fnn_idx) noexcept nogil
        void (*scatter_add)(void *, const void *, const fnn_idx *, fnn_idx) noexcept nogil
        void (*gather_rows)(void *, const void *, const fnn_idx *, fnn_idx, fnn_idx) noexcept nogil
        void (*adjust_forward)(void *, const void *, void *, fnn_idx, fnn_idx,
                               double, double, double, double) noexcept nogil
        void (*adjust_backward)(void *, const void *, const void *, void *, fnn_idx, fnn_idx,
                                double, double, double, double) noexcept nogil
        void (*warp_forward)(void *, const void *, const fnn_warp *) noexcept nogil
        void (*warp_backward)(void *, const void *, const fnn_warp *) noexcept nogil
        void (*warp_flip_matrix)(fnn_warp *, const double *) noexcept nogil
        void (*warp_affine_matrix)(fnn_warp *, const double *) noexcept nogil
        void (*warp_even_affine_matrix)(fnn_warp *, const double *) noexcept nogil
        void (*warp_crop_matrix)(fnn_warp *, const double *) noexcept nogil

    int fnn_isa_count()
    const char *fnn_isa_name(int)
    const fnn_kernels *fnn_table(const char *, int)
    void *fnn_kernel(const fnn_kernels *, const char *)

cdef extern from "fpmode.h" nogil:
    uint64_t fnn_fp_enter()
    void fnn_fp_leave(uint64_t)
