/* gemm.inc.c - c (m, n) = a (m, k) b (k, n) with bias, activation, activation gradient and column sums fused.
 *
 * One register tile does all the work: MR rows of A are broadcast against NV vectors of B. Each element
 * of c is a single chain of fused multiply-adds over k in order, whatever the tile, the blocking or the
 * division over threads; so results do not depend on the batch size or on the number of threads.
 *
 *   for each block of KC steps of k            the chain continues from what c holds
 *     for each panel of NV vectors of b        packed (KC, NV * VLEN) when that pays, else read in place
 *       for each MR rows of a                  heights are evened out: 128 rows are 14 x 7 + 5 x 6
 *         tile; after the last block: activation and gradient while the tile is in L1
 *
 * A streams through the caches once per panel, MR elements per MR * NV multiply-adds: 2 bytes a cycle
 * with AVX-512, which even L3 sustains; hence no blocking of m and n as in Goto & van de Geijn (2008).
 * A is packed, tile by tile, if its rows share an L1 set, being a multiple of 4 KiB apart (76 % of the peak when left
 * in place), and if they do not fit L2, beyond which the memory keeps up with one stream and not with MR of them (1024 cubed: 87 % of the peak when left in place, 91 % when packed).
 */
enum {
    MC = 1024,         /* rows of A copied at a time */
    PACK_A_PANELS = 8, /* packing A takes as long as half a panel */
    PACK_A_BYTES = 1 << 18,
    PACK_B_ROWS = 48, /* packing moves B once: 3 cycles a vector, against m multiply-adds */
    PAGE = 4096,
    LINE = 64,
};

static int packs_a(const fnn_gemm *g)
{
    const fnn_idx item = sizeof(real), panels = parts(g->n, NR);
    const int aliased = (g->a_row == 1 ? g->a_column : g->a_row) * item % PAGE == 0 && g->k > LINE;
    const int streamed = g->a_row != 1 && g->m * block_size(g->k) * item > PACK_A_BYTES;
    return g->m > 1 && ((streamed && panels >= PACK_A_PANELS) || (aliased && panels > 1));
}

static int packs_b(const fnn_gemm *g) { return g->b_column != 1 || (g->m >= PACK_B_ROWS && g->k > LINE); }

fnn_idx KERNEL(gemm_workspace)(const fnn_gemm *g)
{
    const fnn_idx kc = block_size(g->k);
    fnn_idx reals = packs_b(g) ? kc * NR : 0;
    if (packs_a(g))
        reals += least(g->m, MC) * kc;
    return reals * (fnn_idx)sizeof(real);
}

void KERNEL(gemm)(const fnn_gemm *g, void *workspace)
{
    const int pack_b = packs_b(g), pack_a = packs_a(g);
    const int single = g->m == 1 && !pack_b;
    const fnn_idx kc = block_size(g->k), nr = single ? ROW_NV * VLEN : NR;
    real *const panel = workspace, *const packed = pack_b ? panel + kc * NR : panel;

    for (fnn_idx m0 = 0; m0 < g->m; m0 += MC) {
        const fnn_idx m = least(g->m - m0, MC), heights = parts(m, GEMM_MR);
        fnn_idx p = 0;
        do {
            const fnn_idx k = least(g->k - p, kc);
            const int last = p + k == g->k;
            tile_job t = {.ldc = g->ldc, .k = k};
            const real *a = (const real *)g->a + m0 * g->a_row + p * g->a_column;
            if (pack_a)
                for (fnn_idx h = 0, i = 0; h < heights; h++) {
                    const fnn_idx rows = height(m, heights, h);
                    pack_tile(packed + i * k, a + i * g->a_row, g->a_row, g->a_column, rows, k);
                    i += rows;
                }
            for (fnn_idx j = 0; j < g->n; j += nr) {
                const fnn_idx n = least(g->n - j, nr), vectors = parts(n, VLEN);
                const real *b = (const real *)g->b + p * g->b_row + j * g->b_column;
                t.last = n - (vectors - 1) * VLEN;
                t.b = b;
                t.b_row = g->b_row;
                if (pack_b) {
                    if (g->b_column == 1)
                        pack_rows(panel, b, g->b_row, k, n);
                    else
                        pack_columns(panel, b, g->b_column, k, n);
                    t.b = panel;
                    t.b_row = NR;
                }
                if (g->column_sums && m0 == 0)
                    add_columns((real *)g->column_sums + j, t.b, t.b_row, k, n, g->accumulate || p > 0);
                for (fnn_idx h = 0, i = 0; h < heights; h++) {
                    const fnn_idx rows = height(m, heights, h);
                    t.a = pack_a ? packed + i * k : a + i * g->a_row;
                    t.a_row = pack_a ? 1 : g->a_row;
                    t.a_column = pack_a ? rows : g->a_column;
                    t.c = (real *)g->c + (m0 + i) * g->ldc + j;
                    fuse(&t, &g->fused, g->c, j, g->accumulate || p > 0, last);
                    (single ? row_tiles[vectors - 1] : tiles[rows - 1][vectors - 1])[t.last < VLEN](&t);
                    if (last)
                        finish(&g->fused, g->c, t.c, g->ldc, rows, n);
                    i += rows;
                }
            }
            p += k;
        } while (p < g->k);
    }
}

/* Do multiply-adds in 12 chains of registers, `rounds` times; returns FLOPs, for the peak of an instruction set. */
double KERNEL(fma_peak)(fnn_idx rounds)
{
    enum { CHAINS = 12 };
    const vreal x = v_set1(R(0.999)), y = v_set1(R(0.001));
    vreal chain[CHAINS];
    FNN_UNROLL for (int i = 0; i < CHAINS; i++)
        chain[i] = v_set1((real)i);
    for (fnn_idx r = 0; r < rounds; r++)
        FNN_UNROLL for (int i = 0; i < CHAINS; i++)
            chain[i] = v_fma(chain[i], x, y);
    for (int i = 1; i < CHAINS; i++)
        chain[0] = v_add(chain[0], chain[i]);
    volatile real keep = v_sum(chain[0]);
    (void)keep;
    return 2.0 * CHAINS * VLEN * (double)rounds;
}
