/* conv.inc.c - convolutions by their definition, with sums in double.
 *
 *   y[image][u][v][f] = sum of x[image][u stride + s dilation - pad][...][channel] w[s][t][channel][f]
 *
 * over taps (s, t) and the channels of f's group, where that pixel lies in the image.
 */
fnn_idx KERNEL(conv_workspace)(const fnn_conv *g)
{
    (void)g;
    return 0;
}

/* The index in x of channel 0 at tap (s, t) of result (u, v); -1 outside of the image. */
static fnn_idx seen(const fnn_conv *g, fnn_idx image, fnn_idx u, fnn_idx v, fnn_idx s, fnn_idx t)
{
    const fnn_idx row = u * g->stride[0] + s * g->dilation[0] - g->pad[0];
    const fnn_idx column = v * g->stride[1] + t * g->dilation[1] - g->pad[1];
    if (row < 0 || row >= g->height || column < 0 || column >= g->width)
        return -1;
    return ((image * g->height + row) * g->width + column) * g->channels;
}

/* The index in y of filter 0 of the result whose tap (s, t) is at a pixel of x; -1 if there is none. */
static fnn_idx seer(const fnn_conv *g, fnn_idx image, fnn_idx row, fnn_idx column, fnn_idx s, fnn_idx t)
{
    const fnn_idx u = row + g->pad[0] - s * g->dilation[0], v = column + g->pad[1] - t * g->dilation[1];
    if (u < 0 || u % g->stride[0] || u / g->stride[0] >= g->out_height)
        return -1;
    if (v < 0 || v % g->stride[1] || v / g->stride[1] >= g->out_width)
        return -1;
    return ((image * g->out_height - g->y_first + u / g->stride[0]) * g->out_width + v / g->stride[1]) *
           g->filters;
}

/* The weights of tap (s, t) and channel c of a group. */
static fnn_idx weight(const fnn_conv *g, fnn_idx s, fnn_idx t, fnn_idx c)
{
    return ((s * g->kernel[1] + t) * (g->channels / g->groups) + c) * g->filters;
}

void KERNEL(conv_forward)(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx j, fnn_idx n,
                          void *workspace)
{
    const fnn_idx depth = g->channels / g->groups, filters = g->filters / g->groups;
    const fnn_idx before = g->y_first * g->out_width;
    const real *x = g->x, *w = g->w, *bias = g->fused.bias;
    real *y = g->y;
    (void)workspace;
    for (fnn_idx i = first * g->out_width; i < (first + count) * g->out_width; i++) {
        const fnn_idx image = i / g->out_width / g->out_height;
        const fnn_idx u = i / g->out_width % g->out_height, v = i % g->out_width;
        for (fnn_idx f = j; f < j + n; f++) {
            double sum = bias ? bias[f] : 0;
            for (fnn_idx s = 0; s < g->kernel[0]; s++)
                for (fnn_idx t = 0; t < g->kernel[1]; t++) {
                    const fnn_idx at = seen(g, image, u, v, s, t);
                    for (fnn_idx c = 0; at >= 0 && c < depth; c++)
                        sum += (double)x[at + f / filters * depth + c] * w[weight(g, s, t, c) + f];
                }
            y[(i - before) * g->filters + f] = (real)sum;
        }
        fused_row(&g->fused, y, y + (i - before) * g->filters + j, j, n);
    }
}

void KERNEL(conv_input_gradient)(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx j, fnn_idx n,
                                 void *workspace)
{
    const fnn_idx depth = g->channels / g->groups, filters = g->filters / g->groups;
    const real *dy = g->y, *w = g->w, *bias = g->fused.bias;
    real *dx = g->x;
    (void)workspace;
    for (fnn_idx i = first * g->width; i < (first + count) * g->width; i++) {
        const fnn_idx image = i / g->width / g->height, row = i / g->width % g->height, column = i % g->width;
        for (fnn_idx c = j; c < j + n; c++) {
            const fnn_idx group = c / depth;
            double sum = bias ? bias[c] : 0;
            for (fnn_idx s = 0; s < g->kernel[0]; s++)
                for (fnn_idx t = 0; t < g->kernel[1]; t++) {
                    const fnn_idx at = seer(g, image, row, column, s, t);
                    for (fnn_idx f = group * filters; at >= 0 && f < (group + 1) * filters; f++)
                        sum += (double)dy[at + f] * w[weight(g, s, t, c % depth) + f];
                }
            dx[i * g->channels + c] = (real)sum;
        }
        fused_row(&g->fused, dx, dx + i * g->channels + j, j, n);
    }
}

void KERNEL(conv_weight_gradient)(const fnn_conv *g, fnn_idx first, fnn_idx count, fnn_idx i, fnn_idx m,
                                  void *workspace)
{
    const fnn_idx depth = g->channels / g->groups, filters = g->filters / g->groups;
    const fnn_idx from = first * g->out_width, to = (first + count) * g->out_width;
    const fnn_idx before = g->y_first * g->out_width;
    const real *x = g->x, *dy = g->y;
    real *dw = g->w, *db = i == 0 ? g->bias_gradient : NULL;
    (void)workspace;
    for (fnn_idx p = i; p < i + m; p++)
        for (fnn_idx f = 0; f < g->filters; f++) {
            const fnn_idx c = p % depth + f / filters * depth, tap = p / depth;
            double sum = g->accumulate ? dw[p * g->filters + f] : 0;
            for (fnn_idx q = from; q < to; q++) {
                const fnn_idx at = seen(g, q / g->out_width / g->out_height, q / g->out_width % g->out_height,
                                        q % g->out_width, tap / g->kernel[1], tap % g->kernel[1]);
                sum += at < 0 ? 0 : (double)x[at + c] * dy[(q - before) * g->filters + f];
            }
            dw[p * g->filters + f] = (real)sum;
        }
    for (fnn_idx f = 0; db && f < g->filters; f++) {
        double sum = g->accumulate ? db[f] : 0;
        for (fnn_idx q = from; q < to; q++)
            sum += dy[(q - before) * g->filters + f];
        db[f] = (real)sum;
    }
}
