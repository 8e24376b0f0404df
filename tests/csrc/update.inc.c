/* update.inc.c - optimizers, with every subset of the slots that they know, clipped and decayed or not. */
typedef void update_fn(const fnn_update *u);

/* The slots in the bits of `needed` are always there, those of `possible` may be. */
static void check_update(update_fn *textbook, update_fn *tested, int needed, int possible)
{
    update_fn *const step[SIDES] = {textbook, tested};
    EACH_SIZE(n)
        for (int slots = 0; slots < 8; slots++)
            for (int more = 0; more < 2; more++) {
                begin(n, slots, more);
                array w = numbers(n, -1, 1), g = numbers(n, -2, 2), slot[3] = {none, none, none};
                fnn_update u = {
                    .n = n,
                    .learning_rate = 0.01,
                    .decay = 0.001 * more,
                    .gradient_scale = 1 - 0.5 * more,
                    .clip_value = 0.75 * more,
                    .beta_1 = 0.9,
                    .beta_2 = 0.99,
                    .momentum = 0.8,
                    .epsilon = 1e-7,
                    .nesterov = more,
                    .gradient_rate = 0.002,
                    .l1 = 0.01,
                    .l2 = 0.02,
                    .l2_shrinkage = 0.03,
                    .power = more ? 0.4 : 0.5,
                };
                if ((slots & needed) != needed || (slots & ~possible))
                    continue;
                for (int i = 0; i < 3; i++)
                    if (slots >> i & 1)
                        slot[i] = i ? numbers(n, 0, 0.1) : numbers(n, 0.5, 1);
                EACH_SIDE(s) {
                    u.w = w.at[s];
                    u.g = g.at[s];
                    for (int i = 0; i < 3; i++)
                        u.slot[i] = slot[i].at[s];
                    step[s](&u);
                }
                same("w", w, 8, 1);
                for (int i = 0; i < 3; i++)
                    same("slot", slot[i], 4, 1);
            }
}

static void check_sgd(void) { check_update(table[TEXTBOOK]->sgd, table[TESTED]->sgd, 0, 1); }
static void check_adam(void) { check_update(table[TEXTBOOK]->adam, table[TESTED]->adam, 3, 7); }
static void check_rmsprop(void) { check_update(table[TEXTBOOK]->rmsprop, table[TESTED]->rmsprop, 1, 7); }
static void check_adagrad(void) { check_update(table[TEXTBOOK]->adagrad, table[TESTED]->adagrad, 1, 1); }
static void check_adadelta(void) { check_update(table[TEXTBOOK]->adadelta, table[TESTED]->adadelta, 3, 3); }
static void check_adamax(void) { check_update(table[TEXTBOOK]->adamax, table[TESTED]->adamax, 3, 3); }
static void check_lion(void) { check_update(table[TEXTBOOK]->lion, table[TESTED]->lion, 1, 1); }
static void check_ftrl(void) { check_update(table[TEXTBOOK]->ftrl, table[TESTED]->ftrl, 3, 3); }
