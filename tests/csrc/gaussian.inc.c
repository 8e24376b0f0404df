/* gaussian.inc.c - normal numbers, wherever a range begins in the step's stream of random words. */
#define GAUSSIAN(name, units, magnitude) \
    static void check_gaussian_##name(void) \
    { \
        EACH_STRETCH(first, n, r) { \
            begin(first, n, 0); \
            array x = numbers(n, -1, 1), y = numbers(n, 0, 1); \
            SPRINKLE(x, edges); \
            EACH_SIDE(s) \
                table[s]->gaussian_##name(y.at[s], x.at[s], first, n, 0.7, &r); \
            same("y", y, units, magnitude); \
            EACH_SIDE(s) \
                table[s]->gaussian_##name(x.at[s], x.at[s], first, n, 0.7, &r); \
            same("x in place", x, units, magnitude); \
        } \
    }

GAUSSIAN(noise, 8, 3)
GAUSSIAN(dropout, 8, 3)
#undef GAUSSIAN
