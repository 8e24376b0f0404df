/* activation.inc.c - every activation of activations.def, in rows with and without gaps, and in place. */
static const fnn_idx grids[][2] = {{1, 1}, {3, 7}, {4, 16}, {5, 33}, {2, 100}, {65, 3}, {1, 259}};
#define EACH_GRID(m, n) \
    for (int grid = 0; grid < COUNT(grids); grid++) \
        for (fnn_idx m = grids[grid][0], n = grids[grid][1], once = (begin(m, n, 0), 1); once; once = 0)

/* Slopes are in (0, 1); bounded_relu has the threshold 0.5, and at times a maximum. */
static fnn_activation an_activation(int code, int bounded)
{
    return (fnn_activation){code, {0.3, bounded ? 4.0 : INFINITY, 0.5}};
}

static void check_activation_forward(void)
{
    for (int code = 0; code < FNN_ACTIVATIONS; code++)
        EACH_GRID(m, n) {
            const fnn_activation act = an_activation(code, grid % 2);
            const fnn_idx ldx = n + grid % 3, ldy = n + grid % 2;
            shape[2] = code;
            array x = numbers(m * ldx, -12, 12), y = numbers(m * ldy, 0, 1);
            if (grid % 2)
                SPRINKLE(x, edges);
            else
                SPRINKLE(x, kinks);
            EACH_SIDE(s)
                table[s]->activation_forward(y.at[s], ldy, x.at[s], ldx, m, n, &act);
            same("y", y, 3, 12);
            EACH_SIDE(s)
                table[s]->activation_forward(x.at[s], ldx, x.at[s], ldx, m, n, &act);
            same("x in place", x, 3, 12);
        }
}

static void check_activation_backward(void)
{
    for (int code = 0; code < FNN_ACTIVATIONS; code++)
        EACH_GRID(m, n) {
            const fnn_activation act = an_activation(code, grid % 2);
            const fnn_idx lds = n + grid % 3, lddy = n + grid % 2, lddx = n + (grid + 1) % 2;
            shape[2] = code;
            array saved = numbers(m * lds, -12, 12), dy = numbers(m * lddy, -1, 1),
                  dx = numbers(m * lddx, 0, 1);
            SPRINKLE(saved, kinks);
            EACH_SIDE(s)
                table[s]->activation_backward(dx.at[s], lddx, dy.at[s], lddy, saved.at[s], lds, m, n, &act);
            same("dx", dx, 4, 12);
            EACH_SIDE(s)
                table[s]->activation_backward(dy.at[s], lddy, dy.at[s], lddy, saved.at[s], lds, m, n, &act);
            same("dy in place", dy, 4, 12);
        }
}
