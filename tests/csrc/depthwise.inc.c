/* depthwise.inc.c - windows with every stride, dilation and edge, more of them in a row than in a tile; all
 * rows at once or one by one.
 */
#define DEPTHWISE(height, width, channels, h, w, down, right, below, beside, top, left) \
    { \
        height, width, channels, 0, 0, {h, w}, {down, right}, {below, beside}, { top, left } \
    }
static const fnn_depthwise convolutions[] = {
    DEPTHWISE(1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0),
    DEPTHWISE(5, 24, 16, 3, 3, 1, 1, 1, 1, 1, 1),
    DEPTHWISE(6, 23, 33, 3, 3, 2, 2, 1, 1, 0, 1),
    DEPTHWISE(7, 9, 3, 5, 2, 1, 1, 1, 1, 2, 0),
    DEPTHWISE(9, 31, 17, 3, 3, 1, 1, 2, 3, 2, 3),
    DEPTHWISE(8, 8, 8, 2, 2, 3, 4, 1, 1, 0, 0),
    DEPTHWISE(1, 40, 5, 1, 4, 1, 3, 1, 1, 0, 2),
    DEPTHWISE(3, 2, 65, 7, 9, 1, 1, 1, 1, 3, 4),
    DEPTHWISE(11, 13, 9, 2, 3, 3, 2, 2, 4, 1, 4),
    DEPTHWISE(6, 19, 4, 3, 3, 2, 4, 3, 2, 3, 2),
    DEPTHWISE(4, 4, 100, 4, 4, 1, 1, 1, 1, 0, 0),
    DEPTHWISE(10, 12, 2, 3, 3, 4, 6, 6, 4, 6, 4),
    DEPTHWISE(5, 21, 80, 3, 3, 1, 1, 1, 1, 1, 1),
    DEPTHWISE(6, 18, 37, 5, 5, 1, 1, 1, 1, 2, 2),
    DEPTHWISE(4, 7, 521, 3, 3, 1, 1, 1, 1, 1, 1),
    DEPTHWISE(3, 2, 17, 5, 5, 1, 1, 1, 1, 2, 4),
    DEPTHWISE(2, 1, 16, 3, 3, 1, 1, 1, 1, 1, 1),
    /* pixels that are whole pages: blocks of channels are copied, of all rows, of some, or none */
    DEPTHWISE(5, 3, 1024, 3, 3, 1, 1, 1, 1, 1, 1),
    DEPTHWISE(19, 10, 1024, 5, 5, 1, 1, 1, 1, 2, 2),
    DEPTHWISE(18, 9, 1024, 3, 3, 2, 2, 1, 1, 1, 1),
    DEPTHWISE(13, 8, 2048, 3, 4, 3, 2, 2, 1, 5, 2),
    DEPTHWISE(3, 43, 1024, 3, 3, 1, 1, 1, 1, 1, 1),
    DEPTHWISE(2, 2, 1024, 3, 3, 1, 1, 2, 2, 4, 4),
    DEPTHWISE(2, 3, 1024, 6, 6, 1, 1, 1, 1, 3, 3),
};

#define EACH_CONVOLUTION(d) \
    for (int which = 0; which < COUNT(convolutions); which++) \
        for (fnn_depthwise d = a_convolution(which), *once = &d; once; once = NULL)

static fnn_depthwise a_convolution(int which)
{
    fnn_depthwise d = convolutions[which];
    d.out_height = (d.height + 2 * d.pad[0] - (d.window[0] - 1) * d.dilation[0] - 1) / d.stride[0] + 1;
    d.out_width = (d.width + 2 * d.pad[1] - (d.window[1] - 1) * d.dilation[1] - 1) / d.stride[1] + 1;
    begin(d.height, d.width, d.channels);
    return d;
}

static array image(const fnn_depthwise *d) { return numbers(d->height * d->width * d->channels, -1, 1); }
static array result(const fnn_depthwise *d)
{
    return numbers(d->out_height * d->out_width * d->channels, -1, 1);
}
static array kernel_of(const fnn_depthwise *d)
{
    return numbers(d->window[0] * d->window[1] * d->channels, -1, 1);
}

static void check_depthwise_forward(void)
{
    EACH_CONVOLUTION(d) {
        array x = image(&d), y = result(&d), w = kernel_of(&d);
        array bias = which % 2 ? numbers(d.channels, -1, 1) : none;
        const double lowest = which % 3 ? -INFINITY : 0;
        set(x, x.n / 2, which % 2 ? NAN : -INFINITY);
        EACH_SIDE(s) {
            table[s]->depthwise_forward(y.at[s], x.at[s], w.at[s], bias.at[s], lowest, &d, 0, 1);
            table[s]->depthwise_forward(y.at[s], x.at[s], w.at[s], bias.at[s], lowest, &d, 1,
                                        d.out_height - 1);
        }
        same("y", y, 16, 2);
    }
}

static void check_depthwise_backward(void)
{
    EACH_CONVOLUTION(d) {
        array dx = image(&d), dy = result(&d), w = kernel_of(&d);
        EACH_SIDE(s)
            for (fnn_idx i = 0; i < d.height; i++)
                table[s]->depthwise_backward(dx.at[s], dy.at[s], w.at[s], &d, i, 1);
        same("dx", dx, 16, 2);
    }
}

static void check_depthwise_weights(void)
{
    EACH_CONVOLUTION(d) {
        array x = image(&d), dy = result(&d), dw = kernel_of(&d);
        array db = which % 2 ? numbers(d.channels, -1, 1) : none;
        EACH_SIDE(s)
            table[s]->depthwise_weights(dw.at[s], db.at[s], x.at[s], dy.at[s], &d);
        same("dw", dw, 32, 4);
        same("db", db, 32, 4);
    }
}
