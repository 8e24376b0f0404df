/* resample.inc.c - enlarging and reducing, with no tap to four taps, in one call and in two. */

/* A band matrix (m, n) of random weights. */
static void taps(fnn_taps t[SIDES], fnn_idx m, fnn_idx n)
{
    fnn_idx *first = allocate(m * (fnn_idx)sizeof *first),
            *start = allocate((m + 1) * (fnn_idx)sizeof *start);
    start[0] = 0;
    for (fnn_idx i = 0; i < m; i++) {
        first[i] = i * n / m;
        start[i + 1] = start[i] + (fnn_idx)(random_bits() % 5) % (n - first[i] + 1);
    }
    const array weight = numbers(start[m], -1, 1);
    EACH_SIDE(s)
        t[s] = (fnn_taps){first, start, weight.at[s]};
}

static void resampled(fnn_idx x_height, fnn_idx x_width, fnn_idx y_height, fnn_idx y_width, fnn_idx channels)
{
    fnn_taps rows[SIDES], columns[SIDES];
    begin(x_height * x_width, y_height * y_width, channels);
    taps(rows, y_height, x_height);
    taps(columns, y_width, x_width);
    array x = numbers(x_height * x_width * channels, -1, 1), y = numbers(y_height * y_width * channels, 0, 1);
    EACH_SIDE(s) {
        const fnn_resample r = {x_width, y_width, channels, rows[s], columns[s]};
        void *workspace = allocate(table[s]->resample_workspace(&r));
        table[s]->resample(y.at[s], x.at[s], 0, y_height / 2, &r, workspace);
        table[s]->resample(y.at[s], x.at[s], y_height / 2, y_height, &r, workspace);
    }
    same("y", y, 8, 4);
}

static void check_resample(void)
{
    static const fnn_idx channels[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33};
    for (int c = 0; c < COUNT(channels); c++) {
        resampled(1, 1, 1, 1, channels[c]);
        resampled(1, 7, 1, 16, channels[c]);
        resampled(5, 4, 11, 13, channels[c]);
        resampled(19, 20, 6, 9, channels[c]);
        resampled(3, 18, 37, 5, channels[c]);
    }
}

static void check_resample_workspace(void)
{
    const fnn_resample r = {0, 3, 1, {NULL, NULL, NULL}, {NULL, NULL, NULL}};
    near("bytes", 0, (double)table[TESTED]->resample_workspace(&r), 0, 0, 0);
}
