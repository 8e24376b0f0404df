/* loss_metric.inc.c - losses and metrics: with weights of rows and without, of every output that may be missing. */
typedef double score_fn(const fnn_loss_metric *s);

/* What x is: probabilities in rows that do not add up to 1, logits, or whole numbers. */
enum { PROBABILITIES, LOGITS, WHOLE };

static void check_score(score_fn *textbook, score_fn *tested, int kind, int classes, double units)
{
    score_fn *const score[SIDES] = {textbook, tested};
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
                value[s] = score[s](&(fnn_loss_metric){
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
                    .threshold = 0.5,
                    .ignore_class = weighted ? 1 : INT64_MIN,
                    .param = {2, -1, 0.75},
                });
            near("value", 0, value[TESTED], value[TEXTBOOK], units, 1);
            same("dx", dx, units, 1);
            same("p", p, units, 1);
        }
}

#define SCORE(name, kind, classes, units) \
    static void check_##name(void) \
    { \
        check_score(table[TEXTBOOK]->name, table[TESTED]->name, kind, classes, units); \
    }

SCORE(mean_squared_error, LOGITS, 0, 25)
SCORE(sum_squared_error, LOGITS, 0, 25)
SCORE(mean_absolute_percentage_error, LOGITS, 0, 25)
SCORE(mean_squared_logarithmic_error, PROBABILITIES, 0, 25)
SCORE(huber, LOGITS, 0, 25)
SCORE(log_cosh, LOGITS, 0, 25)
SCORE(poisson, PROBABILITIES, 0, 25)
SCORE(kl_divergence, PROBABILITIES, 0, 25)
SCORE(hinge, LOGITS, 0, 25)
SCORE(squared_hinge, LOGITS, 0, 25)
SCORE(categorical_hinge, LOGITS, 0, 25)
SCORE(cosine_similarity, LOGITS, 0, 25)
SCORE(binary_focal_crossentropy, PROBABILITIES, 0, 50)
SCORE(binary_focal_crossentropy_logits, LOGITS, 0, 50)
SCORE(categorical_focal_crossentropy, PROBABILITIES, 0, 50)
SCORE(categorical_focal_crossentropy_logits, LOGITS, 0, 50)
SCORE(mean_absolute_error, LOGITS, 0, 25)
SCORE(binary_crossentropy, PROBABILITIES, 0, 25)
SCORE(categorical_crossentropy, PROBABILITIES, 0, 25)
SCORE(sparse_categorical_crossentropy, PROBABILITIES, 1, 5)
SCORE(binary_crossentropy_logits, LOGITS, 0, 25)
SCORE(categorical_crossentropy_logits, LOGITS, 0, 25)
SCORE(sparse_categorical_crossentropy_logits, LOGITS, 1, 5)
SCORE(accuracy, WHOLE, 0, 50)
SCORE(binary_accuracy, WHOLE, 0, 50)
SCORE(categorical_accuracy, WHOLE, 0, 1)
SCORE(sparse_categorical_accuracy, WHOLE, 1, 1)
SCORE(top_k_categorical_accuracy, WHOLE, 0, 1)
SCORE(sparse_top_k_categorical_accuracy, WHOLE, 1, 1)
SCORE(sparse_top_k_sorted_accuracy, WHOLE, 1, 1)
SCORE(pearson_correlation, PROBABILITIES, 0, 1)
SCORE(concordance_correlation, PROBABILITIES, 0, 1)
#undef SCORE

typedef void tally_fn(double *state, const fnn_loss_metric *s);

/* `size` numbers of state; `k` as param[0], the number of classes, or -1 to let it vary. */
static void check_tally(tally_fn *textbook, tally_fn *tested, int classes, int k, fnn_idx size)
{
    tally_fn *const tally[SIDES] = {textbook, tested};
    for (int options = 0; options < 16; options++) {
        const fnn_idx m = 6, n = 3;
        begin(m, n, options);
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
                                   .threshold = 0.5,
                                   .ignore_class = INT64_MIN,
                                   .param = {k < 0 ? options % 3 : k},
                                   .levels = levels.at[s],
                                   .n_levels = 3,
                                   .end = n,
                                   .options = options,
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
