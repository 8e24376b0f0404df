/* warp_matrix.inc.c - maps from drawn numbers, for each of the flips and for images of several sizes. */
#define WARP_MATRIX(name) \
    static void check_##name(void) \
    { \
        for (fnn_idx turn = 0; turn < 40; turn++) { \
            const double side = turn % 2 ? -1 : 1, other = turn % 4 > 1 ? -1 : 1; \
            double drawn[8]; \
            fnn_warp w[SIDES]; \
            begin(turn, 0, 0); \
            for (int i = 0; i < COUNT(drawn); i++) \
                drawn[i] = i == 0 ? random_number(0, 1) : random_number(-2, 2); \
            EACH_SIDE(s) { \
                w[s] = (fnn_warp){ \
                    .height = 1 + 3 * turn, .width = 1 + turn, .matrix = {side, 0, 0, 0, other, 0}}; \
                table[s]->name(w + s, drawn); \
            } \
            for (int i = 0; i < 6; i++) \
                near("matrix", i, w[TESTED].matrix[i], w[TEXTBOOK].matrix[i], 16, 200); \
        } \
    }

WARP_MATRIX(warp_flip_matrix)
WARP_MATRIX(warp_affine_matrix)
WARP_MATRIX(warp_even_affine_matrix)
WARP_MATRIX(warp_crop_matrix)
#undef WARP_MATRIX
