/* recurrent.h - what the cells share: one row at one step of time, and sums in double. */
#ifndef FNN_RECURRENT_H
#define FNN_RECURRENT_H

#include <string.h>

typedef struct {
    const fnn_recurrent *g;
    real *x;    /* in the row of a: x times its factor */
    real *h_in; /* the same of the state before */
    real *a, *z, *pre, *c_before, *c, *squashed;
    real *h, *dh, *dc, *dx, *dh_in,
        *d; /* dh_in: the share of the products in the gradient of the state before */
} moment;

/* The columns of W and U. */
static fnn_idx columns_of(const fnn_recurrent *g)
{
    return (g->cell == FNN_SIMPLE_RNN ? 1 : g->cell == FNN_LSTM ? 4 : 3) * g->units;
}

/* x (k) times column j of a matrix */
static double times_column(const real *x, fnn_idx k, const real *w, fnn_idx columns, fnn_idx j)
{
    double sum = 0;
    for (fnn_idx p = 0; p < k; p++)
        sum += (double)x[p] * w[p * columns + j];
    return sum;
}

static double x_times(const moment *m, fnn_idx j)
{
    return times_column(m->x, m->g->inputs, m->g->kernel, columns_of(m->g), j);
}

static double h_times(const moment *m, const real *h, fnn_idx j)
{
    return times_column(h, m->g->units, m->g->recurrent_kernel, columns_of(m->g), j);
}

static double bias_of(const moment *m, fnn_idx j) { return m->g->bias ? ((const real *)m->g->bias)[j] : 0; }

/* dx (k) (+)= the columns source ... of a matrix times d (n) */
static void add_transposed(real *dx, fnn_idx k, const void *matrix, fnn_idx columns, fnn_idx source,
                           const real *d, fnn_idx n)
{
    const real *w = matrix;
    for (fnn_idx p = 0; dx && p < k; p++) {
        double sum = dx[p];
        for (fnn_idx j = 0; j < n; j++)
            sum += (double)d[j] * w[p * columns + source + j];
        dx[p] = (real)sum;
    }
}

/* Add the gradients of x and of the state that come from the gates d (n), columns source ... of both matrices. */
static void spread(const moment *m, fnn_idx source, const real *dx_of, const real *dh_of, fnn_idx n)
{
    const fnn_recurrent *g = m->g;
    add_transposed(m->dx, g->inputs, g->kernel, columns_of(g), source, dx_of, n);
    add_transposed(m->dh_in, g->units, g->recurrent_kernel, columns_of(g), source, dh_of, n);
}

static void activate(const moment *m, fnn_idx at, fnn_idx n, const fnn_activation *f)
{
    for (fnn_idx j = at; m->pre && j < at + n; j++)
        m->pre[j] = m->z[j];
    KERNEL(activation_forward)(m->z + at, n, m->z + at, n, 1, n, f);
}

static int needs_input(const fnn_activation *f) { return fnn_activations[f->code].saved == FNN_SAVED_INPUT; }

/* z = d times the slope */
static void activation_slope(const moment *m, fnn_idx at, fnn_idx n, const fnn_activation *f)
{
    const real *saved = needs_input(f) ? m->pre : m->z;
    KERNEL(activation_backward)(m->z + at, n, m->d + at, n, saved + at, n, 1, n, f);
}

#endif
