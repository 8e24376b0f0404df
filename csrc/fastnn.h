/* fastnn.h - the only header that Cython sees: the kernel table and the structures its kernels take.
 *
 * Arrays are `void *` here and `real *` inside a kernel: one table type serves float and double, and
 * a plan step holds the table of its dtype. README.md in this folder is the contract of every kernel.
 */
#ifndef FASTNN_H
#define FASTNN_H

#include <stddef.h>
#include <stdint.h>

typedef int64_t fnn_idx;

/* An elementwise activation and its parameters (activations.def says what they mean). */
typedef struct {
    int code;
    double param[3];
} fnn_activation;

enum {
#define FNN_ACTIVATION(name, saved) FNN_ACT_##name,
#include "activations.def"
#undef FNN_ACTIVATION
    FNN_ACTIVATIONS
};

/* What the gradient of an activation is computed from: its input or its output. */
enum { FNN_SAVED_INPUT, FNN_SAVED_OUTPUT };

typedef struct {
    const char *name;
    int saved;
} fnn_activation_row;

extern const fnn_activation_row fnn_activations[FNN_ACTIVATIONS];

/* What is fused behind a product c, before it leaves the caches: c = (c - centre) * scale + shift, then the
 * activation, then the multiplication by a gradient. Each is left out where its pointer is NULL (its activation linear).
 * The centre is not part of the shift: of sums and a centre far from zero the difference is exact.
 */
typedef struct {
    const void *bias;                   /* (n) what the sums of each row start from; not with accumulate */
    const void *centre, *scale, *shift; /* (n) centre and scale both or none; shift NULL for 0 */
    fnn_activation activation;
    void *preactivation; /* like c: keeps it as it was before the activation */
    const void *saved;   /* like c: c *= gradient of `gradient` at saved */
    fnn_activation gradient;
} fnn_fused;

/* c (m, n) = a (m, k) b (k, n), and what is fused into it. */
typedef struct {
    fnn_idx m, n, k;
    void *c;
    fnn_idx ldc;
    const void *a; /* element (i, p) at a[i * a_row + p * a_column] */
    fnn_idx a_row, a_column;
    const void *b; /* element (p, j) at b[p * b_row + j * b_column]; one of the two strides is 1 */
    fnn_idx b_row, b_column;
    int accumulate; /* c += a b */
    fnn_fused fused;
    void *column_sums; /* (n) sums over k of the columns of b, or NULL; obeys accumulate */
} fnn_gemm;

/* A convolution of images x (height, width, channels) with weights w (kernel[0], kernel[1], channels / groups,
 * filters), whose results y are (out_height, out_width, filters); or one of its gradients, in place of what it
 * is the gradient of. Sizes in pairs are of rows and columns.
 */
typedef struct {
    fnn_idx height, width, channels;
    fnn_idx out_height, out_width, filters;
    fnn_idx kernel[2], stride[2], dilation[2];
    fnn_idx pad[2]; /* zeros before the first row and column of an image */
    fnn_idx groups; /* of channels and of filters, each seeing only its own */
    void *x, *w, *y;
    fnn_idx y_first;     /* the row that y begins with, of those of all images */
    fnn_fused fused;     /* behind what is written, unless that is the gradient of weights */
    void *bias_gradient; /* (filters) sums of y over all pixels, or NULL */
    int accumulate;      /* add to the gradients of weights and bias instead of overwriting them */
} fnn_conv;

/* The cells of recurrent layers. A GRU resets its state behind the product with the recurrent kernel, or before it. */
enum { FNN_SIMPLE_RNN, FNN_LSTM, FNN_GRU, FNN_GRU_RESET_BEFORE };

/* A recurrent layer over sequences x (rows, steps, inputs). Kernels are called for some of the rows, a slab, whose
 * part of `a`, `gates`, `preactivation`, `cells` and `squashed` is ordered by steps, then rows: README.md.
 */
typedef struct {
    int cell;
    fnn_idx rows, steps, inputs, units;
    fnn_activation activation, recurrent_activation;
    int backwards;      /* the last step of x comes first; results stay in the order of processing */
    int sequences;      /* y has a result for each step, else that of the last one */
    int zero_masked;    /* results of masked steps are 0, else the one before is repeated */
    const void *kernel; /* (inputs, gates units) */
    const void *recurrent_kernel; /* (units, gates units) */
    const void *bias;             /* (gates units), of FNN_GRU (2, 3 units), or NULL */
    void *packed;                 /* what recurrent_pack makes of the weights for this direction */
    const void *x;
    fnn_idx x_row;
    const void *mask; /* (rows, steps): 0 where a step is left out; or NULL */
    fnn_idx mask_row;
    const void
        *input_mask; /* (rows, inputs) and (rows, units): factors of x and of the state in all products, */
    const void *state_mask; /* or NULL */
    const void *h0, *c0;    /* (rows, units) the state to start from, or NULL for zeros */
    fnn_idx state_row;
    void *y; /* (rows, steps, units) or (rows, units) */
    fnn_idx y_row;
    void *h, *c; /* (rows, units) the last state, or NULL */
    fnn_idx last_row;
    fnn_idx a_row,
        gate_row;        /* kept for backward, or NULL: the rows of the products, the gates, which become */
    void *a, *gates;     /* their gradients, ... */
    void *preactivation; /* ... what they were before, if an activation's gradient needs it, ... */
    void *cells, *squashed; /* ... the elementwise state before each step and after the last; activation(c) */
    const void *dy;         /* like y */
    const void *dh, *dc;    /* (rows, units) or NULL; overwritten are the gradients of x, h0, c0, or NULL */
    void *dx, *dh0, *dc0;
} fnn_recurrent;

/* An operation on two arrays a and b, element by element, with results y. For each of `samples`, y is (n0, ..., m, n):
 * a grid of (m, n) matrices. Elements of side 0, a, and side 1, b, are `row` and `column` apart within a matrix; a
 * distance of 0 repeats the side along that axis. y and its gradient are contiguous.
 */
enum { FNN_ADD, FNN_SUBTRACT, FNN_MULTIPLY, FNN_DIVIDE, FNN_MAXIMUM, FNN_MINIMUM, FNN_ABSOLUTE, FNN_POWER };

typedef struct {
    int op;
    int accumulate; /* add to gradients instead of overwriting them */
    fnn_idx m, n;
    fnn_idx row[2], column[2]; /* columns are 1 or 0 apart */
    fnn_idx dims;              /* of the grid of matrices */
    const fnn_idx *grid; /* (3, dims) its sizes, and the distances of matrices of a and of b along each */
    fnn_idx samples;
    fnn_idx sample[2]; /* distances of samples of a and of b */
} fnn_elementwise_binary;

/* A loss or a metric: one value per row, and for a loss the gradient of their weighted sum. */
typedef struct {
    fnn_idx m, n;
    const void *x;      /* (m, n) predictions, or logits where the kernel says so */
    const void *target; /* (m, n) reals, or (m) int32 class numbers where the kernel says so */
    const void *weight; /* (m / rows_per_weight) reals, or NULL for all ones */
    fnn_idx rows_per_weight;
    void *dx; /* (m, n) = scale * gradient, or NULL */
    void *p;  /* (m, n) predictions that belong to logits x, or NULL */
    double scale;
    double label_smoothing;
    double clip;          /* probabilities stay in [clip, 1 - clip] for the logarithm; 0 only with logits */
    int64_t ignore_class; /* class numbers as targets: rows of this class do not count; INT64_MIN for none */
    double param[3];      /* the kernel's own, README.md says which */
    const void *levels;   /* count_above: (n_levels) thresholds, real, in ascending order */
    fnn_idx n_levels;
    fnn_idx begin, end; /* the columns that count_above counts */
    fnn_idx groups;     /* 1, or end - begin: every column has counts of its own */
    int exceeding;      /* how count_above finds the levels that a prediction exceeds, from below */
} fnn_loss_metric;

enum {
    FNN_EXCEEDING_SEARCH,
    FNN_EXCEEDING_EVEN,       /* levels are even from 0 to 1: by a product */
    FNN_EXCEEDING_EVEN_OUTER, /* the same, but for the first, just below 0, and the last, just above 1 */
    FNN_EXCEEDING_LARGEST,    /* what is largest in its row, and not 0, exceeds all levels, the rest none */
};

/* One optimizer pass over n consecutive parameters. */
typedef struct {
    fnn_idx n;
    void *w;
    const void *g;
    void *slot[3];        /* the optimizer's own arrays, in the order its kernel names them; NULL if unused */
    double learning_rate; /* bias correction included where the rule has one */
    double decay;         /* w -= decay * w first: plain learning rate times weight decay */
    double gradient_scale; /* g *= gradient_scale first */
    double clip_value;     /* then g is taken into [-clip_value, clip_value]; 0 for none */
    double beta_1, beta_2, momentum, epsilon;
    int nesterov;
    double gradient_rate;               /* Nadam's learning rate of g itself, beside that of its mean */
    double l1, l2, l2_shrinkage, power; /* Ftrl's */
} fnn_update;

/* Where a pseudo-random mask comes from: counter-based, so it depends on these numbers alone. */
typedef struct {
    uint32_t key[2]; /* seed and layer */
    uint64_t step;
    double rate; /* the share of elements set to zero */
} fnn_random;

/* Windows that slide over an image x (height, width, channels) to y (out_height, out_width, channels). Window
 * (i, j) begins at pixel (i stride[0] - pad[0], j stride[1] - pad[1]); what of it lies outside is left out, and
 * some of it lies inside. A sequence is an image of height 1.
 */
typedef struct {
    fnn_idx height, width, channels;
    fnn_idx row, pixel; /* elements from one row, or pixel, of x or dx to the next */
    fnn_idx out_height, out_width;
    fnn_idx window[2], stride[2], pad[2];
} fnn_pool;

/* The same with a kernel of one number for each tap and channel; taps are `dilation` pixels apart. */
typedef struct {
    fnn_idx height, width, channels;
    fnn_idx out_height, out_width;
    fnn_idx window[2], stride[2], dilation[2], pad[2];
} fnn_depthwise;

/* A sparse matrix whose rows are runs: element t of row i, first[i] + t in the row, is weight[start[i] + t]. */
typedef struct {
    const fnn_idx *first; /* (rows) */
    const fnn_idx *start; /* (rows + 1) */
    const void *weight;   /* (start[rows]) reals */
} fnn_taps;

/* Images (height, width, channels) to others: y = (rows applied along the height, columns along the width). */
typedef struct {
    fnn_idx x_width, y_width, channels;
    fnn_taps rows;    /* (y's height, x's height) */
    fnn_taps columns; /* (y's width, x's width) */
} fnn_resample;

/* What lies beyond the edges of an image. */
enum { FNN_FILL_CONSTANT, FNN_FILL_NEAREST, FNN_FILL_REFLECT, FNN_FILL_WRAP };

/* An affine map of the positions of one image: where in the window of x each position of y comes from. */
typedef struct {
    fnn_idx channels, height, width; /* of y */
    fnn_idx x_height, x_width;
    fnn_idx top, left, window_height, window_width; /* the part of x that is looked at, not empty */
    double matrix[6]; /* y at (i, j) is x at column [0] j + [1] i + [2] and row [3] j + [4] i + [5] */
    int bilinear;     /* between four positions, else the nearest one */
    int fill;
    double fill_value; /* with FNN_FILL_CONSTANT */
} fnn_warp;

typedef struct {
    const char *isa;
    fnn_idx itemsize;
#define FNN_KERNEL(returns, name, arguments) returns(*name) arguments;
#include "kernels.def"
#undef FNN_KERNEL
} fnn_kernels;

enum { FNN_FLOAT, FNN_DOUBLE, FNN_DTYPES };

/* dispatch.c: the instruction sets of this build that this processor runs, the fastest first. */
int fnn_isa_count(void);
const char *fnn_isa_name(int i);
/* A table by its instruction set ("ref" for the textbook loops), or NULL where it cannot run here. */
const fnn_kernels *fnn_table(const char *isa, int dtype);
/* A kernel of a table by its name in kernels.def, or NULL: how tests and benches reach each one. */
void *fnn_kernel(const fnn_kernels *table, const char *name);

#endif
