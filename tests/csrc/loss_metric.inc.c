/* loss_metric.inc.c - losses and metrics: with weights of rows and without, of every output that may be missing. */
typedef double value_fn(const fnn_loss_metric *s);

/* What x is: probabilities in rows that do not add up to 1, logits, or whole numbers. */
enum { PROBABILITIES, LOGITS, WHOLE };

static void check_values(value_fn *textbook, value_fn *tested, int kind, int classes, double units)
{
    value_fn *const values[SIDES] = {textbook, tested};
    const fnn_idx grid[][2] = {{0, 3}, {1, 1}, {300, 1}, {4, 2}, {4, 7}, {6, 17}, {2, 100}, {2, 259}};
    for (int i = 0; i < COUNT(grid); i++)
        for (int options = 0; options < 8; options++) {
            const int weighted = options & 1, gradient = options & 2, more = options & 4;
            const fnn_idx m = grid[i][0], n = grid[i][1], repeat = weighted && m % 2 == 0 ? 2 : 1;
            begin(m, n, options);
            array x =
                kind == WHOLE ? integers(m * n, 0, 3) : numbers(m * n, kind == LOGITS ? -20 : 0.02, 0.98);
            array target = kind == WHOLE ? integers(m * n, 0, 1) : numbers(m * n, 0, 1);
            array weight = weighted ? numbers(m / repeat, 0, 2) : none;
            array dx = gradient ? numbers(m * n, 0, 1) : none, p = more ? numbers(m * n, 0, 1) : none;
            int32_t *number = class_numbers(m, (int)n);
            double value[SIDES];
            if (m > 0 && kind != WHOLE)
                set(x, m * n / 2, kind == LOGITS ? 60 : 0);
            EACH_SIDE(s)
                value[s] = values[s](&(fnn_loss_metric){
                    .m = m,
                    .n = n,
                    .x = x.at[s],
                    .target = classes ? number : target.at[s],
                    .weight = weight.at[s],
                    .rows_per_weight = repeat,
                    .dx = dx.at[s],
                    .p = kind == LOGITS ? p.at[s] : NULL,
                    .scale = 0.5,
                    .label_smoothing = more ? 0.1 : 0,
                    .clip = 1e-7,
                    .ignore_class = weighted ? 1 : INT64_MIN,
                    .param = {2, -1, 0.75},
                });
            near("value", 0, value[TESTED], value[TEXTBOOK], units, 1);
            same("dx", dx, units, 1);
            same("p", p, units, 1);
        }
}

#define VALUES(name, kind, classes, units) \
    static void check_##name(void) \
    { \
        check_values(table[TEXTBOOK]->name, table[TESTED]->name, kind, classes, units); \
    }

VALUES(mean_squared_error, LOGITS, 0, 25)
VALUES(sum_squared_error, LOGITS, 0, 25)
VALUES(mean_absolute_percentage_error, LOGITS, 0, 25)
VALUES(mean_squared_logarithmic_error, PROBABILITIES, 0, 25)
VALUES(huber, LOGITS, 0, 25)
VALUES(log_cosh, LOGITS, 0, 25)
VALUES(poisson, PROBABILITIES, 0, 25)
VALUES(kl_divergence, PROBABILITIES, 0, 25)
VALUES(hinge, LOGITS, 0, 25)
VALUES(squared_hinge, LOGITS, 0, 25)
VALUES(categorical_hinge, LOGITS, 0, 25)
VALUES(cosine_similarity, LOGITS, 0, 25)
VALUES(binary_focal_crossentropy, PROBABILITIES, 0, 50)
VALUES(binary_focal_crossentropy_logits, LOGITS, 0, 50)
VALUES(categorical_focal_crossentropy, PROBABILITIES, 0, 50)
VALUES(categorical_focal_crossentropy_logits, LOGITS, 0, 50)
VALUES(mean_absolute_error, LOGITS, 0, 25)
VALUES(binary_crossentropy, PROBABILITIES, 0, 25)
VALUES(categorical_crossentropy, PROBABILITIES, 0, 25)
VALUES(sparse_categorical_crossentropy, PROBABILITIES, 1, 5)
VALUES(binary_crossentropy_logits, LOGITS, 0, 25)
VALUES(categorical_crossentropy_logits, LOGITS, 0, 25)
VALUES(sparse_categorical_crossentropy_logits, LOGITS, 1, 5)
VALUES(accuracy, WHOLE, 0, 50)
VALUES(binary_accuracy, WHOLE, 0, 50)
VALUES(categorical_accuracy, WHOLE, 0, 1)
VALUES(sparse_categorical_accuracy, WHOLE, 1, 1)
VALUES(top_k_categorical_accuracy, WHOLE, 0, 1)
VALUES(sparse_top_k_categorical_accuracy, WHOLE, 1, 1)
VALUES(sparse_top_k_sorted_accuracy, WHOLE, 1, 1)
VALUES(pearson_correlation, PROBABILITIES, 0, 1)
VALUES(concordance_correlation, PROBABILITIES, 0, 1)
#undef VALUES

typedef void tally_fn(double *state, const fnn_loss_metric *s);

/* `size` numbers of state; `k` as param[0], the number of classes, or -1 to let it vary. */
static void check_tally(tally_fn *textbook, tally_fn *tested, int classes, int k, fnn_idx size)
{
    tally_fn *const tally[SIDES] = {textbook, tested};
    for (int variant = 0; variant < 8; variant++) {
        const fnn_idx m = 6, n = 3;
        begin(m, n, variant);
        array x = numbers(m * n, 0, 1), target = integers(m * n, 0, 1), levels = numbers(3, 0, 1);
        int32_t *number = class_numbers(m, (int)n);
        double *state[SIDES];
        EACH_SIDE(s) {
            state[s] = memset(allocate(size * (fnn_idx)sizeof(double)), 0, (size_t)size * sizeof(double));
            tally[s](state[s], &(fnn_loss_metric){
                                   .m = m,
                                   .n = n,
                                   .x = x.at[s],
                                   .target = classes ? number : target.at[s],
                                   .rows_per_weight = 1,
                                   .ignore_class = INT64_MIN,
                                   .param = {k < 0 ? variant % 3 : k, 0.5},
                                   .levels = levels.at[s],
                                   .n_levels = 3,
                                   .end = n,
                                   .groups = variant & 4 ? n : 1,
                                   .exceeding = variant % 4,
                               });
        }
        for (fnn_idx i = 0; i < size; i++)
            near("state", i, state[TESTED][i], state[TEXTBOOK][i], 1, 1);
    }
}

#define TALLY(name, classes, k, size) \
    static void check_##name(void) \
    { \
        check_tally(table[TEXTBOOK]->name, table[TESTED]->name, classes, k, size); \
    }

TALLY(count_above, 0, -1, 24)
TALLY(pair_numbers, 0, 3, 9)
TALLY(pair_binary, 0, 3, 9)
TALLY(pair_categorical, 0, 3, 9)
TALLY(pair_sparse_categorical, 1, 3, 9)
TALLY(squares, 0, 0, 13)
#undef TALLY

static void check_weight_sum(void)
{
    for (int options = 0; options < 4; options++) {
        const fnn_idx m = 12, repeat = options & 1 ? 3 : 1;
        begin(m, 1, options);
        array weight = options & 1 ? numbers(m / repeat, 0, 2) : none;
        int32_t *number = class_numbers(m, 3);
        double sum[SIDES];
        EACH_SIDE(s)
            sum[s] = table[s]->weight_sum(&(fnn_loss_metric){
                .m = m,
                .n = 1,
                .target = number,
                .weight = weight.at[s],
                .rows_per_weight = repeat,
                .ignore_class = options & 2 ? 1 : INT64_MIN,
            });
        near("sum", 0, sum[TESTED], sum[TEXTBOOK], 1, 1);
    }
}
