/* conv - convolutions as products with a matrix of patches that is never written down.
 *
 * Row i of that matrix is what the window sees for result i, column p what it sees at tap and channel p. Inside
 * the image element (i, p) is a[rows[i] + steps[p]]: where window i begins, plus where p lies in any window. So
 * two lists stand for the whole matrix, and the tile of tile.inc.c reads the image through them, in place: 94 %
 * of the FMA peak, without im2col's traffic. Results whose window reaches over the border are listed apart;
 * their patches, zeros included, are gathered for one block of k and of results at a time.
 *
 *   conv_forward           c = y     a = x     window moves by the stride
 *   conv_input_gradient    c = x     a = y     one product for each of the stride's phases: results that far
 *                                              apart see the same taps, at neighbouring pixels (no zeros are
 *                                              multiplied); taps run backwards through w
 *   conv_weight_gradient   c = w     b = y     the same matrix transposed: rows are taps, steps are results
 *
 * Every element is one chain of multiply-adds in an order fixed by the geometry: over taps and channels, or
 * over results, those inside first in each block; so the bits do not depend on how callers divide c.
 */

enum {
    RESULTS = 1008,           /* listed together: 72 tiles of 14 rows */
    GATHERED_BYTES = 3 << 17, /* of patches at the border, for one block of k */
    SLAB = 504,               /* rows of w whose gradient is computed together: 36 tiles of 14 */
    LISTS = 9,
};

/* Results of a grid, each a sum over the taps of a window and `depth` channels of the images a. In pairs:
 * rows and columns.
 */
typedef struct {
    const real *a;
    fnn_idx height, width;
    fnn_idx pixel; /* elements from one pixel of a to the next */
    fnn_idx depth;
    fnn_idx rows, columns; /* of results for an image */
    fnn_idx taps[2];
    fnn_idx origin[2];                         /* the pixel that the first tap of the first result sees */
    fnn_idx move[2];                           /* pixels from one result to the next */
    fnn_idx spread[2];                         /* pixels from one tap to the next */
    fnn_idx c_origin, c_image, c_row, c_pixel; /* elements to the first result in c, from one to the next */
} grid;

/* Where the weight of tap (s, t), channel p and column j is: w[s * tap[0] + t * tap[1] + p * row + j * column]. */
typedef struct {
    const real *w;
    fnn_idx tap[2], row, column;
} weights;

typedef struct {
    real *panel, *gathered;
    fnn_idx inside, border;            /* how many results are listed */
    fnn_idx *inside_a, *inside_c;      /* where their windows begin, and where they are in c */
    fnn_idx *border_a, *border_c;      /* the same of the border; its windows are in `gathered` */
    fnn_idx *row, *column, *image;     /* the first tap of a result at the border, where its image begins */
    fnn_idx *steps, *count;            /* where the steps of a block are in a; 0, 1, 2, ... */
    fnn_idx result_row, result_column; /* the next one to be listed; rows are numbered through all images */
} listing;

static fnn_idx border_limit(fnn_idx k)
{
    return least(RESULTS, GATHERED_BYTES / ((fnn_idx)sizeof(real) * (k ? k : 1)));
}

static fnn_idx conv_workspace(const fnn_conv *g)
{
    (void)g;
    return KC * NR * (fnn_idx)sizeof(real) + GATHERED_BYTES + LISTS * RESULTS * (fnn_idx)sizeof(fnn_idx);
}

static listing listing_in(void *workspace, fnn_idx first_row)
{
    listing l = {.panel = workspace, .result_row = first_row};
    l.gathered = l.panel + KC * NR;
    fnn_idx **lists[LISTS] = {&l.inside_a, &l.inside_c, &l.border_a, &l.border_c, &l.row,
                              &l.column,   &l.image,    &l.steps,    &l.count};
    fnn_idx *at = (fnn_idx *)(void *)((char *)l.gathered + GATHERED_BYTES);
    for (int i = 0; i < LISTS; i++, at += RESULTS)
        *lists[i] = at;
    for (fnn_idx i = 0; i < RESULTS; i++)
        l.count[i] = i;
    return l;
}

static fnn_idx within(fnn_idx x, fnn_idx low, fnn_idx high) { return x < low ? low : x > high ? high : x; }

/* List the next results before row `end`: so many inside, so many at the border, so many in all. */
static void list_results(listing *l, const grid *g, fnn_idx end, fnn_idx inside, fnn_idx border, fnn_idx all)
{
    const fnn_idx reach = (g->taps[1] - 1) * g->spread[1];
    /* The columns whose windows lie inside: both divisions are of numbers that are not negative. */
    const fnn_idx low = within(g->origin[1] < 0 ? parts(-g->origin[1], g->move[1]) : 0, 0, g->columns);
    const fnn_idx room = g->width - reach - g->origin[1];
    const fnn_idx high = within(room > 0 ? parts(room, g->move[1]) : 0, low, g->columns);
    l->inside = l->border = 0;
    for (; l->result_row < end; l->result_row++, l->result_column = 0) {
        const fnn_idx image = l->result_row / g->rows, u = l->result_row % g->rows;
        const fnn_idx row = g->origin[0] + u * g->move[0];
        const int whole = row >= 0 && row + (g->taps[0] - 1) * g->spread[0] < g->height;
        const fnn_idx start = image * g->height * g->width * g->pixel;
        const fnn_idx a = start + (row * g->width + g->origin[1]) * g->pixel;
        const fnn_idx c = g->c_origin + image * g->c_image + u * g->c_row;
        while (l->result_column < g->columns) {
            const fnn_idx v = l->result_column, left = all - l->inside - l->border;
            const int in = whole && v >= low && v < high;
            const fnn_idx run = (in ? high : whole && v < low ? low : g->columns) - v;
            const fnn_idx n = least(run, least(left, in ? inside - l->inside : border - l->border));
            if (n <= 0)
                return;
            if (in) {
                fnn_idx *to_a = l->inside_a + l->inside, *to_c = l->inside_c + l->inside;
                for (fnn_idx i = 0; i < n; i++) {
                    to_a[i] = a + (v + i) * g->move[1] * g->pixel;
                    to_c[i] = c + (v + i) * g->c_pixel;
                }
                l->inside += n;
            } else {
                for (fnn_idx i = 0; i < n; i++, l->border++) {
                    l->border_c[l->border] = c + (v + i) * g->c_pixel;
                    l->row[l->border] = row;
                    l->column[l->border] = g->origin[1] + (v + i) * g->move[1];
                    l->image[l->border] = start;
                }
            }
            l->result_column += n;
        }
    }
}

/* Where the steps p ... p + k - 1 of a window lie. */
static void list_steps(fnn_idx *steps, const grid *g, fnn_idx p, fnn_idx k)
{
    for (fnn_idx i = 0; i < k;) {
        const fnn_idx tap = (p + i) / g->depth, channel = (p + i) % g->depth;
        const fnn_idx s = tap / g->taps[1], t = tap % g->taps[1];
        const fnn_idx at = (s * g->spread[0] * g->width + t * g->spread[1]) * g->pixel + channel;
        const fnn_idx n = least(k - i, g->depth - channel);
        for (fnn_idx j = 0; j < n; j++)
            steps[i + j] = at + j;
        i += n;
    }
}

/* The steps p ... p + k - 1 of the listed windows at the border, `k` apart in l->gathered. Taps that are
 * neighbours in memory are copied together.
 */
static void gather_border(listing *l, const grid *g, fnn_idx p, fnn_idx k)
{
    const int together = g->spread[1] == 1 && g->pixel == g->depth;
    const fnn_idx run = together ? g->taps[1] * g->depth : g->depth, columns = together ? 1 : g->taps[1];
    for (fnn_idx i = 0; i < l->border; i++) {
        real *to = l->gathered + i * k;
        l->border_a[i] = i * k;
        for (fnn_idx done = 0; done < k;) {
            const fnn_idx tap = (p + done) / run, from = (p + done) % run, n = least(run - from, k - done);
            const fnn_idx row = l->row[i] + tap / columns * g->spread[0];
            const fnn_idx column = l->column[i] + tap % columns * g->spread[1];
            const int there = row >= 0 && row < g->height;
            /* Elements low ... high - 1 of the run lie in the image. */
            const fnn_idx low = there ? within(-column * g->depth, from, from + n) : from + n;
            const fnn_idx high = there ? within((g->width - column) * g->depth, low, from + n) : low;
            const fnn_idx a = l->image[i] + (row * g->width + column) * g->pixel;
            for (fnn_idx j = from; j < low; j++)
                to[done + j - from] = 0;
            if (high > low)
                memcpy(to + done + low - from, g->a + (a + low), (size_t)(high - low) * sizeof(real));
            for (fnn_idx j = high; j < from + n; j++)
                to[done + j - from] = 0;
            done += n;
        }
    }
}

/* Panel (k, NR) of the weights of steps p ..., columns j ... j + n - 1. */
static void pack_weights(real *panel, const weights *w, const grid *g, fnn_idx p, fnn_idx k, fnn_idx j,
                         fnn_idx n)
{
    for (fnn_idx i = 0; i < k;) {
        const fnn_idx tap = (p + i) / g->depth, channel = (p + i) % g->depth;
        const fnn_idx steps = least(k - i, g->depth - channel);
        const real *from = w->w + tap / g->taps[1] * w->tap[0] + tap % g->taps[1] * w->tap[1];
        if (w->column == 1)
            pack_rows(panel + i * NR, from + channel * w->row + j, w->row, steps, n);
        else
            pack_columns(panel + i * NR, from + channel + j * w->column, w->column, steps, n);
        i += steps;
    }
}

/* The tiles of m listed rows, n columns from t->c on. */
static void listed_rows(tile_job *t, const fnn_idx *rows, const fnn_idx *c_rows, fnn_idx m, fnn_idx n)
{
    const fnn_idx heights = parts(m, GEMM_MR), vectors = parts(n, VLEN);
    t->last = n - (vectors - 1) * VLEN;
    for (fnn_idx h = 0, i = 0; h < heights; h++) {
        const fnn_idx high = height(m, heights, h);
        t->rows = rows + i;
        t->c_rows = c_rows + i;
        listed_tiles[high - 1][vectors - 1][t->last < VLEN](t);
        i += high;
    }
}

/* What is fused behind complete rows that a pass of its own has to do, rows that are `ld` apart together. */
static void finish_rows(const fnn_fused *f, const real *whole, real *c, const fnn_idx *c_rows, fnn_idx ld,
                        fnn_idx m, fnn_idx n)
{
    for (fnn_idx i = 0, end; i < m; i = end) {
        for (end = i + 1; end < m && end < i + GEMM_MR && c_rows[end] - c_rows[end - 1] == ld; end++)
            ;
        finish(f, whole, c + c_rows[i], ld, end - i, n);
    }
}

/* The results of rows first ... end - 1 of a grid, n columns from column j of `whole` on. */
static void convolve(const grid *g, const weights *w, const fnn_fused *f, real *whole, fnn_idx first,
                     fnn_idx end, fnn_idx j, fnn_idx n, void *workspace)
{
    const fnn_idx all = g->taps[0] * g->taps[1] * g->depth, kc = block_size(all);
    const int in_place = n <= NR && w->column == 1 && w->tap[1] == g->depth * w->row &&
                         w->tap[0] == g->taps[1] * w->tap[1] && w->row <= NR;
    listing l = listing_in(workspace, first);
    while (l.result_row < end) {
        list_results(&l, g, end, RESULTS, border_limit(kc), 2 * RESULTS);
        fnn_idx p = 0;
        do {
            const fnn_idx k = least(all - p, kc);
            const int last = p + k == all;
            list_steps(l.steps, g, p, k);
            gather_border(&l, g, p, k);
            for (fnn_idx i = 0; i < n; i += NR) {
                const fnn_idx columns = least(n - i, NR);
                tile_job t = {.c = whole + j + i, .k = k, .b = l.panel, .b_row = NR};
                if (in_place) {
                    t.b = w->w + p * w->row;
                    t.b_row = w->row;
                } else
                    pack_weights(l.panel, w, g, p, k, i, columns);
                fuse(&t, f, j + i, p > 0, last);
                t.a = g->a;
                t.steps = l.steps;
                listed_rows(&t, l.inside_a, l.inside_c, l.inside, columns);
                t.a = l.gathered;
                t.steps = l.count;
                listed_rows(&t, l.border_a, l.border_c, l.border, columns);
                if (last && !t.relu) {
                    finish_rows(f, whole, t.c, l.inside_c, g->c_pixel, l.inside, columns);
                    finish_rows(f, whole, t.c, l.border_c, g->c_pixel, l.border, columns);
                }
            }
            p += k;
        } while (p < all);
    }
}

/* The grid of the results y, seen from x; of group `group`. */
static grid results_of(const fnn_conv *g, fnn_idx group)
{
    grid r = {
        .height = g->height,
        .width = g->width,
        .pixel = g->channels,
        .depth = g->channels / g->groups,
        .rows = g->out_height,
        .columns = g->out_width,
        .c_image = g->out_height * g->out_width * g->filters,
        .c_row = g->out_width * g->filters,
        .c_pixel = g->filters,
    };
    r.a = (const real *)g->x + group * r.depth;
    for (int d = 0; d < 2; d++) {
        r.taps[d] = g->kernel[d];
        r.origin[d] = -g->pad[d];
        r.move[d] = g->stride[d];
        r.spread[d] = g->dilation[d];
    }
    return r;
}

static void conv_forward(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx j, fnn_idx n,
                         void *workspace)
{
    const fnn_idx columns = g->filters / g->groups, tap = g->channels / g->groups * g->filters;
    for (fnn_idx end = j + n, next; j < end; j = next) {
        const fnn_idx group = j / columns;
        const grid r = results_of(g, group);
        const weights w = {(const real *)g->w + j, {g->kernel[1] * tap, tap}, g->filters, 1};
        next = least(end, (group + 1) * columns);
        convolve(&r, &w, &g->fused, g->y, first, first + count, j, next - j, workspace);
    }
}

/* One phase of the input's gradient in dimension d: pixels phase, phase + stride, ... see every so many taps. */
static void phase_taps(const fnn_conv *g, int d, fnn_idx phase, grid *r, fnn_idx *first_tap, fnn_idx *between)
{
    const fnn_idx at = phase + g->pad[d], stride = g->stride[d], dilation = g->dilation[d];
    fnn_idx first = 0, period = 1;
    while (period * dilation % stride)
        period++;
    while (first < period && (at - first * dilation) % stride)
        first++;
    const int some = first < period && first < g->kernel[d];
    const fnn_idx taps = some ? (g->kernel[d] - 1 - first) / period + 1 : 0;
    const fnn_idx last = first + (taps - 1) * period;
    r->taps[d] = taps;
    r->origin[d] = some ? (at - last * dilation) / stride : 0;
    r->move[d] = 1;
    r->spread[d] = period * dilation / stride;
    *first_tap = some ? last : 0;
    *between = -period;
}

/* How many of the rows before `row`, counted through all images, are in a phase that has `rows` in each. */
static fnn_idx rows_before(fnn_idx row, fnn_idx height, fnn_idx phase, fnn_idx stride, fnn_idx rows)
{
    const fnn_idx in_image = row % height;
    return row / height * rows + (in_image > phase ? parts(in_image - phase, stride) : 0);
}

static void conv_input_gradient(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx j, fnn_idx n,
                                void *workspace)
{
    const fnn_idx columns = g->channels / g->groups, filters = g->filters / g->groups;
    const fnn_idx tap = columns * g->filters, row = g->kernel[1] * tap;
    for (fnn_idx end = j + n, next; j < end; j = next) {
        const fnn_idx group = j / columns;
        next = least(end, (group + 1) * columns);
        for (fnn_idx u = 0; u < g->stride[0] && u < g->height; u++)
            for (fnn_idx v = 0; v < g->stride[1] && v < g->width; v++) {
                grid r = {
                    .a = (const real *)g->y + group * filters,
                    .height = g->out_height,
                    .width = g->out_width,
                    .pixel = g->filters,
                    .depth = filters,
                    .rows = parts(g->height - u, g->stride[0]),
                    .columns = parts(g->width - v, g->stride[1]),
                    .c_origin = (u * g->width + v) * g->channels,
                    .c_image = g->height * g->width * g->channels,
                    .c_row = g->stride[0] * g->width * g->channels,
                    .c_pixel = g->stride[1] * g->channels,
                };
                fnn_idx tap_u, tap_v, between_u, between_v;
                phase_taps(g, 0, u, &r, &tap_u, &between_u);
                phase_taps(g, 1, v, &r, &tap_v, &between_v);
                const weights w = {
                    (const real *)g->w + tap_u * row + tap_v * tap + j % columns * g->filters +
                        group * filters,
                    {between_u * row, between_v * tap},
                    1,
                    g->filters,
                };
                convolve(&r, &w, &g->fused, g->x, rows_before(first, g->height, u, g->stride[0], r.rows),
                         rows_before(first + count, g->height, u, g->stride[0], r.rows), j, next - j,
                         workspace);
            }
    }
}

/* Panel of y: the listed results, inside before border, n columns from j on. */
static void pack_results(real *panel, const listing *l, const real *y, fnn_idx n)
{
    for (fnn_idx i = 0; i < l->inside; i++)
        pack_rows(panel + i * NR, y + l->inside_c[i], 0, 1, n);
    for (fnn_idx i = 0; i < l->border; i++)
        pack_rows(panel + (l->inside + i) * NR, y + l->border_c[i], 0, 1, n);
}

/* Rows i ... i + m - 1 of a group's gradient, at most SLAB of them; columns of `dw` are the group's. */
static void slab_gradient(const fnn_conv *g, const grid *r, fnn_idx first, fnn_idx end, fnn_idx i, fnn_idx m,
                          fnn_idx group, void *workspace)
{
    const fnn_idx columns = g->filters / g->groups, limit = border_limit(m);
    const real *y = (const real *)g->y + group * columns;
    real *bias = i == 0 && g->bias_gradient ? (real *)g->bias_gradient + group * columns : NULL;
    fnn_idx rows[SLAB], c_rows[SLAB];
    int from_c = g->accumulate;
    listing l = listing_in(workspace, first);
    list_steps(rows, r, i, m);
    for (fnn_idx p = 0; p < m; p++)
        c_rows[p] = (i + p) * g->filters;
    do {
        list_results(&l, r, end, KC, limit, KC);
        gather_border(&l, r, i, m);
        const fnn_idx k = l.inside + l.border;
        const int in_place = l.border == 0 && k && columns <= NR && g->filters <= NR &&
                             l.inside_c[k - 1] - l.inside_c[0] == (k - 1) * g->filters;
        for (fnn_idx j = 0; j < columns; j += NR) {
            const fnn_idx n = least(columns - j, NR);
            const real *b = in_place ? y + l.inside_c[0] : l.panel;
            tile_job t = {.c = (real *)g->w + group * columns + j, .from_c = from_c, .b = b};
            t.b_row = in_place ? g->filters : NR;
            if (!in_place)
                pack_results(l.panel, &l, y + j, n);
            if (bias)
                add_columns(bias + j, b, t.b_row, k, n, from_c);
            t.a = r->a;
            t.steps = l.inside_a;
            t.k = l.inside;
            listed_rows(&t, rows, c_rows, m, n);
            if (l.border) {
                t.from_c = 1;
                t.a = l.gathered;
                t.steps = l.border_a;
                t.b += l.inside * t.b_row;
                t.k = l.border;
                listed_rows(&t, l.count, c_rows, m, n);
            }
        }
        from_c = 1;
    } while (l.result_row < end);
}

static void conv_weight_gradient(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx i, fnn_idx m,
                                 void *workspace)
{
    for (fnn_idx group = 0; group < g->groups; group++) {
        const grid r = results_of(g, group);
        for (fnn_idx p = i; p < i + m; p += SLAB)
            slab_gradient(g, &r, first, first + count, p, least(SLAB, i + m - p), group, workspace);
    }
}
