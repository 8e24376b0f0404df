/* adjust.inc.c - contrast and brightness of images with few and many channels, larger than every block. */
static const fnn_idx images[][2] = {{1, 1}, {5, 3}, {700, 1}, {300, 3}, {513, 17}, {2, 130}};
#define EACH_IMAGE(m, n) \
    for (int image = 0; image < COUNT(images); image++) \
        for (fnn_idx m = images[image][0], n = images[image][1], once = (begin(m, n, 0), 1); once; once = 0)

static const struct {
    double factor, delta;
} changes[] = {{1, 0.3}, {0.6, 0}, {1.7, -0.2}};

static void check_adjust_forward(void)
{
    for (int c = 0; c < COUNT(changes); c++)
        EACH_IMAGE(m, n) {
            array x = numbers(m * n, -1, 1), y = numbers(m * n, 0, 1), workspace = numbers(2 * n, 0, 1);
            EACH_SIDE(s)
                table[s]->adjust_forward(y.at[s], x.at[s], workspace.at[s], m, n, changes[c].factor,
                                         changes[c].delta, -0.9, 0.8);
            same("y", y, 8, 1);
        }
}

static void check_adjust_backward(void)
{
    for (int c = 0; c < COUNT(changes); c++)
        EACH_IMAGE(m, n) {
            array x = numbers(m * n, -1, 1), dy = numbers(m * n, -1, 1), dx = numbers(m * n, 0, 1);
            array workspace = numbers(2 * n, 0, 1);
            EACH_SIDE(s)
                table[s]->adjust_backward(dx.at[s], dy.at[s], x.at[s], workspace.at[s], m, n,
                                          changes[c].factor, changes[c].delta, -0.9, 0.8);
            same("dx", dx, 8, 1);
        }
}
