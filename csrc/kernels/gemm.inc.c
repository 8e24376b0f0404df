/* gemm - c (m, n) = a (m, k) b (k, n) with bias, activation, activation gradient and column sums fused.
 *
 * One register tile does all the work: MR rows of A are broadcast against NV vectors of B. Each element
 * of c is a single chain of fused multiply-adds over k in order, whatever the tile, the blocking or the
 * split over threads; so results do not depend on the batch size or on the number of threads.
 *
 *   for each block of KC steps of k            the chain goes on from what c holds
 *     for each panel of NV vectors of b        packed (KC, NV * VLEN) when that pays, else read in place
 *       for each MR rows of a                  heights are evened out: 128 rows are 8 x 13 + 2 x 12
 *         tile; after the last block: activation and gradient while the tile is in L1
 *
 * A streams through the caches once per panel, MR elements per MR * NV multiply-adds: 2 bytes a cycle
 * with AVX-512, which even L3 sustains; hence no blocking of m and n as in Goto & van de Geijn (2008).
 * A is packed, tile by tile, where its rows would fall into one L1 set, being a multiple of 4 KiB apart
 * (76 % of the peak when left in place), and where they come from behind L2, which keeps up with one
 * stream and not with MR of them (1024 cubed: 87 % of the peak when left in place, 91 % when packed).
 */
#include <string.h>

enum {
    KC = 512,  /* a panel of B: 64 KiB, streamed from L2 */
    MC = 1024, /* rows of A copied at a time */
    NR = GEMM_NV * VLEN,
    ROW_NV = 8,        /* a single row: 8 chains hide the latency of the multiply-add */
    PACK_A_PANELS = 8, /* packing A takes as long as half a panel */
    PACK_A_BYTES = 1 << 18,
    PACK_B_ROWS = 48, /* packing moves B once: 3 cycles a vector, against m multiply-adds */
    PAGE = 4096,
    LINE = 64,
};

typedef struct {
    real *c;
    fnn_idx ldc;
    const real *a;
    fnn_idx a_row, a_column;
    const real *b;
    fnn_idx b_row;
    fnn_idx k;
    const real *start; /* what the chains start from: the bias, c itself, or NULL for zero */
    fnn_idx start_row; /* 0 for a bias: every row starts from the same */
    fnn_idx last;      /* lanes in use of the last vector */
    int relu;          /* the tile is complete, and max(c, 0) is all that follows */
} tile_job;

FNN_INLINE void tile(const tile_job *t, const int mr, const int nv, const int partial)
{
    vreal acc[GEMM_MR][ROW_NV];
    const real *a = t->a, *b = t->b;
    const fnn_idx a_row = t->a_row, a_column = t->a_column, b_row = t->b_row;

#define LAST(j) (partial && (j) == nv - 1)
#define LOAD(p, j) (LAST(j) ? v_load_n((p) + (j) * VLEN, t->last) : v_load((p) + (j) * VLEN))
    FNN_UNROLL for (int i = 0; i < mr; i++)
        FNN_UNROLL for (int j = 0; j < nv; j++)
            acc[i][j] = v_set1(0);
    if (t->start)
        FNN_UNROLL for (int i = 0; i < mr; i++)
            FNN_UNROLL for (int j = 0; j < nv; j++)
                acc[i][j] = LOAD(t->start + i * t->start_row, j);
    for (fnn_idx p = 0; p < t->k; p++) {
        vreal bj[ROW_NV];
        FNN_UNROLL for (int j = 0; j < nv; j++)
            bj[j] = LOAD(b, j);
        FNN_UNROLL for (int i = 0; i < mr; i++) {
            vreal ai = v_set1(a[i * a_row]);
            FNN_UNROLL for (int j = 0; j < nv; j++)
                acc[i][j] = v_fma(ai, bj[j], acc[i][j]);
        }
        a += a_column;
        b += b_row;
    }
    if (t->relu)
        FNN_UNROLL for (int i = 0; i < mr; i++)
            FNN_UNROLL for (int j = 0; j < nv; j++)
                acc[i][j] = v_max(v_set1(0), acc[i][j]);
    FNN_UNROLL for (int i = 0; i < mr; i++)
        FNN_UNROLL for (int j = 0; j < nv; j++) {
            real *c = t->c + i * t->ldc + j * VLEN;
            if (LAST(j))
                v_store_n(c, acc[i][j], t->last);
            else
                v_store(c, acc[i][j]);
        }
#undef LOAD
#undef LAST
}

/* tile_<rows>x<vectors>, whole and with a partial last vector */
#define TILE(mr, nv) \
    static void tile_##mr##x##nv(const tile_job *t) { tile(t, mr, nv, 0); } \
    static void tile_##mr##x##nv##_partial(const tile_job *t) { tile(t, mr, nv, 1); }
#define NAME(mr, nv) {tile_##mr##x##nv, tile_##mr##x##nv##_partial}
#if GEMM_NV == 2
#define TILES(mr) TILE(mr, 1) TILE(mr, 2)
#define NAMES(mr) {NAME(mr, 1), NAME(mr, 2)}
#elif GEMM_NV == 3
#define TILES(mr) TILE(mr, 1) TILE(mr, 2) TILE(mr, 3)
#define NAMES(mr) {NAME(mr, 1), NAME(mr, 2), NAME(mr, 3)}
#else
#define TILES(mr) TILE(mr, 1) TILE(mr, 2) TILE(mr, 3) TILE(mr, 4)
#define NAMES(mr) {NAME(mr, 1), NAME(mr, 2), NAME(mr, 3), NAME(mr, 4)}
#endif

TILES(1) TILES(2) TILES(3) TILES(4)
#if GEMM_MR > 4
TILES(5) TILES(6)
#endif
#if GEMM_MR > 6
TILES(7) TILES(8)
#endif
#if GEMM_MR > 8
TILES(9) TILES(10) TILES(11) TILES(12) TILES(13) TILES(14)
#endif

typedef void tile_fn(const tile_job *);

static tile_fn *const tiles[GEMM_MR][GEMM_NV][2] = {
    NAMES(1), NAMES(2), NAMES(3), NAMES(4),
#if GEMM_MR > 4
    NAMES(5), NAMES(6),
#endif
#if GEMM_MR > 6
    NAMES(7), NAMES(8),
#endif
#if GEMM_MR > 8
    NAMES(9), NAMES(10), NAMES(11), NAMES(12), NAMES(13), NAMES(14),
#endif
};

#if GEMM_NV < 3
TILE(1, 3)
#endif
#if GEMM_NV < 4
TILE(1, 4)
#endif
TILE(1, 5) TILE(1, 6) TILE(1, 7) TILE(1, 8)

static tile_fn *const row_tiles[ROW_NV][2] = {
    NAME(1, 1), NAME(1, 2), NAME(1, 3), NAME(1, 4), NAME(1, 5), NAME(1, 6), NAME(1, 7), NAME(1, 8),
};
#undef TILE
#undef TILES
#undef NAME
#undef NAMES

/* Panel (k, NR) of b, its n columns filled up with zeros. */
static void pack_rows(real *panel, const real *b, fnn_idx b_row, fnn_idx k, fnn_idx n)
{
    for (fnn_idx p = 0; p < k; p++, panel += NR, b += b_row)
        FNN_UNROLL for (int j = 0; j < GEMM_NV; j++) {
            fnn_idx left = n - j * VLEN;
            v_store(panel + j * VLEN,
                    left >= VLEN ? v_load(b + j * VLEN) : left > 0 ? v_load_n(b + j * VLEN, left) : v_set1(0));
        }
}

/* The same from b stored by columns: squares of VLEN x VLEN are transposed in registers. */
static void pack_columns(real *panel, const real *b, fnn_idx b_column, fnn_idx k, fnn_idx n)
{
    for (fnn_idx j = 0; j < NR; j += VLEN)
        for (fnn_idx p = 0; p < k; p += VLEN) {
            const fnn_idx steps = k - p < VLEN ? k - p : VLEN;
            vreal r[VLEN];
            FNN_UNROLL for (int i = 0; i < VLEN; i++) {
                const real *column = b + (j + i) * b_column + p;
                r[i] = j + i >= n ? v_set1(0) : steps == VLEN ? v_load(column) : v_load_n(column, steps);
            }
            v_transpose(r);
            FNN_UNROLL for (int i = 0; i < VLEN; i++)
                if (i < steps)
                    v_store(panel + (p + i) * NR + j, r[i]);
        }
}

/* Tile (k, rows) of a, one step of k after the other: a single stream for the prefetcher. */
static void pack_tile(real *packed, const real *a, fnn_idx a_row, fnn_idx a_column, fnn_idx rows, fnn_idx k)
{
    for (fnn_idx i = 0; i < rows; i += VLEN) {
        const fnn_idx lanes_used = rows - i < VLEN ? rows - i : VLEN;
        if (a_row == 1) {
            for (fnn_idx p = 0; p < k; p++)
                v_store_n(packed + p * rows + i, v_load_n(a + p * a_column + i, lanes_used), lanes_used);
            continue;
        }
        for (fnn_idx p = 0; p < k; p += VLEN) {
            const fnn_idx steps = k - p < VLEN ? k - p : VLEN;
            vreal r[VLEN];
            FNN_UNROLL for (int q = 0; q < VLEN; q++) {
                const real *row = a + (i + q) * a_row + p;
                r[q] = q >= lanes_used ? v_set1(0) : steps == VLEN ? v_load(row) : v_load_n(row, steps);
            }
            v_transpose(r);
            FNN_UNROLL for (int q = 0; q < VLEN; q++)
                if (q < steps)
                    v_store_n(packed + (p + q) * rows + i, r[q], lanes_used);
        }
    }
}

static void add_columns(real *sums, const real *b, fnn_idx b_row, fnn_idx k, fnn_idx n, int accumulate)
{
    for (fnn_idx j = 0; j < n; j += VLEN) {
        const fnn_idx left = n - j < VLEN ? n - j : VLEN;
        vreal sum = accumulate ? v_load_n(sums + j, left) : v_set1(0);
        for (fnn_idx p = 0; p < k; p++)
            sum = v_add(sum, v_load_n(b + p * b_row + j, left));
        v_store_n(sums + j, sum, left);
    }
}

/* ReLU is done in registers; a pass over the tile took 10 % of a product with k = 50. */
static int fuses_relu(const fnn_gemm *g)
{
    return g->activation.code == FNN_ACT_relu && !g->preactivation && !g->saved;
}

/* The tile is complete: what else is fused behind the product, while it is in L1. */
static void finish(const fnn_gemm *g, fnn_idx i, fnn_idx j, fnn_idx m, fnn_idx n)
{
    const fnn_idx at = i * g->ldc + j;
    real *c = (real *)g->c + at;
    if (g->preactivation)
        for (fnn_idx r = 0; r < m; r++)
            memcpy((real *)g->preactivation + at + r * g->ldc, c + r * g->ldc, (size_t)n * sizeof(real));
    if (g->activation.code != FNN_ACT_linear)
        activation_forward(c, g->ldc, c, g->ldc, m, n, &g->activation);
    if (g->saved)
        activation_backward(c, g->ldc, c, g->ldc, (const real *)g->saved + at, g->ldc, m, n, &g->gradient);
}

static fnn_idx least(fnn_idx a, fnn_idx b) { return a < b ? a : b; }
static fnn_idx parts(fnn_idx n, fnn_idx size) { return (n + size - 1) / size; }

/* k in blocks of even size, at most KC. */
static fnn_idx block_size(const fnn_gemm *g) { return g->k ? parts(g->k, parts(g->k, KC)) : 0; }

static int packs_a(const fnn_gemm *g)
{
    const fnn_idx item = sizeof(real), panels = parts(g->n, NR);
    const int aliased = (g->a_row == 1 ? g->a_column : g->a_row) * item % PAGE == 0 && g->k > LINE;
    const int streamed = g->a_row != 1 && g->m * block_size(g) * item > PACK_A_BYTES;
    return g->m > 1 && ((streamed && panels >= PACK_A_PANELS) || (aliased && panels > 1));
}

static int packs_b(const fnn_gemm *g)
{
    return g->b_column != 1 || (g->m >= PACK_B_ROWS && g->k > LINE);
}

static fnn_idx gemm_workspace(const fnn_gemm *g)
{
    const fnn_idx kc = block_size(g);
    fnn_idx reals = packs_b(g) ? kc * NR : 0;
    if (packs_a(g))
        reals += least(g->m, MC) * kc;
    return reals * (fnn_idx)sizeof(real);
}

/* The rows of tile h of `heights`: they differ by one at most. */
static fnn_idx height(fnn_idx m, fnn_idx heights, fnn_idx h) { return m / heights + (h < m % heights); }

static void gemm(const fnn_gemm *g, void *workspace)
{
    const int pack_b = packs_b(g), pack_a = packs_a(g);
    const int single = g->m == 1 && !pack_b;
    const fnn_idx kc = block_size(g), nr = single ? ROW_NV * VLEN : NR;
    real *const panel = workspace, *const packed = pack_b ? panel + kc * NR : panel;

    for (fnn_idx m0 = 0; m0 < g->m; m0 += MC) {
        const fnn_idx m = least(g->m - m0, MC), heights = parts(m, GEMM_MR);
        fnn_idx p = 0;
        do {
            const fnn_idx k = least(g->k - p, kc);
            const int last = p + k == g->k;
            tile_job t = {.ldc = g->ldc, .k = k, .relu = last && fuses_relu(g)};
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
                    t.start = g->accumulate || p > 0 ? t.c : g->bias ? (const real *)g->bias + j : NULL;
                    t.start_row = t.start == t.c ? g->ldc : 0;
                    (single ? row_tiles[vectors - 1] : tiles[rows - 1][vectors - 1])[t.last < VLEN](&t);
                    if (last && !t.relu)
                        finish(g, m0 + i, j, rows, n);
                    i += rows;
                }
            }
            p += k;
        } while (p < g->k);
    }
}

/* The multiply-adds per second that this instruction set can do: 12 chains in registers. Returns FLOPs. */
static double fma_peak(fnn_idx rounds)
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
