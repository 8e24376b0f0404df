/* narrow.inc.c - products of few columns: rows of c fill the lanes of vectors, which its columns would not.
 *
 * A strip of STRIP rows of c is computed as its transpose, `sums` (n, STRIP): vectors of a are multiplied by elements of
 * b. Where a is stored by columns (the gradient of weights) these vectors lie in memory, and the register tile does it,
 * its operands exchanged. Else squares of VLEN x VLEN of a are transposed in registers and used at once: of one
 * column, with 8 lanes, 16 loads of half rows and 16 shuffles for 8 multiply-adds of vectors; broadcasting a would take
 * 32 cycles at least. Each element is the same chain over k as in gemm.inc.c.
 */
enum {
    NARROW = 2 * VLEN - 1, /* columns, of a by columns */
    /* and by rows: a square of 8 lanes takes 25 + 5 n cycles, tiles of 6 rows 43 */
    NARROW_ROWS = (VLEN - 1) / 2,
    STRIP = ROW_NV * VLEN,
    ABREAST = 4 * VLEN, /* rows of a in turns, so that no chain waits for the one before it */
    ALIASED = 2048,     /* bytes between rows that share few sets of L1 */
    TOGETHER = 2,       /* columns */
};

/* Rows of a by rows that are taken in turns; just a square of them where they share sets of L1. */
static fnn_idx abreast_of(const fnn_gemm *g)
{
    return g->a_row * (fnn_idx)sizeof(real) % ALIASED ? ABREAST : VLEN;
}

/* Whether many lanes would stay empty. The single chain of a square of 4 lanes would wait for its latency: half the speed
 * of tiles.
 */
static int is_narrow(const fnn_gemm *g)
{
    if (VLEN == 1 || g->m < 2 * VLEN || g->k == 0 || (g->column_sums && g->b_column != 1))
        return 0;
    if (g->a_row == 1)
        return g->n <= NARROW && 4 * g->n < 3 * parts(g->n, VLEN) * VLEN;
    return g->n <= NARROW_ROWS && (g->n == 1 || g->k >= 4 * VLEN) && (VLEN >= 8 || abreast_of(g) > VLEN);
}

/* A square (m, n) or the part of one that there is, with zeros around it. */
FNN_INLINE void whole_square(real *square, const real *x, fnn_idx ldx, fnn_idx m, fnn_idx n)
{
    FNN_LOOP_FOR(fnn_idx i = 0; i < VLEN; i++)
        v_store(square + i * VLEN, i < m ? v_load_up_to(x + i * ldx, n) : v_set1(0));
}

/* y (n, m) = the transpose of x (m, n), with rows ldy and ldx apart. */
FNN_NOCLONE static void transpose(real *y, fnn_idx ldy, const real *x, fnn_idx ldx, fnn_idx m, fnn_idx n)
{
    if ((n == 1 && ldx == 1) || (m == 1 && ldy == 1)) {
        memcpy(y, x, (size_t)(m * n) * sizeof(real));
        return;
    }
    for (fnn_idx i = 0; i < m; i += VLEN)
        for (fnn_idx j = 0; j < n; j += VLEN) {
            real square[VLEN * VLEN];
            vreal r[VLEN];
            whole_square(square, x + i * ldx + j, ldx, m - i, n - j);
            v_load_transposed(r, square, VLEN);
            FNN_UNROLL_FOR(int q = 0; q < VLEN; q++)
                v_store(square + q * VLEN, r[q]);
            const fnn_idx lines = least(n - j, VLEN);
            FNN_LOOP_FOR(fnn_idx q = 0; q < lines; q++)
                v_store_up_to(y + (j + q) * ldy + i, v_load(square + q * VLEN), m - i);
        }
}

/* Add a square of a, times `columns` columns of b. */
FNN_INLINE void add_square(real *sums, const vreal r[VLEN], const real *b, fnn_idx b_column,
                           const int columns)
{
    vreal sum[TOGETHER];
    FNN_UNROLL_FOR(int j = 0; j < columns; j++)
        sum[j] = v_load(sums + j * STRIP);
    FNN_UNROLL_FOR(int i = 0; i < VLEN; i++)
        FNN_UNROLL_FOR(int j = 0; j < columns; j++)
            sum[j] = v_fma(r[i], v_set1(b[j * b_column + i]), sum[j]);
    FNN_UNROLL_FOR(int j = 0; j < columns; j++)
        v_store(sums + j * STRIP, sum[j]);
}

/* Columns of b are contiguous, and those of a are not. Beyond k, a becomes 0 and b is -0, whose product changes no sum. */
FNN_NOCLONE static void by_squares(real *sums, const real *a, fnn_idx a_row, fnn_idx rows, const real *b,
                                   fnn_idx b_column, fnn_idx k, fnn_idx n)
{
    for (fnn_idx p = 0; p < k; p += VLEN, b += VLEN)
        for (fnn_idx i = 0; i < rows; i += VLEN) {
            const int whole = k - p >= VLEN && rows - i >= VLEN;
            real square[VLEN * VLEN];
            vreal r[VLEN];
            fnn_idx j = 0;
            if (!whole)
                whole_square(square, a + i * a_row + p, a_row, rows - i, k - p);
            v_load_transposed(r, whole ? a + i * a_row + p : square, whole ? a_row : VLEN);
            FNN_LOOP_FOR(; j + TOGETHER <= n; j += TOGETHER)
                add_square(sums + j * STRIP + i, r, b + j * b_column, b_column, TOGETHER);
            FNN_LOOP_FOR(; j < n; j++)
                add_square(sums + j * STRIP + i, r, b + j * b_column, b_column, 1);
        }
}

/* Columns of a are contiguous. */
FNN_NOCLONE static void by_tiles(real *sums, const real *a, fnn_idx a_column, fnn_idx rows, const real *b,
                                 fnn_idx b_row, fnn_idx b_column, fnn_idx k, fnn_idx n)
{
    const fnn_idx heights = parts(n, GEMM_MR), width = n <= FEW ? few_width(n) : NR;
    for (fnn_idx i = 0; i < rows; i += width) {
        const fnn_idx lanes = least(rows - i, width), vectors = parts(lanes, VLEN);
        for (fnn_idx h = 0, j = 0, high; h < heights; h++, j += high) {
            high = height(n, heights, h);
            const tile_job t = {
                .c = sums + j * STRIP + i,
                .ldc = STRIP,
                .a = b + j * b_column,
                .a_row = b_column,
                .a_column = b_row,
                .b = a + i,
                .b_row = a_column,
                .k = k,
                .from_c = 1,
                .last = lanes - (vectors - 1) * VLEN,
            };
            (width > NR ? few_tiles[high - 1][vectors - 1] : tiles[high - 1][vectors - 1])[t.last < VLEN](&t);
        }
    }
}

/* What is fused behind a complete strip, whose first row is `at` behind that of c. */
FNN_NOCLONE static void finish_strip(const fnn_fused *f, real *sums, fnn_idx at, fnn_idx ldc, fnn_idx rows,
                                     fnn_idx n)
{
    if (f->scale)
        for (fnn_idx j = 0; j < n; j++) {
            const vreal centre = v_set1(((const real *)f->centre)[j]),
                        scale = v_set1(((const real *)f->scale)[j]);
            const vreal shift = v_set1(f->shift ? ((const real *)f->shift)[j] : 0);
            for (real *s = sums + j * STRIP; s < sums + j * STRIP + rows; s += VLEN)
                v_store(s, v_fma(v_sub(v_load(s), centre), scale, shift));
        }
    if (f->preactivation)
        transpose((real *)f->preactivation + at, ldc, sums, STRIP, n, rows);
    if (f->activation.code != FNN_ACT_linear)
        KERNEL(activation_forward)(sums, STRIP, sums, STRIP, n, rows, &f->activation);
    if (f->saved) {
        real saved[(NARROW + 1) * STRIP];
        transpose(saved, STRIP, (const real *)f->saved + at, ldc, rows, n);
        KERNEL(activation_backward)(sums, STRIP, sums, STRIP, saved, STRIP, n, rows, &f->gradient);
    }
}

/* Steps p ... p + k - 1 of a narrow product, with its columns of b in `columns` (n, k + VLEN) where they are needed. */
static void narrow_block(const fnn_gemm *g, real *columns, fnn_idx p, fnn_idx k)
{
    const real *a = (const real *)g->a + p * g->a_column, *b = (const real *)g->b + p * g->b_row;
    const fnn_idx n = g->n;
    const fnn_idx abreast = abreast_of(g);
    fnn_idx b_column = g->b_column;
    if (g->column_sums)
        add_columns(g->column_sums, b, g->b_row, k, n, g->accumulate || p > 0);
    if (g->a_row != 1 && (g->b_row != 1 || k % VLEN)) {
        b_column = parts(k, VLEN) * VLEN;
        for (fnn_idx j = 0; j < n; j++) {
            row_fill(columns + j * b_column, R(-0.0), b_column);
            if (g->b_row == 1)
                memcpy(columns + j * b_column, b + j * g->b_column, (size_t)k * sizeof(real));
        }
        if (g->b_row != 1)
            transpose(columns, b_column, b, g->b_row, k, n);
        b = columns;
    }
    for (fnn_idx i = 0; i < g->m; i += STRIP) {
        const fnn_idx rows = least(g->m - i, STRIP), at = i * g->ldc;
        real sums[(NARROW + 1) * STRIP];
        if (g->accumulate || p > 0)
            transpose(sums, STRIP, (const real *)g->c + at, g->ldc, rows, n);
        else
            for (fnn_idx j = 0; j < n; j++)
                row_fill(sums + j * STRIP, g->fused.bias ? ((const real *)g->fused.bias)[j] : 0,
                         parts(rows, VLEN) * VLEN);
        if (g->a_row == 1)
            by_tiles(sums, a + i, g->a_column, rows, b, g->b_row, b_column, k, n);
        else
            for (fnn_idx r = 0; r < rows; r += abreast)
                by_squares(sums + r, a + (i + r) * g->a_row, g->a_row, least(rows - r, abreast), b, b_column,
                           k, n);
        if (p + k == g->k)
            finish_strip(&g->fused, sums, at, g->ldc, rows, n);
        transpose((real *)g->c + at, g->ldc, sums, STRIP, n, rows);
    }
}
