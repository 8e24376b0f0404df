/* prelu.inc.c - positive and negative numbers, zeros, infinities and NaN, in rows of several sizes. */
static void check_prelu_forward(void)
{
    EACH_GRID(m, n) {
        array x = numbers(m * n, -3, 3), alpha = numbers(n, -1, 1), y = numbers(m * n, 0, 1);
        SPRINKLE(x, edges);
        EACH_SIDE(s)
            table[s]->prelu_forward(y.at[s], x.at[s], alpha.at[s], m, n);
        same("y", y, 1, 0);
    }
}

static void check_prelu_backward(void)
{
    EACH_GRID(m, n) {
        array x = numbers(m * n, -3, 3), dy = numbers(m * n, -1, 1), alpha = numbers(n, -1, 1);
        array dx = numbers(m * n, 0, 1), dalpha = numbers(n, -1, 1);
        EACH_SIDE(s)
            table[s]->prelu_backward(dx.at[s], dalpha.at[s], dy.at[s], x.at[s], alpha.at[s], m, n);
        same("dx", dx, 1, 0);
        same("dalpha", dalpha, 16, 8);
    }
}
