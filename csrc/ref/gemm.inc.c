/* gemm.inc.c - the textbook triple loop, and then what is fused behind it, one operation at a time. */
fnn_idx KERNEL(gemm_workspace)(const fnn_gemm *g)
{
    (void)g;
    return 0;
}

/* Apply what is fused behind a product to n sums of one row; c points at column `column`. */
static void fused_row(const fnn_fused *f, const real *whole, real *c, fnn_idx column, fnn_idx n)
{
    const fnn_idx at = c - whole;
    const real *centre = f->centre, *scale = f->scale, *shift = f->shift, *saved = f->saved;
    real *z = f->preactivation;
    for (fnn_idx j = 0; scale && j < n; j++)
        c[j] =
            (real)(((double)c[j] - centre[column + j]) * scale[column + j] + (shift ? shift[column + j] : 0));
    for (fnn_idx j = 0; z && j < n; j++)
        z[at + j] = c[j];
    KERNEL(activation_forward)(c, n, c, n, 1, n, &f->activation);
    if (saved)
        KERNEL(activation_backward)(c, n, c, n, saved + at, n, 1, n, &f->gradient);
}

void KERNEL(gemm)(const fnn_gemm *g, void *workspace)
{
    real *c = g->c, *sums = g->column_sums;
    const real *a = g->a, *b = g->b, *bias = g->fused.bias;
    (void)workspace;
    for (fnn_idx i = 0; i < g->m; i++) {
        for (fnn_idx j = 0; j < g->n; j++) {
            double sum = g->accumulate ? c[i * g->ldc + j] : bias ? bias[j] : 0;
            for (fnn_idx p = 0; p < g->k; p++)
                sum += (double)a[i * g->a_row + p * g->a_column] * b[p * g->b_row + j * g->b_column];
            c[i * g->ldc + j] = (real)sum;
        }
        fused_row(&g->fused, c, c + i * g->ldc, 0, g->n);
    }
    for (fnn_idx j = 0; sums && j < g->n; j++) {
        double sum = g->accumulate ? sums[j] : 0;
        for (fnn_idx p = 0; p < g->k; p++)
            sum += b[p * g->b_row + j * g->b_column];
        sums[j] = (real)sum;
    }
}

double KERNEL(fma_peak)(fnn_idx rounds)
{
    volatile real chain = 1;
    for (fnn_idx r = 0; r < rounds; r++)
        chain = chain * (real)0.999 + (real)0.001;
    return 2.0 * (double)rounds;
}
