/* warp.inc.c - maps of images with each fill mode and interpolation, with few and many channels. */
static const fnn_idx channels_of[] = {1, 3, 16, 37};
static const double maps[][6] = {{1, 0, 0, 0, 1, 0},
                                 {-1, 0, 4, 0, -1, 3},
                                 {0.8, -0.6, 1.3, 0.6, 0.8, -2.1},
                                 {1.9, 0, -9.25, 0, 0.3, 20.5}};

#define EACH_WARP(w) \
    for (int c = 0; c < COUNT(channels_of); c++) \
        for (int map = 0; map < COUNT(maps); map++) \
            for (int way = 0; way < 8; way++) \
                for (fnn_warp w = warp_of(channels_of[c], maps[map], way), *once = &w; once; once = NULL)

static fnn_warp warp_of(fnn_idx channels, const double matrix[6], int way)
{
    fnn_warp w = {.channels = channels,
                  .height = 5,
                  .width = way % 2 ? 67 : 6,
                  .x_height = 7,
                  .x_width = 9,
                  .top = 1,
                  .left = 2,
                  .window_height = 4,
                  .window_width = way % 2 ? 7 : 1};
    w.bilinear = way / 4;
    w.fill = way % 4;
    w.fill_value = 0.7;
    memcpy(w.matrix, matrix, sizeof w.matrix);
    begin(channels, way, (fnn_idx)(100 * matrix[0]));
    return w;
}

static void check_warp_forward(void)
{
    EACH_WARP(w) {
        array x = numbers(w.x_height * w.x_width * w.channels, -1, 1);
        array y = numbers(w.height * w.width * w.channels, 0, 1);
        EACH_SIDE(s)
            table[s]->warp_forward(y.at[s], x.at[s], &w);
        same("y", y, 4, 1);
    }
}

static void check_warp_backward(void)
{
    EACH_WARP(w) {
        array dx = numbers(w.x_height * w.x_width * w.channels, -1, 1);
        array dy = numbers(w.height * w.width * w.channels, -1, 1);
        EACH_SIDE(s)
            table[s]->warp_backward(dx.at[s], dy.at[s], &w);
        same("dx", dx, 32, 8);
    }
}
