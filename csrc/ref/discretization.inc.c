/* discretization.inc.c - y[i] = how many of the ascending bounds are <= x[i]; all for NaN. */
void KERNEL(bin_numbers)(void *y_, const void *x_, const void *bounds_, fnn_idx n, fnn_idx count)
{
    const real *x = x_, *bounds = bounds_;
    real *y = y_;
    for (fnn_idx i = 0; i < n; i++) {
        fnn_idx below = 0;
        while (below < count && bounds[below] <= x[i])
            below++;
        y[i] = (real)(isnan(x[i]) ? count : below);
    }
}
