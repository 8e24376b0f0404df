/* gemm - the textbook triple loop, and then what is fused behind it, one step at a time. */
static fnn_idx gemm_workspace(const fnn_gemm *g)
{
    (void)g;
    return 0;
}

static void gemm(const fnn_gemm *g, void *workspace)
{
    real *c = g->c, *z = g->preactivation, *sums = g->column_sums;
    const real *a = g->a, *b = g->b, *bias = g->bias, *saved = g->saved;
    (void)workspace;
    for (fnn_idx i = 0; i < g->m; i++)
        for (fnn_idx j = 0; j < g->n; j++) {
            double sum = g->accumulate ? c[i * g->ldc + j] : bias ? bias[j] : 0;
            for (fnn_idx p = 0; p < g->k; p++)
                sum += (double)a[i * g->a_row + p * g->a_column] * b[p * g->b_row + j * g->b_column];
            c[i * g->ldc + j] = (real)sum;
            if (z)
                z[i * g->ldc + j] = (real)sum;
        }
    activation_forward(c, g->ldc, c, g->ldc, g->m, g->n, &g->activation);
    if (saved)
        activation_backward(c, g->ldc, c, g->ldc, saved, g->ldc, g->m, g->n, &g->gradient);
    for (fnn_idx j = 0; sums && j < g->n; j++) {
        double sum = g->accumulate ? sums[j] : 0;
        for (fnn_idx p = 0; p < g->k; p++)
            sum += b[p * g->b_row + j * g->b_column];
        sums[j] = (real)sum;
    }
}

static double fma_peak(fnn_idx rounds)
{
    volatile real chain = 1;
    for (fnn_idx r = 0; r < rounds; r++)
        chain = chain * (real)0.999 + (real)0.001;
    return 2.0 * (double)rounds;
}
