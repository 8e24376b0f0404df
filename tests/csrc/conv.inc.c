/* conv.inc.c - every geometry in all three directions, whole and in parts, with fused operations; and with only those
 * rows of the results in memory that a call writes or reads.
 */
static const fnn_conv geometries[] = {
    /* height, width, channels, out_height, out_width, filters, kernel, stride, dilation, pad, groups */
    {.height = 5, 7, 3, 5, 7, 4, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1},
    {.height = 9, 8, 5, 4, 3, 17, {2, 3}, {2, 3}, {1, 1}, {0, 1}, 1},
    {.height = 6, 11, 6, 3, 2, 33, {3, 2}, {2, 5}, {2, 3}, {2, 1}, 3},
    {.height = 2, 3, 2, 2, 3, 34, {5, 7}, {1, 1}, {1, 1}, {2, 3}, 2},
    {.height = 1, 40, 4, 1, 40, 8, {1, 5}, {1, 1}, {1, 4}, {0, 16}, 1},
    {.height = 7, 7, 70, 7, 7, 40, {3, 3}, {1, 1}, {1, 1}, {1, 1}, 1},
    {.height = 40, 40, 1, 38, 38, 16, {3, 3}, {1, 1}, {1, 1}, {0, 0}, 1},
    {.height = 4, 4, 1, 2, 2, 1, {1, 1}, {3, 3}, {1, 1}, {0, 0}, 1},
    {.height = 4, 3, 2, 4, 3, 3, {3, 3}, {1, 1}, {4, 4}, {4, 4}, 1},
    {.height = 5, 4, 3, 1, 1, 6, {3, 3}, {INT32_MAX, INT32_MAX}, {1, 1}, {0, 0}, 1},
};
enum { IMAGES = 3 };

/* All arrays of a geometry, the sizes of what a direction writes, and what is fused behind it. */
static fnn_conv conv[SIDES];
static array conv_x, conv_w, conv_y, conv_kept, conv_bias;

static void begin_conv(int i, int fused, fnn_idx columns)
{
    const fnn_conv *g = &geometries[i];
    begin(g->height * 100 + g->width, g->channels * 100 + g->filters, i * 10 + fused);
    const fnn_idx x = IMAGES * g->height * g->width * g->channels;
    const fnn_idx y = IMAGES * g->out_height * g->out_width * g->filters;
    const fnn_idx w = g->kernel[0] * g->kernel[1] * (g->channels / g->groups) * g->filters;
    const fnn_idx most = x > y ? x : y;
    conv_x = numbers(x, -1, 1);
    conv_w = numbers(w, -1, 1);
    conv_y = numbers(y, -1, 1);
    conv_kept = numbers(most, -1, 1);
    conv_bias = numbers(g->filters, -1, 1);
    array start = numbers(columns, -1, 1), scale = numbers(columns, -1, 1), saved = numbers(most, -1, 1);
    array centre = numbers(columns, -1, 1);
    EACH_SIDE(s) {
        conv[s] = *g;
        conv[s].x = conv_x.at[s];
        conv[s].w = conv_w.at[s];
        conv[s].y = conv_y.at[s];
        conv[s].bias_gradient = conv_bias.at[s];
        conv[s].accumulate = fused;
        conv[s].fused = (fnn_fused){.bias = start.at[s]};
        if (fused == 1)
            conv[s].fused.activation.code = FNN_ACT_relu;
        if (fused == 2) {
            conv[s].fused.centre = centre.at[s];
            conv[s].fused.scale = scale.at[s];
            conv[s].fused.shift = start.at[s];
            conv[s].fused.activation = (fnn_activation){FNN_ACT_tanh, {0}};
            conv[s].fused.preactivation = conv_kept.at[s];
            conv[s].fused.saved = saved.at[s];
            conv[s].fused.gradient = (fnn_activation){FNN_ACT_sigmoid, {0}};
        }
    }
}

#define EACH_CONV(i, fused) \
    for (int i = 0; i < COUNT(geometries); i++) \
        for (int fused = 0; fused < 3; fused++)

/* In two parts of rows, and two of columns. */
#define IN_PARTS(kernel, rows, columns) \
    EACH_SIDE(s) { \
        void *workspace = allocate(table[s]->conv_workspace(&conv[s])); \
        const fnn_idx row = (rows) / 3, column = (columns) / 3; \
        table[s]->kernel(&conv[s], 0, row, 0, column, workspace); \
        table[s]->kernel(&conv[s], 0, row, column, (columns) - column, workspace); \
        table[s]->kernel(&conv[s], row, (rows) - row, 0, columns, workspace); \
    }

/* Replace y by its rows first ... end - 1, to the byte. */
static array band_of(array y, fnn_idx first, fnn_idx end)
{
    const fnn_idx row = conv[TESTED].out_width * conv[TESTED].filters;
    array band = numbers((end - first) * row, -1, 1);
    for (fnn_idx i = 0; i < band.n; i++)
        set(band, i, get(y.at[TEXTBOOK], first * row + i));
    EACH_SIDE(s) {
        conv[s].y = band.at[s];
        conv[s].y_first = first;
    }
    return band;
}

static void same_rows(const char *what, array band, array whole, fnn_idx first)
{
    for (fnn_idx i = 0; i < band.n; i++)
        EACH_SIDE(s)
            near(what, i, get(band.at[s], i), get(whole.at[TEXTBOOK], first + i), 60, 2);
}

/* The first row of results with a row of x in its windows, or the one after the last, numbered through all images. */
static fnn_idx seen_by(const fnn_conv *g, fnn_idx row, int last)
{
    const fnn_idx at = row % g->height + g->pad[0] - (last ? 0 : (g->kernel[0] - 1) * g->dilation[0]);
    fnn_idx u = last ? at / g->stride[0] + 1 : at > 0 ? (at + g->stride[0] - 1) / g->stride[0] : 0;
    if (u > g->out_height)
        u = g->out_height;
    return row / g->height * g->out_height + u;
}

static void check_conv_forward(void)
{
    EACH_CONV(i, fused) {
        const fnn_conv *g = &geometries[i];
        begin_conv(i, fused, g->filters);
        IN_PARTS(conv_forward, IMAGES * g->out_height, g->filters)
        same("y", conv_y, 60, 2);
        same("preactivation", conv_kept, 60, 2);
        const fnn_idx all = IMAGES * g->out_height, first = all / 3, end = all - all / 4;
        array band = band_of(conv_y, first, end), kept = numbers(band.n, -1, 1);
        EACH_SIDE(s) {
            if (fused == 2) {
                const fnn_idx before = first * g->out_width * g->filters;
                conv[s].fused.preactivation = kept.at[s];
                conv[s].fused.saved = (const char *)conv[s].fused.saved + before * table[s]->itemsize;
            }
            table[s]->conv_forward(&conv[s], first, end - first, 0, g->filters,
                                   allocate(table[s]->conv_workspace(&conv[s])));
        }
        same_rows("y of some rows", band, conv_y, first * g->out_width * g->filters);
        if (fused == 2)
            same_rows("preactivation of some rows", kept, conv_kept, first * g->out_width * g->filters);
    }
}

static void check_conv_input_gradient(void)
{
    EACH_CONV(i, fused) {
        const fnn_conv *g = &geometries[i];
        begin_conv(i, fused, g->channels);
        IN_PARTS(conv_input_gradient, IMAGES * g->height, g->channels)
        same("x", conv_x, 60, 2);
        same("preactivation", conv_kept, 60, 2);
        const fnn_idx all = IMAGES * g->height, first = all / 3, end = all - all / 4,
                      row = g->width * g->channels;
        const fnn_idx from = seen_by(g, first, 0), to = seen_by(g, end - 1, 1);
        array part = numbers(conv_x.n, -1, 1);
        band_of(conv_y, from, to > from ? to : from);
        EACH_SIDE(s) {
            conv[s].x = part.at[s];
            table[s]->conv_input_gradient(&conv[s], first, end - first, 0, g->channels,
                                          allocate(table[s]->conv_workspace(&conv[s])));
        }
        for (fnn_idx p = first * row; p < end * row; p++)
            EACH_SIDE(s)
                near("x of some rows", p, get(part.at[s], p), get(conv_x.at[TEXTBOOK], p), 60, 2);
    }
}

static void check_conv_weight_gradient(void)
{
    EACH_CONV(i, fused) {
        const fnn_conv *g = &geometries[i];
        const fnn_idx rows = g->kernel[0] * g->kernel[1] * (g->channels / g->groups);
        const fnn_idx all = IMAGES * g->out_height;
        begin_conv(i, fused, g->filters);
        EACH_SIDE(s) {
            void *workspace = allocate(table[s]->conv_workspace(&conv[s]));
            table[s]->conv_weight_gradient(&conv[s], 0, all / 2, 0, rows, workspace);
            conv[s].accumulate = 1;
        }
        band_of(conv_y, all / 2, all);
        EACH_SIDE(s) {
            void *workspace = allocate(table[s]->conv_workspace(&conv[s]));
            table[s]->conv_weight_gradient(&conv[s], all / 2, all - all / 2, 0, (rows + 1) / 2, workspace);
            table[s]->conv_weight_gradient(&conv[s], all / 2, all - all / 2, rows / 2, rows - rows / 2,
                                           workspace);
        }
        same("w", conv_w, 300, 8);
        same("bias", conv_bias, 300, 8);
    }
}

static void check_conv_workspace(void)
{
    near("workspace below 1 MiB", 0, table[TESTED]->conv_workspace(&geometries[0]) < 1 << 20, 1, 0, 0);
}
