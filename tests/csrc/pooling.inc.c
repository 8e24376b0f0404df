/* pooling.inc.c - windows that overlap, leave gaps, reach over the edges or hold the whole image; rows of the
 * image that lie apart; and all rows at once or one by one.
 */
#define POOL(height, width, channels, h, w, down, right, top, left) \
    { \
        height, width, channels, 0, 0, 0, 0, {h, w}, {down, right}, { top, left } \
    }
static const fnn_pool pools[] = {
    POOL(1, 1, 1, 1, 1, 1, 1, 0, 0),     POOL(4, 6, 16, 2, 2, 2, 2, 0, 0),
    POOL(5, 7, 33, 2, 2, 2, 2, 0, 0),    POOL(5, 5, 3, 3, 3, 1, 1, 1, 1),
    POOL(6, 5, 17, 3, 2, 2, 1, 1, 0),    POOL(7, 9, 8, 2, 3, 3, 4, 0, 0),
    POOL(1, 40, 5, 1, 4, 1, 3, 0, 2),    POOL(3, 4, 65, 3, 4, 1, 1, 0, 0),
    POOL(2, 3, 4, 5, 7, 1, 1, 2, 3),     POOL(3, 2, 7, 1, 1, 2, 3, 0, 0),
    POOL(20, 14, 9, 20, 14, 1, 1, 0, 0), POOL(1, 600, 3, 1, 300, 1, 100, 0, 50),
    POOL(8, 8, 20, 2, 2, 2, 2, 1, 1),    POOL(0, 3, 20, 0, 3, 1, 1, 0, 0),
};

/* Some have rows and pixels apart; there are as many results as have their first pixel before the far edge. */
#define EACH_POOL(p) \
    for (int which = 0; which < COUNT(pools); which++) \
        for (fnn_pool p = a_pool(which), *once = &p; once; once = NULL)

static fnn_pool a_pool(int which)
{
    fnn_pool p = pools[which];
    p.pixel = p.channels + which % 3;
    p.row = p.width * p.pixel + which % 2;
    p.out_height = (p.height + 2 * p.pad[0] - p.window[0]) / p.stride[0] + 1;
    p.out_width = (p.width + 2 * p.pad[1] - p.window[1]) / p.stride[1] + 1;
    begin(p.height, p.width, p.channels);
    return p;
}

static fnn_idx outputs(const fnn_pool *p) { return p->out_height * p->out_width * p->channels; }

static fnn_idx place_of(const fnn_pool *p, const void *index, fnn_idx i)
{
    return p->window[0] * p->window[1] <= 256 ? ((const uint8_t *)index)[i] : ((const int32_t *)index)[i];
}

static void check_max_pool_forward(void)
{
    EACH_POOL(p) {
        array x = integers(p.height * p.row, -3, 3), y = numbers(outputs(&p), 0, 1);
        array alone = numbers(outputs(&p), 0, 1);
        const fnn_idx bytes = outputs(&p) * (p.window[0] * p.window[1] <= 256 ? 1 : 4);
        void *index[SIDES] = {allocate(bytes), allocate(bytes)};
        SPRINKLE(x, edges);
        EACH_SIDE(s) {
            table[s]->max_pool_forward(y.at[s], index[s], x.at[s], &p, 0, p.out_height);
            for (fnn_idx i = 0; i < p.out_height; i++)
                table[s]->max_pool_forward(alone.at[s], NULL, x.at[s], &p, i, 1);
        }
        same("y", y, 0, 0);
        same("y without places", alone, 0, 0);
        for (fnn_idx i = 0; i < outputs(&p); i++)
            near("place", i, (double)place_of(&p, index[TESTED], i), (double)place_of(&p, index[TEXTBOOK], i),
                 0, 0);
    }
}

static void check_max_pool_backward(void)
{
    EACH_POOL(p) {
        array x = integers(p.height * p.row, -3, 3), y = numbers(outputs(&p), 0, 1);
        array dx = numbers(p.height * p.row, 0, 1), dy = numbers(outputs(&p), -1, 1);
        void *index = allocate(4 * outputs(&p));
        table[TEXTBOOK]->max_pool_forward(y.at[TEXTBOOK], index, x.at[TEXTBOOK], &p, 0, p.out_height);
        EACH_SIDE(s)
            table[s]->max_pool_backward(dx.at[s], dy.at[s], index, &p, 0, p.height);
        same("dx", dx, 4, 4);
        for (fnn_idx i = 0; i < p.height; i++)
            table[TESTED]->max_pool_backward(x.at[TESTED], dy.at[TESTED], index, &p, i, 1);
        for (fnn_idx i = 0; i < p.height; i++)
            for (fnn_idx j = 0; j < p.width; j++)
                for (fnn_idx c = 0; c < p.channels; c++) {
                    const fnn_idx at = i * p.row + j * p.pixel + c;
                    near("dx by rows", at, get(x.at[TESTED], at), get(dx.at[TESTED], at), 0, 0);
                }
    }
}

static void check_average_pool_forward(void)
{
    EACH_POOL(p) {
        array x = numbers(p.height * p.row, -1, 1), y = numbers(outputs(&p), 0, 1);
        if (x.n)
            set(x, x.n / 2, which % 2 ? NAN : -INFINITY);
        EACH_SIDE(s)
            for (fnn_idx i = 0; i < p.out_height; i++)
                table[s]->average_pool_forward(y.at[s], x.at[s], &p, i, 1);
        same("y", y, 4, 1);
    }
}

static void check_average_pool_backward(void)
{
    EACH_POOL(p) {
        array dx = numbers(p.height * p.row, 0, 1), dy = numbers(outputs(&p), -1, 1);
        EACH_SIDE(s)
            for (fnn_idx i = 0; i < p.height; i++)
                table[s]->average_pool_backward(dx.at[s], dy.at[s], &p, i, 1);
        same("dx", dx, 4, 1);
    }
}

static void check_global_average(void)
{
    static const fnn_idx averaged[][2] = {{1, 1}, {49, 100}, {128, 3}, {129, 64}, {300, 33}, {1000, 7}};
    for (int i = 0; i < COUNT(averaged); i++) {
        const fnn_idx positions = averaged[i][0], channels = averaged[i][1];
        begin(positions, channels, 0);
        array x = numbers(positions * channels, 0, 1), y = numbers(channels, 0, 1);
        EACH_SIDE(s)
            table[s]->global_average(y.at[s], x.at[s], positions, channels);
        same("y", y, 8, 0);
    }
}
