/* gemm.inc.c - every layout of the operands, every fused operation, and the order of the sums.
 *
 * Each element of c is one chain of multiply-adds over k in order, fused if the processor can: the same chain, computed
 * here by fma(), must have the same bits. So all but scalar agree to the bit.
 */
typedef struct {
    fnn_idx m, n, k;
    int wide; /* the rows of a, or its columns, are a multiple of 4 KiB apart */
} product;

static const product products[] = {
    {1, 1, 1, 0},      {1, 40, 7, 0},      {1, 300, 65, 0},   {2, 17, 5, 0},     {3, 5, 0, 0},
    {5, 33, 1, 0},     {7, 16, 100, 0},    {13, 31, 129, 0},  {29, 48, 33, 0},   {50, 50, 66, 0},
    {64, 1, 9, 0},     {49, 70, 520, 0},   {6, 50, 65, 1},    {31, 40, 100, 1},  {1030, 3, 4, 0},
    {1026, 50, 70, 1}, {132, 230, 500, 0}, {37, 3, 70, 0},    {70, 2, 1100, 0},  {150, 7, 130, 0},
    {33, 1, 521, 1},   {75, 13, 40, 0},    {301, 20, 33, 0},  {41, 5, 600, 1},   {130, 1, 64, 1},
    {1, 4197, 34, 0},  {2, 2054, 65, 0},   {3, 1030, 130, 1}, {4, 1100, 123, 0}, {1, 70, 3001, 0},
    {7, 130, 40, 0},   {8, 77, 65, 1},
};
enum { LARGE = 1 << 21 }; /* multiply-adds of a product that is checked in three ways, not in all */

/* What the chains start from, and what is fused behind the product: nothing, everything, or ReLU, which has code of its
 * own.
 */
enum { FROM_ZERO, FROM_BIAS, FROM_C, STARTS };
enum { PLAIN, FUSED, RELU, BEHIND };

/* a b + sum as the kernels under test compute it: rounded once, but twice by scalar. */
static double link(double a, double b, double sum)
{
    const int once = strcmp(table[TESTED]->isa, "scalar") != 0;
    if (is_double())
        return once ? fma(a, b, sum) : a * b + sum;
    return once ? fmaf((float)a, (float)b, (float)sum) : (float)a * (float)b + (float)sum;
}

static double less(double a, double b) { return is_double() ? a - b : (float)a - (float)b; }

/* Compare the bits of the tested c, whose elements started from `start`. */
static void check_chain(const fnn_gemm *g, array c, array start, fnn_idx start_row, int behind)
{
    for (fnn_idx i = 0; i < g->m; i++)
        for (fnn_idx j = 0; j < g->n; j++) {
            double sum = start.at[TESTED] ? get(start.at[TESTED], i * start_row + j) : 0;
            for (fnn_idx p = 0; p < g->k; p++)
                sum = link(get(g->a, i * g->a_row + p * g->a_column),
                           get(g->b, p * g->b_row + j * g->b_column), sum);
            if (g->fused.scale)
                sum = link(less(sum, get(g->fused.centre, j)), get(g->fused.scale, j),
                           g->fused.shift ? get(g->fused.shift, j) : 0);
            sum = behind == RELU && sum < 0 ? 0 : sum;
            near("c's chain", i * g->ldc + j, get(c.at[TESTED], i * g->ldc + j), sum, 0, 0);
        }
}

static void check_product(product d, int a_by_rows, int b_by_rows, int start, int behind)
{
    const fnn_idx page = 4096 / table[TESTED]->itemsize, ldc = d.n + 3 * behind;
    const fnn_idx a_line = a_by_rows ? d.k : d.m, a_step = d.wide ? (a_line / page + 1) * page : a_line + 1;
    const fnn_idx b_step = (b_by_rows ? d.n : d.k) + 1;
    begin(d.m, d.n, d.k);
    array a = numbers((a_by_rows ? d.m : d.k) * a_step, -1, 1),
          b = numbers((b_by_rows ? d.k : d.n) * b_step, -1, 1);
    array c = numbers(d.m * ldc, -1, 1), before = numbers(d.m * ldc, 0, 1), saved = numbers(d.m * ldc, -1, 1);
    array z = numbers(d.m * ldc, 0, 1), sums = numbers(d.n, -1, 1), bias = numbers(d.n, -1, 1);
    array scale = numbers(d.n, -1, 1), centre = numbers(d.n, -1, 1);
    fnn_gemm g[SIDES];
    EACH_SIDE(s) {
        if (before.n)
            memcpy(before.at[s], c.at[s], (size_t)(before.n * table[TESTED]->itemsize));
        g[s] = (fnn_gemm){
            .m = d.m,
            .n = d.n,
            .k = d.k,
            .c = c.at[s],
            .ldc = ldc,
            .a = a.at[s],
            .a_row = a_by_rows ? a_step : 1,
            .a_column = a_by_rows ? 1 : a_step,
            .b = b.at[s],
            .b_row = b_by_rows ? b_step : 1,
            .b_column = b_by_rows ? 1 : b_step,
            .accumulate = start == FROM_C,
            .fused.bias = start == FROM_BIAS ? bias.at[s] : NULL,
        };
        if (behind == RELU)
            g[s].fused.activation.code = FNN_ACT_relu;
        if (behind == FUSED) {
            g[s].fused.activation = (fnn_activation){FNN_ACT_tanh, {0}};
            g[s].fused.gradient = (fnn_activation){FNN_ACT_sigmoid, {0}};
            g[s].fused.preactivation = z.at[s];
            g[s].fused.centre = centre.at[s];
            g[s].fused.scale = scale.at[s];
            g[s].fused.shift = start == FROM_C ? NULL : bias.at[s];
            g[s].fused.saved = saved.at[s];
            g[s].column_sums = sums.at[s];
        }
        table[s]->gemm(&g[s], allocate(table[s]->gemm_workspace(&g[s])));
    }
    const array starts[] = {none, bias, before};
    const double terms = 1 + sqrt((double)d.k);
    same("c", c, 4 * terms, terms);
    same("preactivation", z, 4 * terms, terms);
    same("column_sums", sums, 4 * terms, terms);
    check_chain(&g[TESTED], behind == FUSED ? z : c, starts[start], start == FROM_BIAS ? 0 : ldc, behind);
}

static void check_gemm(void)
{
    for (int i = 0; i < COUNT(products); i++) {
        const product d = products[i];
        for (int way = 1; way <= 36; way += d.m * d.n * d.k < LARGE ? 1 : 13)
            check_product(d, way & 1, way >> 1 & 1, way / 4 % STARTS, way / 4 / STARTS % BEHIND);
    }
}

/* The address sanitizer finds in check_gemm whether it is enough. */
static void check_gemm_workspace(void)
{
    for (int i = 0; i < COUNT(products); i++) {
        const product d = products[i];
        const fnn_gemm g = {
            .m = d.m, .n = d.n, .k = d.k, .a_row = d.k, .a_column = 1, .b_row = d.n, .b_column = 1};
        begin(d.m, d.n, d.k);
        near("remainder", 0, (double)(table[TESTED]->gemm_workspace(&g) % table[TESTED]->itemsize), 0, 0, 0);
    }
}

static void check_fma_peak(void)
{
    begin(0, 0, 0);
    near("of ten rounds", 0, table[TESTED]->fma_peak(10), 10 * table[TESTED]->fma_peak(1), 0, 0);
}
