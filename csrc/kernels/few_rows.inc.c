/* few_rows.inc.c - most steps of a product of few rows, which takes as long as it takes to read b.
 *
 * Panels of b are pieces of its rows, each on a page of its own; from L3 a processor reads them slower than whole rows,
 * which its prefetchers follow. So b is read in order, a few of its rows at a time, and the sums stay in L1. Each is the
 * same chain over k as in gemm.inc.c. With 1024 x 1024, one to four rows take 0.74, 0.54, 0.53, 0.75 of the time with
 * AVX2, and 0.93, 0.74, 0.70, 0.80 with AVX-512; with 512 KiB and less nothing is won.
 */
enum {
    ROWS_IN_ORDER = 4,  /* more wait for their multiply-adds, and not for b */
    STEPS_IN_ORDER = 4, /* 8 are as fast */
    SUM_PAGES = 4,
    SUMS = (SUM_PAGES + 1) * PAGE / sizeof(real), /* wherever they begin in a page */
};

/* A panel of a single row is 512 bytes wide with AVX-512: as fast as pieces of rows that are no whole pages. */
static int has_few_rows(const fnn_gemm *g)
{
    const fnn_idx row = g->n * (fnn_idx)sizeof(real);
    return g->m > 0 && g->m <= ROWS_IN_ORDER && g->n > few_width(g->m) && g->k > STEPS_IN_ORDER &&
           g->k * row > 2 * L2 && (g->m > 1 || few_width(1) * sizeof(real) < 512 || row >= PAGE) &&
           g->b_column == 1 && !g->column_sums;
}

/* The sums, of which each row has whole pages. A load waits for a store before it whose address has the same last 12
 * bits: where c lay 64 bytes behind b, 1024 x 1024 with AVX-512 took 1.5 (one row) to 2.3 times (four) as long. So sums
 * have the place of b in a page, whose loads are ahead of them.
 */
typedef struct {
    real *first;
    fnn_idx row;
} page_sums;

static page_sums sums_of(real *workspace, const real *b, fnn_idx rows)
{
    const uintptr_t behind = ((uintptr_t)b - (uintptr_t)workspace) % PAGE;
    return (page_sums){
        .first = workspace + behind / sizeof(real),
        .row = SUM_PAGES / rows * PAGE / (fnn_idx)sizeof(real),
    };
}

FNN_INLINE void add_vector(real *sums, fnn_idx row, vreal a[ROWS_IN_ORDER][STEPS_IN_ORDER], const real *b,
                           fnn_idx b_row, fnn_idx left, const int rows)
{
    vreal sum[ROWS_IN_ORDER];
    FNN_UNROLL_FOR(int i = 0; i < rows; i++)
        sum[i] = v_load_up_to(sums + i * row, left);
    FNN_UNROLL_FOR(int p = 0; p < STEPS_IN_ORDER; p++) {
        const vreal bp = v_load_up_to(b + p * b_row, left);
        FNN_UNROLL_FOR(int i = 0; i < rows; i++)
            sum[i] = v_fma(a[i][p], bp, sum[i]);
    }
    FNN_UNROLL_FOR(int i = 0; i < rows; i++)
        v_store_up_to(sums + i * row, sum[i], left);
}

/* Add the first k steps of n columns to their sums. */
FNN_INLINE void add_in_order(page_sums s, const fnn_gemm *g, const real *b, fnn_idx n, fnn_idx k,
                             const int rows)
{
    for (fnn_idx p = 0; p < k; p += STEPS_IN_ORDER) {
        const real *a = (const real *)g->a + p * g->a_column, *bp = b + p * g->b_row;
        vreal factors[ROWS_IN_ORDER][STEPS_IN_ORDER];
        fnn_idx j = 0;
        FNN_UNROLL_FOR(int i = 0; i < rows; i++)
            FNN_UNROLL_FOR(int q = 0; q < STEPS_IN_ORDER; q++)
                factors[i][q] = v_set1(a[i * g->a_row + q * g->a_column]);
        for (; j + VLEN <= n; j += VLEN)
            add_vector(s.first + j, s.row, factors, bp + j, g->b_row, VLEN, rows);
        if (j < n)
            add_vector(s.first + j, s.row, factors, bp + j, g->b_row, n - j, rows);
    }
}

typedef void in_order_fn(page_sums, const fnn_gemm *, const real *, fnn_idx, fnn_idx);

#define IN_ORDER(rows) \
    static void in_order_##rows(page_sums s, const fnn_gemm *g, const real *b, fnn_idx n, fnn_idx k) \
    { \
        add_in_order(s, g, b, n, k, rows); \
    }
IN_ORDER(1)
IN_ORDER(2)
IN_ORDER(3)
IN_ORDER(4)
#undef IN_ORDER

/* Compute c up to the last steps, whose tiles do what is fused; returns how many those before are. */
static fnn_idx first_steps(const fnn_gemm *g, real *workspace)
{
    static in_order_fn *const in_order[ROWS_IN_ORDER] = {in_order_1, in_order_2, in_order_3, in_order_4};
    const fnn_idx k = (g->k - 1) / STEPS_IN_ORDER * STEPS_IN_ORDER;
    const fnn_idx pieces = parts(g->n, sums_of(workspace, g->b, g->m).row);
    const fnn_idx width = parts(parts(g->n, pieces), VLEN) * VLEN;
    for (fnn_idx j = 0; j < g->n; j += width) {
        real *c = (real *)g->c + j;
        const real *b = (const real *)g->b + j, *bias = g->fused.bias;
        const page_sums s = sums_of(workspace, b, g->m);
        const fnn_idx n = least(g->n - j, width);
        const size_t bytes = (size_t)n * sizeof(real);
        for (fnn_idx i = 0; i < g->m; i++)
            if (g->accumulate)
                memcpy(s.first + i * s.row, c + i * g->ldc, bytes);
            else if (bias)
                memcpy(s.first + i * s.row, bias + j, bytes);
            else
                row_fill(s.first + i * s.row, 0, n);
        in_order[g->m - 1](s, g, b, n, k);
        for (fnn_idx i = 0; i < g->m; i++)
            memcpy(c + i * g->ldc, s.first + i * s.row, bytes);
    }
    return k;
}
