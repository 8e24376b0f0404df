/* conv.inc.c - convolutions as products with the matrix of patches of patches.inc.c.
 *
 *   conv_forward           c = y     a = x     window moves by the stride
 *   conv_input_gradient    c = x     a = y     one frame for each of the stride's phases: pixels that far apart
 *                                              see the same taps, at neighbouring results; taps run backwards
 *   conv_weight_gradient   c = w     b = y     the same matrix transposed: rows are taps, steps are results
 *
 * Every element is one chain of multiply-adds in an order fixed by the geometry: over taps and channels, or grid
 * by grid over results; so the bits do not depend on how callers divide c.
 *
 * With one tap and no stride the images themselves are the matrix, so gemm.inc.c does the same, in the same chains, and
 * packs what shares sets of the caches (the gradient of the weights of 1024 channels: from 48 to 80 % of the peak of AVX2).
 */

enum {
    SLAB = 504,             /* rows of w whose gradient is computed together: 72 tiles of 7 */
    FEW_ROWS = 3 * GEMM_MR, /* of w, for which packing y takes longer than reading it twice */
};

/* Whether pixels and results are the same, with one tap. */
static int is_product(const fnn_conv *g)
{
    return g->kernel[0] == 1 && g->kernel[1] == 1 && g->stride[0] == 1 && g->stride[1] == 1 &&
           g->pad[0] == 0 && g->pad[1] == 0 && g->groups == 1 && g->height == g->out_height &&
           g->width == g->out_width;
}

fnn_idx KERNEL(conv_workspace)(const fnn_conv *g)
{
    enum { MANY = 1 << 20 };
    const fnn_idx c = g->channels, f = g->filters, sizes[3][3] = {{MANY, f, c}, {MANY, c, f}, {c, f, KC}};
    fnn_idx bytes = listing_bytes();
    for (int i = 0; i < 3 && is_product(g); i++) {
        /* Blocks of fewer steps than KC may be rounded up to one more panel. */
        const fnn_gemm p = {.m = sizes[i][0],
                            .n = sizes[i][1] + NR,
                            .k = least(sizes[i][2], KC),
                            .a_row = PAGE,
                            .a_column = 1,
                            .b_row = 1,
                            .b_column = PAGE};
        const fnn_idx needed = KERNEL(gemm_workspace)(&p) + KC * NR * (fnn_idx)sizeof(real);
        bytes = bytes > needed ? bytes : needed;
    }
    return bytes;
}

/* What is fused behind columns from j on, `at` elements after the start of the whole. */
static fnn_fused fused_at(const fnn_fused *f, fnn_idx at, fnn_idx j)
{
    fnn_fused part = *f;
    if (f->bias)
        part.bias = (const real *)f->bias + j;
    if (f->scale) {
        part.scale = (const real *)f->scale + j;
        part.shift = (const real *)f->shift + j;
    }
    if (f->preactivation)
        part.preactivation = (real *)f->preactivation + at;
    if (f->saved)
        part.saved = (const real *)f->saved + at;
    return part;
}

/* Apply what is fused behind complete rows and not done in tiles; the rows are `ld` apart. */
static void finish_rows(const fnn_fused *f, const real *whole, real *c, const fnn_idx *c_rows, fnn_idx ld,
                        fnn_idx m, fnn_idx n)
{
    for (fnn_idx i = 0, end; i < m && !in_registers(f); i = end) {
        for (end = i + 1; end < m && end < i + GEMM_MR && c_rows[end] - c_rows[end - 1] == ld; end++)
            ;
        finish(f, whole, c + c_rows[i], ld, end - i, n);
    }
}

/* Compute rows first ... end - 1 of a grid whose windows lie inside, n columns from column j of `whole` on. */
static void grid_product(const grid *g, const fnn_fused *f, real *whole, fnn_idx first, fnn_idx end,
                         fnn_idx j, fnn_idx n, void *workspace)
{
    const fnn_idx all = g->rows.taps * g->columns.taps * g->depth, kc = block_size(all);
    const fnn_idx tap = g->depth * g->w_row;
    const int in_place = n <= NR && g->w_row <= NR && g->w_column == 1 && g->columns.w_step == tap &&
                         (g->rows.taps < 2 || g->rows.w_step == g->columns.taps * tap);
    listing l = listing_in(workspace, first);
    while (l.row < end) {
        fnn_idx p = 0;
        list_results(&l, g, end, RESULTS);
        do {
            const fnn_idx k = least(all - p, kc);
            const int last = p + k == all;
            list_steps(l.steps, g, p, k);
            for (fnn_idx i = 0; i < n; i += NR) {
                const fnn_idx columns = least(n - i, NR);
                tile_job t = {
                    .c = whole + j + i, .a = g->a, .steps = l.steps, .b = l.panel, .b_row = NR, .k = k};
                if (in_place) {
                    t.b = g->w + (g->rows.w_origin + g->columns.w_origin + p * g->w_row);
                    t.b_row = g->w_row;
                } else
                    pack_weights(l.panel, g, p, k, i, columns);
                fuse(&t, f, whole, j + i, p > 0, last);
                listed_rows(&t, l.a, l.c, l.n, columns);
                if (last)
                    finish_rows(f, whole, t.c, l.c, g->columns.c_step, l.n, columns);
            }
            p += k;
        } while (p < all);
    }
}

static void convolve(const grid *whole, const fnn_fused *f, real *c, fnn_idx first, fnn_idx end, fnn_idx j,
                     fnn_idx n, void *workspace)
{
    frame all = {.whole = whole, .first = first, .end = end};
    for (grid g; next_grid(&all, &g, &first, &end);)
        grid_product(&g, f, c, first, end, j, n, workspace);
}

/* Describe the results y as sums over x, for columns from j on of one group. */
static grid results_of(const fnn_conv *g, fnn_idx group, fnn_idx j)
{
    const fnn_idx depth = g->channels / g->groups;
    const fnn_idx pixels[2] = {g->height, g->width}, results[2] = {g->out_height, g->out_width};
    grid r = {
        .a = (const real *)g->x + group * depth,
        .w = (const real *)g->w + j,
        .a_image = g->height * g->width * g->channels,
        .c_image = g->out_height * g->out_width * g->filters,
        .c_first = g->y_first * g->out_width * g->filters,
        .depth = depth,
        .w_row = g->filters,
        .w_column = 1,
    };
    axis *const axes[2] = {&r.rows, &r.columns};
    for (int d = 0; d < 2; d++)
        *axes[d] = (axis){
            .pixels = pixels[d],
            .results = results[d],
            .taps = g->kernel[d],
            .origin = -g->pad[d],
            .move = g->stride[d],
            .spread = g->dilation[d],
            .a_step = d ? g->channels : g->width * g->channels,
            .c_step = d ? g->filters : g->out_width * g->filters,
            .w_step = (d ? 1 : g->kernel[1]) * depth * g->filters,
        };
    return r;
}

void KERNEL(conv_forward)(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx j, fnn_idx n,
                          void *workspace)
{
    const fnn_idx columns = g->filters / g->groups;
    if (is_product(g)) {
        const fnn_idx at = (first - g->y_first) * g->width * g->filters + j;
        const fnn_gemm p = {.m = count * g->width,
                            .n = n,
                            .k = g->channels,
                            .c = (real *)g->y + at,
                            .ldc = g->filters,
                            .a = (const real *)g->x + first * g->width * g->channels,
                            .a_row = g->channels,
                            .a_column = 1,
                            .b = (const real *)g->w + j,
                            .b_row = g->filters,
                            .b_column = 1,
                            .fused = fused_at(&g->fused, at, j)};
        KERNEL(gemm)(&p, workspace);
        return;
    }
    for (fnn_idx end = j + n, next; j < end; j = next) {
        const grid r = results_of(g, j / columns, j);
        next = least(end, (j / columns + 1) * columns);
        convolve(&r, &g->fused, g->y, first, first + count, j, next - j, workspace);
    }
}

/* Describe the pixels phase, phase + stride, ... of x in dimension d as sums over y; some taps reach them. */
static axis phase_of(const fnn_conv *g, int d, fnn_idx phase)
{
    const fnn_idx at = phase + g->pad[d], stride = g->stride[d], dilation = g->dilation[d];
    const fnn_idx tap = (d ? 1 : g->kernel[1]) * (g->channels / g->groups) * g->filters;
    const fnn_idx period = stride / common_divisor(stride, dilation);
    fnn_idx first = 0;
    while (first < least(period, g->kernel[d]) && (at - first * dilation) % stride)
        first++;
    const fnn_idx taps = first < least(period, g->kernel[d]) ? (g->kernel[d] - 1 - first) / period + 1 : 0;
    const fnn_idx last = taps ? first + (taps - 1) * period : 0;
    return (axis){
        .pixels = d ? g->out_width : g->out_height,
        .results = parts((d ? g->width : g->height) - phase, stride),
        .taps = taps,
        .origin = taps ? (at - last * dilation) / stride : 0,
        .move = 1,
        .spread = period * dilation / stride,
        .a_step = d ? g->filters : g->out_width * g->filters,
        .c_step = stride * (d ? g->channels : g->width * g->channels),
        .w_step = -period * tap,
        .c_origin = phase * (d ? g->channels : g->width * g->channels),
        .w_origin = last * tap,
    };
}

void KERNEL(conv_input_gradient)(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx j, fnn_idx n,
                                 void *workspace)
{
    const fnn_idx columns = g->channels / g->groups, filters = g->filters / g->groups, stride = g->stride[0];
    if (is_product(g)) {
        const fnn_idx at = first * g->width * g->channels + j;
        const fnn_gemm p = {.m = count * g->width,
                            .n = n,
                            .k = g->filters,
                            .c = (real *)g->x + at,
                            .ldc = g->channels,
                            .a = (const real *)g->y + (first - g->y_first) * g->width * g->filters,
                            .a_row = g->filters,
                            .a_column = 1,
                            .b = (const real *)g->w + j * g->filters,
                            .b_row = 1,
                            .b_column = g->filters,
                            .fused = fused_at(&g->fused, at, j)};
        KERNEL(gemm)(&p, workspace);
        return;
    }
    for (fnn_idx end = j + n, next; j < end; j = next) {
        const fnn_idx group = j / columns;
        grid r = {
            .a = (const real *)g->y + group * filters,
            .w = (const real *)g->w + j % columns * g->filters + group * filters,
            .a_image = g->out_height * g->out_width * g->filters,
            .a_first = g->y_first * g->out_width * g->filters,
            .c_image = g->height * g->width * g->channels,
            .depth = filters,
            .w_row = 1,
            .w_column = g->filters,
        };
        next = least(end, (group + 1) * columns);
        for (fnn_idx u = 0; u < least(stride, g->height); u++)
            for (fnn_idx v = 0; v < least(g->stride[1], g->width); v++) {
                r.rows = phase_of(g, 0, u);
                r.columns = phase_of(g, 1, v);
                convolve(&r, &g->fused, g->x, rows_before(first, g->height, u, stride, r.rows.results),
                         rows_before(first + count, g->height, u, stride, r.rows.results), j, next - j,
                         workspace);
            }
    }
}

/* List the rows i ... i + m - 1 of w among a grid's taps: where they are in its windows, and in w. */
static fnn_idx list_rows(fnn_idx *rows, fnn_idx *c_rows, const grid *g, fnn_idx i, fnn_idx m)
{
    const fnn_idx all = g->rows.taps * g->columns.taps * g->depth;
    fnn_idx listed = 0;
    for (fnn_idx p = 0, n; p < all; p += n) {
        const fnn_idx s = p / g->depth / g->columns.taps, t = p / g->depth % g->columns.taps;
        const fnn_idx w = g->rows.w_origin + s * g->rows.w_step + g->columns.w_origin + t * g->columns.w_step;
        const fnn_idx row = w / g->w_row, a = s * g->rows.spread * g->rows.a_step;
        const fnn_idx low = within(i - row, 0, g->depth), high = within(i + m - row, low, g->depth);
        n = g->depth;
        for (fnn_idx channel = low; channel < high; channel++, listed++) {
            rows[listed] = a + t * g->columns.spread * g->columns.a_step + channel;
            c_rows[listed] = w + channel * g->w_row;
        }
    }
    return listed;
}

/* Add a grid's share to rows i ... i + m - 1, at most SLAB, of the gradient `dw` of a group's weights. */
static void grid_gradient(const grid *g, const real *y, real *dw, real *dbias, fnn_idx columns, fnn_idx first,
                          fnn_idx end, fnn_idx i, fnn_idx m, void *workspace)
{
    fnn_idx rows[SLAB], c_rows[SLAB];
    const fnn_idx listed = list_rows(rows, c_rows, g, i, m), filters = g->w_row;
    listing l = listing_in(workspace, first);
    while ((listed || dbias) && l.row < end) {
        list_results(&l, g, end, KC);
        const int in_place =
            (filters <= NR || listed <= FEW_ROWS) && l.c[l.n - 1] - l.c[0] == (l.n - 1) * filters;
        for (fnn_idx j = 0; j < columns; j += NR) {
            const fnn_idx n = least(columns - j, NR);
            tile_job t = {.c = dw + j, .from_c = 1, .a = g->a, .steps = l.a, .k = l.n};
            t.b = in_place ? y + l.c[0] + j : l.panel;
            t.b_row = in_place ? filters : NR;
            for (fnn_idx p = 0; !in_place && p < l.n; p++)
                pack_rows(l.panel + p * NR, y + l.c[p] + j, 0, 1, n);
            if (dbias)
                add_columns(dbias + j, t.b, t.b_row, l.n, n, 1);
            listed_rows(&t, rows, c_rows, listed, n);
        }
    }
}

void KERNEL(conv_weight_gradient)(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx i, fnn_idx m,
                                  void *workspace)
{
    const fnn_idx columns = g->filters / g->groups;
    real *dbias = i == 0 ? g->bias_gradient : NULL;
    if (is_product(g)) {
        const fnn_gemm p = {.m = m,
                            .n = g->filters,
                            .k = count * g->width,
                            .c = (real *)g->w + i * g->filters,
                            .ldc = g->filters,
                            .a = (const real *)g->x + first * g->width * g->channels + i,
                            .a_row = 1,
                            .a_column = g->channels,
                            .b = (const real *)g->y + (first - g->y_first) * g->width * g->filters,
                            .b_row = g->filters,
                            .b_column = 1,
                            .accumulate = g->accumulate,
                            .fused.activation.code = FNN_ACT_linear,
                            .column_sums = dbias};
        KERNEL(gemm)(&p, workspace);
        return;
    }
    if (!g->accumulate) {
        memset((real *)g->w + i * g->filters, 0, (size_t)(m * g->filters) * sizeof(real));
        if (dbias)
            memset(dbias, 0, (size_t)g->filters * sizeof(real));
    }
    for (fnn_idx group = 0; group < g->groups; group++) {
        const fnn_idx j = group * columns;
        const grid whole = results_of(g, group, j);
        for (fnn_idx p = i; p < i + m; p += SLAB) {
            frame all = {.whole = &whole, .first = first, .end = first + count};
            fnn_idx from, to;
            for (grid part; next_grid(&all, &part, &from, &to);)
                grid_gradient(&part, (const real *)g->y + j, (real *)g->w + j,
                              dbias && p == 0 ? dbias + j : NULL, columns, from, to, p,
                              least(SLAB, i + m - p), workspace);
        }
    }
}
