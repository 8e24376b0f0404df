/* tile.inc.c - the register tile of products and convolutions, and the packing of its operands.
 *
 * MR rows of a are broadcast against NV vectors of b: MR x NV sums in registers, each of them one chain of fused
 * multiply-adds over k in order. What is fused behind the product is computed while the tile is in registers (scale and
 * shift, ReLU: a pass over the tile took 10 % of a product with k = 50) or in L1 (the rest).
 */
#include <string.h>

#include "../simd/rows.h"
#include "sizes.h"

/* With 16 registers, tiles of 4 rows by 3 vectors have as many sums as those of 6 by 2. */
#define FOUR_BY_THREE (GEMM_NV == 2 && GEMM_MR < 7)

enum {
    KC = 512, /* steps of k in a panel of b: 64 KiB, streamed from L2 */
    NR = GEMM_NV * VLEN,
    ROW_NV = 8, /* a single row: 8 chains hide the latency of the multiply-add */
/* rows for which tiles are wider, for the same reason: a row of b is read in longer pieces, too */
#if FOUR_BY_THREE
    FEW = 4,
#else
    FEW = 3,
#endif
    LINE = 64,    /* bytes of a cache line */
    L2 = 1 << 18, /* the smallest there is */
};

static fnn_idx least(fnn_idx a, fnn_idx b) { return a < b ? a : b; }
static fnn_idx parts(fnn_idx n, fnn_idx size) { return (n + size - 1) / size; }

/* The size of blocks of k: even, at most KC. */
static fnn_idx block_size(fnn_idx k) { return k ? parts(k, parts(k, KC)) : 0; }

/* The rows of tile h, of m rows in `heights` tiles: they differ by one at most. */
static fnn_idx height(fnn_idx m, fnn_idx heights, fnn_idx h) { return m / heights + (h < m % heights); }

/* Element (i, p) of a and row i of c are located by distances or by lists: a[rows[i] + steps[p]] and c[c_rows[i]]. With
 * lists, a is a matrix of patches that is never stored (patches.inc.c).
 */
typedef struct {
    real *c;
    fnn_idx ldc;
    const fnn_idx *c_rows;
    const real *a;
    fnn_idx a_row, a_column;
    const fnn_idx *rows, *steps;
    const real *b;
    fnn_idx b_row;
    fnn_idx ahead; /* how far behind b is what is read next */
    fnn_idx k;
    int from_c;                         /* the chains continue from what c holds */
    const real *bias;                   /* else they start from here, or from zero if it is NULL */
    const real *centre, *scale, *shift; /* of a complete tile: (c - centre) * scale + shift */
    int relu;                           /* a complete tile becomes max(c, 0), and nothing else follows */
    const real *saved;                  /* the same with the gradient of ReLU at these, laid out like c */
    fnn_idx last;                       /* lanes in use of the last vector */
} tile_job;

FNN_INLINE void tile(const tile_job *t, const int mr, const int nv, const int partial, const int listed)
{
    vreal acc[GEMM_MR][ROW_NV];
    const real *a = t->a, *b = t->b, *row[GEMM_MR];
    real *to[GEMM_MR];
    const fnn_idx a_row = t->a_row, a_column = t->a_column, b_row = t->b_row, ahead = t->ahead;

#define LAST(j) (partial && (j) == nv - 1)
#define LOAD(p, j) (LAST(j) ? v_load_n((p) + (j) * VLEN, t->last) : v_load((p) + (j) * VLEN))
#define ROW(i) (listed ? t->c_rows[i] : (i) * t->ldc)
#define C(i) (t->c + ROW(i))
    if (listed)
        FNN_UNROLL_FOR(int i = 0; i < mr; i++)
            row[i] = a + t->rows[i];
    FNN_UNROLL_FOR(int i = 0; i < mr; i++)
        FNN_UNROLL_FOR(int j = 0; j < nv; j++)
            acc[i][j] = v_set1(0);
    if (t->from_c)
        FNN_UNROLL_FOR(int i = 0; i < mr; i++)
            FNN_UNROLL_FOR(int j = 0; j < nv; j++)
                acc[i][j] = LOAD(C(i), j);
    else if (t->bias)
        FNN_UNROLL_FOR(int i = 0; i < mr; i++)
            FNN_UNROLL_FOR(int j = 0; j < nv; j++)
                acc[i][j] = LOAD(t->bias, j);
    for (fnn_idx p = 0; p < t->k; p++) {
        const fnn_idx step = listed ? t->steps[p] : 0;
        vreal bj[ROW_NV];
        FNN_UNROLL_FOR(int j = 0; j < nv; j++)
            bj[j] = LOAD(b, j);
        if (!listed && mr > 1)
            FNN_PREFETCH(b + ahead); /* the other line of AVX-512 comes along */
        if (!listed && mr > 1 && nv > GEMM_NV)
            FNN_PREFETCH(b + ahead + (nv - 1) * VLEN); /* of a wide panel */
        FNN_UNROLL_FOR(int i = 0; i < mr; i++) {
            vreal ai = v_set1(listed ? row[i][step] : a[i * a_row]);
            FNN_UNROLL_FOR(int j = 0; j < nv; j++)
                acc[i][j] = v_fma(ai, bj[j], acc[i][j]);
        }
        a += a_column;
        b += b_row;
    }
    if (t->scale)
        FNN_UNROLL_FOR(int j = 0; j < nv; j++) {
            const vreal centre = LOAD(t->centre, j), scale = LOAD(t->scale, j);
            const vreal shift = t->shift ? LOAD(t->shift, j) : v_set1(0);
            FNN_UNROLL_FOR(int i = 0; i < mr; i++)
                acc[i][j] = v_fma(v_sub(acc[i][j], centre), scale, shift);
        }
    if (t->relu)
        FNN_UNROLL_FOR(int i = 0; i < mr; i++)
            FNN_UNROLL_FOR(int j = 0; j < nv; j++)
                acc[i][j] = v_max(v_set1(0), acc[i][j]);
    if (t->saved)
        FNN_UNROLL_FOR(int i = 0; i < mr; i++)
            FNN_UNROLL_FOR(int j = 0; j < nv; j++) {
                const vreal slope =
                    v_select(v_lt(v_set1(0), LOAD(t->saved + ROW(i), j)), v_set1(1), v_set1(0));
                acc[i][j] = v_mul(acc[i][j], slope);
            }
    const fnn_idx last = t->last; /* what is stored might be the job */
    FNN_UNROLL_FOR(int i = 0; i < mr; i++)
        to[i] = C(i);
    FNN_UNROLL_FOR(int i = 0; i < mr; i++)
        FNN_UNROLL_FOR(int j = 0; j < nv; j++)
            if (LAST(j))
                v_store_n(to[i] + j * VLEN, acc[i][j], last);
            else
                v_store(to[i] + j * VLEN, acc[i][j]);
#undef C
#undef ROW
#undef LOAD
#undef LAST
}

/* tile_<rows>x<vectors>, whole and with a partial last vector; and the same with lists. */
#define MAKE_TILE(mr, nv) \
    static void tile_##mr##x##nv(const tile_job *t) { tile(t, mr, nv, 0, 0); } \
    static void tile_##mr##x##nv##_partial(const tile_job *t) { tile(t, mr, nv, 1, 0); }
#define LISTED(mr, nv) \
    static void listed_##mr##x##nv(const tile_job *t) { tile(t, mr, nv, 0, 1); } \
    static void listed_##mr##x##nv##_partial(const tile_job *t) { tile(t, mr, nv, 1, 1); }
#define NAME(kind, mr, nv) {kind##_##mr##x##nv, kind##_##mr##x##nv##_partial}
#if GEMM_NV == 2
#define TILES(mr) \
    MAKE_TILE(mr, 1) \
    MAKE_TILE(mr, 2) \
    LISTED(mr, 1) \
    LISTED(mr, 2)
#define NAMES(kind, mr) {NAME(kind, mr, 1), NAME(kind, mr, 2)}
#elif GEMM_NV == 3
#define TILES(mr) \
    MAKE_TILE(mr, 1) \
    MAKE_TILE(mr, 2) \
    MAKE_TILE(mr, 3) \
    LISTED(mr, 1) \
    LISTED(mr, 2) \
    LISTED(mr, 3)
#define NAMES(kind, mr) {NAME(kind, mr, 1), NAME(kind, mr, 2), NAME(kind, mr, 3)}
#else
#define TILES(mr) \
    MAKE_TILE(mr, 1) \
    MAKE_TILE(mr, 2) \
    MAKE_TILE(mr, 3) \
    MAKE_TILE(mr, 4) \
    LISTED(mr, 1) \
    LISTED(mr, 2) \
    LISTED(mr, 3) \
    LISTED(mr, 4)
#define NAMES(kind, mr) {NAME(kind, mr, 1), NAME(kind, mr, 2), NAME(kind, mr, 3), NAME(kind, mr, 4)}
#endif
#if GEMM_MR == 4
#define HEIGHTS(kind) {NAMES(kind, 1), NAMES(kind, 2), NAMES(kind, 3), NAMES(kind, 4)}
#elif GEMM_MR == 6
#define HEIGHTS(kind) \
    {NAMES(kind, 1), NAMES(kind, 2), NAMES(kind, 3), NAMES(kind, 4), NAMES(kind, 5), NAMES(kind, 6)}
#elif GEMM_MR == 7
#define HEIGHTS(kind) \
    {NAMES(kind, 1), NAMES(kind, 2), NAMES(kind, 3), NAMES(kind, 4), \
     NAMES(kind, 5), NAMES(kind, 6), NAMES(kind, 7)}
#else
#define HEIGHTS(kind) \
    {NAMES(kind, 1), NAMES(kind, 2), NAMES(kind, 3), NAMES(kind, 4), \
     NAMES(kind, 5), NAMES(kind, 6), NAMES(kind, 7), NAMES(kind, 8)}
#endif

TILES(1)
TILES(2)
TILES(3)
TILES(4)
#if GEMM_MR > 4
TILES(5)
TILES(6)
#endif
#if GEMM_MR > 6
TILES(7)
#endif
#if GEMM_MR > 7
TILES(8)
#endif

typedef void tile_fn(const tile_job *);

/* By rows, vectors, and whether the last vector is partial. */
static tile_fn *const tiles[GEMM_MR][GEMM_NV][2] = HEIGHTS(tile);
static tile_fn *const listed_tiles[GEMM_MR][GEMM_NV][2] = HEIGHTS(listed);

/* Of few rows, by rows and vectors. */
#if GEMM_NV < 3
MAKE_TILE(1, 3)
MAKE_TILE(2, 3)
MAKE_TILE(3, 3)
#endif
#if FOUR_BY_THREE
MAKE_TILE(4, 3)
#endif
#if GEMM_NV < 4
MAKE_TILE(1, 4)
MAKE_TILE(2, 4)
#endif
MAKE_TILE(1, 5)
MAKE_TILE(1, 6)
MAKE_TILE(1, 7)
MAKE_TILE(1, 8)

static tile_fn *const few_tiles[FEW][ROW_NV][2] = {
    {NAME(tile, 1, 1), NAME(tile, 1, 2), NAME(tile, 1, 3), NAME(tile, 1, 4), NAME(tile, 1, 5),
     NAME(tile, 1, 6), NAME(tile, 1, 7), NAME(tile, 1, 8)},
    {NAME(tile, 2, 1), NAME(tile, 2, 2), NAME(tile, 2, 3), NAME(tile, 2, 4)},
    {NAME(tile, 3, 1), NAME(tile, 3, 2), NAME(tile, 3, 3)},
#if FOUR_BY_THREE
    {NAME(tile, 4, 1), NAME(tile, 4, 2), NAME(tile, 4, 3)},
#endif
};

/* Columns of a panel for m rows, of which there are few. */
static fnn_idx few_width(fnn_idx m)
{
    const fnn_idx vectors = m == 1 ? ROW_NV : m == 2 ? 4 : 3;
    return VLEN * (vectors > GEMM_NV ? vectors : GEMM_NV);
}
#undef MAKE_TILE
#undef LISTED
#undef TILES
#undef NAME
#undef NAMES
#undef HEIGHTS

/* Pack a panel (k, NR) of b, its n columns followed by zeros. */
static void pack_rows(real *panel, const real *b, fnn_idx b_row, fnn_idx k, fnn_idx n)
{
    for (fnn_idx p = 0; p < k; p++, panel += NR, b += b_row)
        FNN_UNROLL_FOR(int j = 0; j < GEMM_NV; j++) {
            fnn_idx left = n - j * VLEN;
            v_store(panel + j * VLEN, left >= VLEN ? v_load(b + j * VLEN)
                                      : left > 0   ? v_load_n(b + j * VLEN, left)
                                                   : v_set1(0));
        }
}

/* Element j of each of `lines` lines of `steps` reals in r[j]; 0 where there is none. */
FNN_INLINE void load_transposed(vreal r[VLEN], const real *from, fnn_idx line, fnn_idx lines, fnn_idx steps)
{
    FNN_UNROLL_FOR(int i = 0; i < VLEN; i++)
        r[i] = i >= lines ? v_set1(0) : v_load_up_to(from + i * line, steps);
    v_transpose(r);
}

/* The same for b stored by columns: squares of VLEN x VLEN are transposed in registers. */
static void pack_columns(real *panel, const real *b, fnn_idx b_column, fnn_idx k, fnn_idx n)
{
    for (fnn_idx j = 0; j < NR; j += VLEN)
        for (fnn_idx p = 0; p < k; p += VLEN) {
            vreal r[VLEN];
            load_transposed(r, b + j * b_column + p, b_column, n - j, k - p);
            FNN_UNROLL_FOR(int i = 0; i < VLEN; i++)
                if (i < k - p)
                    v_store(panel + (p + i) * NR + j, r[i]);
        }
}

/* Pack a tile (k, rows) of a, one step of k after the other: a single stream for the prefetcher. Vectors are stored
 * whole, in ascending order: what one of them has beyond `rows` is overwritten by the next, so VLEN more reals are.
 */
static void pack_tile(real *packed, const real *a, fnn_idx a_row, fnn_idx a_column, fnn_idx rows, fnn_idx k)
{
    enum { GROUPS = (GEMM_MR + VLEN - 1) / VLEN };
    if (a_row == 1) {
        for (fnn_idx p = 0; p < k; p++)
            for (fnn_idx i = 0; i < rows; i += VLEN)
                v_store(packed + p * rows + i, v_load_up_to(a + p * a_column + i, rows - i));
        return;
    }
    for (fnn_idx p = 0; p < k; p += VLEN) {
        const fnn_idx steps = least(k - p, VLEN);
        vreal r[GROUPS][VLEN];
        FNN_UNROLL_FOR(int i = 0; i < GROUPS; i++)
            load_transposed(r[i], a + i * VLEN * a_row + p, a_row, rows - i * VLEN, steps);
        FNN_UNROLL_FOR(int q = 0; q < VLEN; q++)
            FNN_UNROLL_FOR(int i = 0; i < GROUPS; i++)
                if (q < steps && i * VLEN < rows)
                    v_store(packed + (p + q) * rows + i * VLEN, r[i][q]);
    }
}

/* Two vectors at a time, each a chain of additions over k, which takes its latency: 3 cycles a step. */
static void add_columns(real *sums, const real *b, fnn_idx b_row, fnn_idx k, fnn_idx n, int accumulate)
{
    fnn_idx j = 0;
    for (; j + 2 * VLEN <= n; j += 2 * VLEN) {
        vreal low = accumulate ? v_load(sums + j) : v_set1(0);
        vreal high = accumulate ? v_load(sums + j + VLEN) : v_set1(0);
        for (fnn_idx p = 0; p < k; p++) {
            low = v_add(low, v_load(b + p * b_row + j));
            high = v_add(high, v_load(b + p * b_row + j + VLEN));
        }
        v_store(sums + j, low);
        v_store(sums + j + VLEN, high);
    }
    for (; j < n; j += VLEN) {
        vreal sum = accumulate ? v_load_up_to(sums + j, n - j) : v_set1(0);
        for (fnn_idx p = 0; p < k; p++)
            sum = v_add(sum, v_load_up_to(b + p * b_row + j, n - j));
        v_store_up_to(sums + j, sum, n - j);
    }
}

/* Whether ReLU or its gradient is applied in registers: nothing else may come between it and the sums. */
FNN_INLINE int only_relu(const fnn_fused *f)
{
    return f->activation.code == FNN_ACT_relu && !f->preactivation && !f->saved;
}

FNN_INLINE int only_relu_gradient(const fnn_fused *f)
{
    return f->saved && f->gradient.code == FNN_ACT_relu && !f->preactivation &&
           f->activation.code == FNN_ACT_linear;
}

FNN_INLINE int in_registers(const fnn_fused *f) { return only_relu(f) || only_relu_gradient(f); }

/* Set what is fused behind the tile, which is `whole` from column j on, if it is complete. */
FNN_INLINE void fuse(tile_job *t, const fnn_fused *f, const real *whole, fnn_idx j, int from_c, int complete)
{
    t->from_c = from_c;
    t->bias = f->bias ? (const real *)f->bias + j : NULL;
    t->scale = complete && f->scale ? (const real *)f->scale + j : NULL;
    t->centre = t->scale ? (const real *)f->centre + j : NULL;
    t->shift = t->scale && f->shift ? (const real *)f->shift + j : NULL;
    t->relu = complete && only_relu(f);
    t->saved = complete && only_relu_gradient(f) ? (const real *)f->saved + (t->c - whole) : NULL;
}

/* Apply what else is fused behind the product to a complete tile, while it is in L1. */
static void finish(const fnn_fused *f, const real *whole, real *c, fnn_idx ldc, fnn_idx m, fnn_idx n)
{
    const fnn_idx at = c - whole;
    if (in_registers(f))
        return;
    if (f->preactivation)
        for (fnn_idx r = 0; r < m; r++)
            memcpy((real *)f->preactivation + at + r * ldc, c + r * ldc, (size_t)n * sizeof(real));
    if (f->activation.code != FNN_ACT_linear)
        KERNEL(activation_forward)(c, ldc, c, ldc, m, n, &f->activation);
    if (f->saved)
        KERNEL(activation_backward)(c, ldc, c, ldc, (const real *)f->saved + at, ldc, m, n, &f->gradient);
}
