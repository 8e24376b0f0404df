/* gemm.inc.c - c (m, n) = a (m, k) b (k, n) with bias, activation, activation gradient and column sums fused.
 *
 * One register tile does all the work: MR rows of A are broadcast against NV vectors of B. Each element
 * of c is a single chain of fused multiply-adds over k in order, whatever the tile, the blocking or the
 * division over threads; so results do not depend on the batch size or on the number of threads.
 *
 *   for each block of KC steps of k                 the chain continues from what c holds
 *     for each block of NC columns of b             packed, panel by panel, when that pays; else read in place
 *       for each block of rows of a                 packed, tile by tile, when that pays
 *         for each panel of NV vectors of b
 *           for each MR rows of a                   heights are evened out: 128 rows are 14 x 7 + 5 x 6
 *             tile; after the last block: activation and gradient while the tile is in L1
 *
 * Few rows of c go another way first (few_rows.inc.c), and few columns altogether (narrow.inc.c).
 *
 * `blocks_of` is the one rule for the sizes. What a tile reads in a step of k decides where an operand may come from:
 * with 16 registers, 24 bytes of a and 64 of b in 6 cycles; with the 32 of AVX-512, 28 and 128 in 14. So a panel of b
 * is best in L1 or L2, and a in L2. All sizes are for an L2 of 256 KiB, the smallest there is: on a processor with 1
 * MiB those for 512 KiB and 1 MiB were 0.77 to 1.06 times as fast, and 0.99 for 2048 cubed: nowhere better. So nothing
 * is read from the processor. docs/performance-log.md has the measurements.
 *
 * - Rows of b are read in place up to PACK_B_ROWS, the next panel being prefetched meanwhile: 64 x 512 x 512 reaches
 *   98 % of the peak of AVX-512 so, 87 to 92 % when packed. A panel whose rows are a multiple of 4 KiB apart shares few
 *   sets of the caches and has to come from L3 for each tile: with 16 registers, where tiles are too short for that, it
 *   is packed from PACK_B_ALIASED rows on (64 x 1024 x 1024: 84 % of the peak; 74 % in place).
 * - Where tiles are low, as those of 7 and 8 rows with 16 registers, panels are wider, so that enough sums are in
 *   flight: 1.02 to 1.25 times as fast. From beyond L3, panels of whole lines are faster (1.5 times).
 * - A is packed if its rows share an L1 set, being a multiple of 4 KiB apart (76 % of the peak when left in place),
 *   and if they do not fit L2, beyond which the memory keeps up with one stream and not with MR of them (1024 cubed:
 *   87 % of the peak when left in place, 91 % when packed).
 * - With few steps of k and a c beyond L2, c is most of the traffic, and panels of its columns would touch a page for
 *   each row. So the roles are turned: many panels of b stay in L2, and few rows of a in L1, which complete their rows
 *   of c (1024 x 1024 x 64 with a transposed, the gradient of wide layers' weights: from 44 to 72 % with 16 registers,
 *   from 70 to 89 % with AVX-512; with 128 steps it would be slower).
 */
enum {
    PACK_B_ROWS = VLEN * sizeof(real) < LINE ? 128 : 192, /* packing takes 3 cycles a vector of b */
    PACK_B_ALIASED = VLEN * sizeof(real) < LINE ? 48 : 192,
    PACK_B_STEPS = 64,
    PACK_A_PANELS = 8, /* packing A takes as long as half a panel */
    A_IN_L2 = 3 * L2 / 4,
    B_IN_L3 = 1 << 21, /* it meets A once for each A_IN_L2 of that */
    B_WIDE = 1 << 22,
    SHORT_STEPS = 64,
    A_IN_L1 = 1 << 14,
    B_IN_L2 = L2 / 2,
};

/* How a product is divided to fit the caches. */
typedef struct {
    int pack_a, pack_b;
    fnn_idx kc;          /* steps of k */
    fnn_idx width, nc;   /* columns of a panel of b, and of the panels that are packed together */
    fnn_idx all, tiles;  /* of rows of a, and those among them that meet each of these panels in turn */
    fnn_idx low, higher; /* rows of a tile; the first `higher` tiles have one more */
} blocking;

static blocking blocks_of(const fnn_gemm *g)
{
    const fnn_idx item = sizeof(real), kc = g->k <= KC ? g->k : block_size(g->k), step = (kc ? kc : 1) * item;
    const int a_aliased = (g->a_row == 1 ? g->a_column : g->a_row) * item % PAGE == 0;
    const int a_streamed = g->a_row != 1 && g->m * step > L2;
    const int b_aliased = g->b_row * item % PAGE == 0;
    const int turned = g->k > PACK_B_STEPS / 4 && g->k <= SHORT_STEPS && g->m >= PACK_B_ROWS &&
                       g->n * item >= PAGE / 4 && g->m * g->n * item > L2;
    blocking s = {.kc = kc, .width = NR, .nc = NR, .all = parts(g->m, GEMM_MR)};
    if (s.all) {
        s.low = g->m / s.all;
        s.higher = g->m % s.all;
    }
    const fnn_idx highest = s.low + (s.higher > 0);
    s.tiles = s.all;
    s.pack_a = g->m > 1 && g->k > LINE &&
               ((a_streamed && g->n > (PACK_A_PANELS - 1) * NR) || (a_aliased && g->n > NR));
    s.pack_b = g->b_column != 1 || turned ||
               (g->m >= (b_aliased ? PACK_B_ALIASED : PACK_B_ROWS) &&
                g->k > (b_aliased ? PACK_B_STEPS / 4 : PACK_B_STEPS));
    if (!s.pack_b && s.all && highest <= FEW && (g->m <= FEW || g->k * g->b_row * item <= B_WIDE))
        s.nc = s.width = few_width(highest);
    if (s.pack_b && g->n > NR) {
        if (turned) {
            s.tiles = A_IN_L1 / (GEMM_MR * step);
            s.nc = B_IN_L2 / step;
        } else if (s.all > A_IN_L2 / (GEMM_MR * step)) {
            s.tiles = A_IN_L2 / (GEMM_MR * step);
            s.nc = B_IN_L3 / step;
        }
        s.nc = parts(least(s.nc, g->n), NR) * NR;
    }
    return s;
}

/* No part of a product needs more than the whole. */
fnn_idx KERNEL(gemm_workspace)(const fnn_gemm *g)
{
    const blocking s = blocks_of(g);
    const fnn_idx rows = s.tiles * GEMM_MR > PACK_B_ROWS ? s.tiles * GEMM_MR : PACK_B_ROWS;
    fnn_idx reals = s.pack_b ? s.kc * s.nc : 0;
    if (s.pack_a)
        reals += least(g->m, rows) * s.kc + VLEN;
    reals += least(g->n, NARROW_ROWS) * (s.kc + VLEN);
    if (g->n > NR && reals < SUMS)
        reals = SUMS;
    return reals * (fnn_idx)sizeof(real);
}

/* Columns j ... end - 1 of a block of b, packed where that pays, and their sums. */
static void take_columns(const fnn_gemm *g, const blocking *s, real *panels, fnn_idx p, fnn_idx k, fnn_idx j,
                         fnn_idx end)
{
    for (fnn_idx n; j < end; j += n, panels += k * NR) {
        const real *b = (const real *)g->b + p * g->b_row + j * g->b_column;
        n = least(end - j, s->width);
        if (s->pack_b && g->b_column == 1)
            pack_rows(panels, b, g->b_row, k, n);
        else if (s->pack_b)
            pack_columns(panels, b, g->b_column, k, n);
        if (g->column_sums)
            add_columns((real *)g->column_sums + j, s->pack_b ? panels : b, s->pack_b ? NR : g->b_row, k, n,
                        g->accumulate || p > 0);
    }
}

void KERNEL(gemm)(const fnn_gemm *g, void *workspace)
{
    const blocking s = blocks_of(g);
    real *const panels = workspace, *const packed = s.pack_b ? panels + s.kc * s.nc : panels;
    const fnn_idx b_bytes = g->k * g->b_row * (fnn_idx)sizeof(real);
    const fnn_idx ahead = !s.pack_b && b_bytes > 2 * L2 ? s.width : 0; /* from L2, tiles are faster without */
    const int narrow = is_narrow(g);
    fnn_idx p = has_few_rows(g) ? first_steps(g, workspace) : 0;
    do {
        const fnn_idx k = least(g->k - p, s.kc);
        if (narrow) {
            narrow_block(g, workspace, p, k);
            p += k;
            continue;
        }
        const int last = p + k == g->k, from_c = g->accumulate || p > 0;
        tile_job t = {.ldc = g->ldc, .k = k, .b_row = s.pack_b ? NR : g->b_row};
        for (fnn_idx j0 = 0, end; j0 < g->n; j0 = end) {
            end = least(j0 + s.nc, g->n);
            if (s.pack_b || g->column_sums)
                take_columns(g, &s, panels, p, k, j0, end);
            for (fnn_idx h0 = 0, h2, i0 = 0, i2; h0 < s.all; h0 = h2, i0 = i2) {
                h2 = least(h0 + s.tiles, s.all);
                i2 = h2 * s.low + least(h2, s.higher);
                const real *a = (const real *)g->a + i0 * g->a_row + p * g->a_column;
                if (s.pack_a && (j0 == 0 || s.tiles < s.all))
                    for (fnn_idx h = h0, i = 0, rows; h < h2; h++, i += rows) {
                        rows = s.low + (h < s.higher);
                        pack_tile(packed + i * k, a + i * g->a_row, g->a_row, g->a_column, rows, k);
                    }
                for (fnn_idx j = j0; j < end; j += s.width) {
                    const fnn_idx n = least(end - j, s.width), vectors = parts(n, VLEN);
                    t.last = n - (vectors - 1) * VLEN;
                    t.b = s.pack_b ? panels + (j - j0) * k
                                   : (const real *)g->b + p * g->b_row + j * g->b_column;
                    for (fnn_idx h = h0, i = 0, rows; h < h2; h++, i += rows) {
                        rows = s.low + (h < s.higher);
                        t.a = s.pack_a ? packed + i * k : a + i * g->a_row;
                        t.a_row = s.pack_a ? 1 : g->a_row;
                        t.a_column = s.pack_a ? rows : g->a_column;
                        t.c = (real *)g->c + (i0 + i) * g->ldc + j;
                        t.ahead = h == 0 ? ahead : 0;
                        fuse(&t, &g->fused, g->c, j, from_c, last);
                        (s.width > NR ? few_tiles[rows - 1][vectors - 1]
                                      : tiles[rows - 1][vectors - 1])[t.last < VLEN](&t);
                        if (last)
                            finish(&g->fused, g->c, t.c, g->ldc, rows, n);
                    }
                }
            }
        }
        p += k;
    } while (p < g->k);
}

/* Do multiply-adds in 12 chains of registers, `rounds` times; returns FLOPs, for the peak of an instruction set. */
double KERNEL(fma_peak)(fnn_idx rounds)
{
    enum { CHAINS = 12 };
    const vreal x = v_set1(R(0.999)), y = v_set1(R(0.001));
    vreal chain[CHAINS];
    FNN_UNROLL_FOR(int i = 0; i < CHAINS; i++)
        chain[i] = v_set1((real)i);
    for (fnn_idx r = 0; r < rounds; r++)
        FNN_UNROLL_FOR(int i = 0; i < CHAINS; i++)
            chain[i] = v_fma(chain[i], x, y);
    for (int i = 1; i < CHAINS; i++)
        chain[0] = v_add(chain[0], chain[i]);
    volatile real keep = v_sum(chain[0]);
    (void)keep;
    return (double)(2 * (fnn_idx)CHAINS * VLEN * rounds);
}
