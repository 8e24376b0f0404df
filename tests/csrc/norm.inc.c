/* norm.inc.c - moments and normalizations: channels last, channels before positions, one channel; parts, groups, masks,
 * absent weights, and channels whose mean is a thousand times their deviation.
 */
static const fnn_idx channel_grids[][3] = {{1, 1, 1},   {3, 7, 1},   {70, 4, 1},  {5, 17, 1},  {131, 66, 1},
                                           {2, 259, 1}, {200, 1, 1}, {3, 1, 700}, {2, 5, 9},   {4, 6, 1},
                                           {0, 3, 1},   {2, 4, 16},  {1, 3, 33},  {2, 2, 1100}};
#define EACH_CHANNELS(outer, n, inner) \
    for (int grid = 0; grid < COUNT(channel_grids); grid++) \
        for (fnn_idx outer = channel_grids[grid][0], n = channel_grids[grid][1], \
                     inner = channel_grids[grid][2], once = (begin(outer, n, inner), 1); \
             once; once = 0)

/* Numbers of double, whatever dtype is under test. */
static array double_numbers(fnn_idx n, double low, double high)
{
    array x = {{allocate(n * (fnn_idx)sizeof(double)), allocate(n * (fnn_idx)sizeof(double))}, n};
    for (fnn_idx i = 0; i < n; i++)
        ((double *)x.at[TEXTBOOK])[i] = ((double *)x.at[TESTED])[i] = random_number(low, high);
    return x;
}

static void same_doubles(const char *what, array x, double units, double magnitude)
{
    for (fnn_idx i = 0; i < x.n; i++)
        near(what, i, ((const double *)x.at[TESTED])[i], ((const double *)x.at[TEXTBOOK])[i], units,
             magnitude);
}

static void check_channel_moments(void)
{
    EACH_CHANNELS(outer, n, inner) {
        const fnn_idx size = outer * n * inner;
        array x = numbers(size, 999, 1001), moments = double_numbers(2 * n, NAN, NAN);
        if (grid % 4 == 3)
            set(x, size / 2, NAN);
        EACH_SIDE(s)
            table[s]->channel_moments(moments.at[s], x.at[s], outer, n, inner);
        same_doubles("moments", moments, 64, is_double() ? 1000 : 1); /* means of blocks are always double */
    }
}

static void check_channel_statistics(void)
{
    for (fnn_idx parts = 1; parts < 4; parts++)
        for (fnn_idx groups = 1; groups <= 6; groups++) {
            const fnn_idx n = 2 * groups;
            begin(parts, n, groups);
            array moments = double_numbers(parts * 2 * n, 0.5, 1);
            array mean = numbers(n, 0, 1), variance = numbers(n, 0, 1);
            EACH_SIDE(s)
                table[s]->channel_statistics(mean.at[s], variance.at[s], moments.at[s], parts, 10,
                                             10 * parts - 3, n, groups);
            same("mean", mean, 2, 1);
            same("variance", variance, 2, 1);
        }
}

static void check_sum_parts(void)
{
    EACH_SIZE(n) {
        array sums = double_numbers(3 * n, -1, 1);
        EACH_SIDE(s)
            table[s]->sum_parts(sums.at[s], 3, n);
        same_doubles("sums", sums, 0, 0);
    }
}

static void check_add_sums(void)
{
    EACH_SIZE(n) {
        array dw = numbers(n, -1, 1), sums = double_numbers(n, -1, 1);
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            EACH_SIDE(s)
                table[s]->add_sums(dw.at[s], sums.at[s], n, accumulate);
            same("dw", dw, 1, 1);
        }
    }
}

static void check_moving_average(void)
{
    EACH_SIZE(n) {
        array moving = numbers(n, -1, 1), value = numbers(n, -1, 1);
        EACH_SIDE(s)
            table[s]->moving_average(moving.at[s], value.at[s], n, 0.9);
        same("moving", moving, 1, 1);
    }
}

static void check_channel_scale(void)
{
    EACH_SIZE(n)
        for (int less = 0; less < 2; less++) {
            begin(n, less, 0);
            array variance = numbers(n, 0, 2), scale = numbers(n, 0, 1);
            array gamma = less ? none : numbers(n, -2, 2);
            EACH_SIDE(s)
                table[s]->channel_scale(scale.at[s], variance.at[s], gamma.at[s], n, 1e-3);
            same("scale", scale, 2, 1);
        }
}

static void check_channel_affine(void)
{
    EACH_CHANNELS(outer, n, inner)
        for (int less = 0; less < 4; less++) {
            const fnn_idx size = outer * n * inner;
            array x = numbers(size, -2, 2), scale = numbers(n, -2, 2), y = numbers(size, 0, 1);
            array centre = less & 1 ? none : numbers(n, -2, 2), shift = less & 2 ? none : numbers(n, -2, 2);
            EACH_SIDE(s)
                table[s]->channel_affine(y.at[s], x.at[s], centre.at[s], scale.at[s], shift.at[s], outer, n,
                                         inner);
            same("y", y, 4, 4);
            EACH_SIDE(s)
                table[s]->channel_affine(x.at[s], x.at[s], centre.at[s], scale.at[s], shift.at[s], outer, n,
                                         inner);
            same("x in place", x, 4, 4);
            begin(outer, n, inner);
        }
}

static void check_channel_sums(void)
{
    EACH_CHANNELS(outer, n, inner) {
        const fnn_idx size = outer * n * inner;
        array dy = numbers(size, -1, 1), x = numbers(size, 998, 1002), mean = numbers(n, 999, 1001);
        array sums = double_numbers(2 * n, NAN, NAN);
        EACH_SIDE(s)
            table[s]->channel_sums(sums.at[s], dy.at[s], x.at[s], mean.at[s], outer, n, inner);
        same_doubles("sums", sums, 64, 8);
    }
}

static void check_channel_slopes(void)
{
    for (fnn_idx groups = 1; groups <= 6; groups++)
        for (fnn_idx size = 1; size < 4; size++) {
            const fnn_idx n = groups * size;
            begin(n, groups, 0);
            array variance = numbers(n, 0, 2), gamma = size == 2 ? none : numbers(n, -2, 2);
            array slopes = numbers(3 * n, 0, 1), sums = double_numbers(2 * n, -9, 9);
            EACH_SIDE(s)
                table[s]->channel_slopes(slopes.at[s], sums.at[s], variance.at[s], gamma.at[s], 50, n, groups,
                                         1e-3);
            same("slopes", slopes, 2, 1);
            same_doubles("sums", sums, 2, 1);
        }
}

static void check_channel_gradient(void)
{
    EACH_CHANNELS(outer, n, inner) {
        const fnn_idx size = outer * n * inner;
        array dy = numbers(size, -1, 1), x = numbers(size, -2, 2), mean = numbers(n, -1, 1);
        array slopes = numbers(3 * n, -2, 2), dx = numbers(size, 0, 1);
        array mask = grid % 2 ? integers(outer, 0, 1) : none;
        for (fnn_idx i = 0; i < mask.n; i++)
            if (get(mask.at[TEXTBOOK], i) == 0)
                set(x, i * n * inner, NAN); /* must not reach the gradient */
        EACH_SIDE(s)
            table[s]->channel_gradient(dx.at[s], dy.at[s], x.at[s], mean.at[s], slopes.at[s], mask.at[s],
                                       outer, n, inner);
        same("dx", dx, 4, 4);
        EACH_SIDE(s)
            table[s]->channel_gradient(dy.at[s], dy.at[s], x.at[s], mean.at[s], slopes.at[s], mask.at[s],
                                       outer, n, inner);
        same("dy in place", dy, 4, 4);
    }
}

/* Rows that are shorter and longer than a block of ROW_BLOCK, more of them than ROWS. */
static const fnn_idx lines[][2] = {{1, 1}, {3, 7}, {4, 16}, {5, 33}, {2, 100}, {70, 3}, {33, 259}, {2, 4200}};
#define EACH_LINES(m, n) \
    for (int grid = 0; grid < COUNT(lines); grid++) \
        for (int less = 0; less < 4; less++) \
            for (fnn_idx m = lines[grid][0], n = lines[grid][1], once = (begin(m, n, less), 1); once; \
                 once = 0)

static void check_layer_norm_forward(void)
{
    EACH_LINES(m, n) {
        array x = numbers(m * n, -1, 2), y = numbers(m * n, 0, 1), inverse = numbers(m, 0, 1);
        array gamma = less & 1 ? none : numbers(n, -2, 2), beta = less & 2 ? none : numbers(n, -2, 2);
        array mean = less == 3 ? none : numbers(m, 0, 1);
        set(x, m * n / 2, grid % 3 ? 0 : NAN);
        EACH_SIDE(s)
            table[s]->layer_norm_forward(y.at[s], mean.at[s], inverse.at[s], x.at[s], gamma.at[s], beta.at[s],
                                         m, n, 1e-3);
        same("y", y, 32, 4);
        same("mean", mean, 16, 1);
        same("inverse", inverse, 32, 1);
        EACH_SIDE(s)
            table[s]->layer_norm_forward(x.at[s], mean.at[s], inverse.at[s], x.at[s], gamma.at[s], beta.at[s],
                                         m, n, 1e-3);
        same("x in place", x, 32, 4);
    }
}

static void check_layer_norm_backward(void)
{
    EACH_LINES(m, n) {
        array x = numbers(m * n, -1, 2), dy = numbers(m * n, -1, 1), inverse = numbers(m, 0.5, 2);
        array gamma = less & 1 ? none : numbers(n, -2, 2), mean = less == 3 ? none : numbers(m, -1, 1);
        array dx = less == 2 ? none : numbers(m * n, 0, 1), sums = double_numbers(2 * n, -1, 1);
        EACH_SIDE(s)
            table[s]->layer_norm_backward(dx.at[s], less == 1 ? NULL : sums.at[s], dy.at[s], x.at[s],
                                          mean.at[s], inverse.at[s], gamma.at[s], m, n);
        same("dx", dx, 32, 16);
        same_doubles("sums", sums, 32, 16);
    }
}

static void check_unit_norm_forward(void)
{
    EACH_LINES(m, n) {
        array x = numbers(m * n, -1, 2), y = numbers(m * n, 0, 1), inverse = numbers(m, 0, 1);
        for (fnn_idx j = 0; j < n; j++)
            set(x, (m - 1) * n + j, 0);
        EACH_SIDE(s)
            table[s]->unit_norm_forward(y.at[s], inverse.at[s], x.at[s], m, n, less ? 1e12 : 0.5);
        same("y", y, 16, 0);
        same("inverse", inverse, 16, 0);
        EACH_SIDE(s)
            table[s]->unit_norm_forward(x.at[s], inverse.at[s], x.at[s], m, n, less ? 1e12 : 0.5);
        same("x in place", x, 16, 0);
    }
}

static void check_unit_norm_backward(void)
{
    EACH_LINES(m, n) {
        array y = numbers(m * n, -1, 1), dy = numbers(m * n, -1, 1), inverse = numbers(m, 0.5, 2);
        array dx = numbers(m * n, 0, 1);
        EACH_SIDE(s)
            table[s]->unit_norm_backward(dx.at[s], dy.at[s], y.at[s], inverse.at[s], m, n, less ? 9 : 1);
        same("dx", dx, 32, 16);
        EACH_SIDE(s)
            table[s]->unit_norm_backward(dy.at[s], dy.at[s], y.at[s], inverse.at[s], m, n, less ? 9 : 1);
        same("dy in place", dy, 32, 16);
    }
}
