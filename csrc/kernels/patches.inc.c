/* patches.inc.c - the matrix of patches whose products are convolutions, and which is never stored.
 *
 * Row i of that matrix has the pixels in the window of result i, column p those at tap and channel p. Element (i, p) is
 * a[rows[i] + steps[p]]: where window i begins, plus where p lies in any window. So two lists represent the matrix, and the tile of tile.inc.c reads the image through them, in place: 94 % of the FMA peak,
 * without the traffic of im2col and with 84 KiB of workspace whatever the image.
 *
 * Windows that reach over the border have fewer taps. Results whose windows have the same taps form a grid of smaller
 * windows that lie inside: so nothing is padded, and no zero is multiplied.
 *
 *      +---+-----------+---+     3 x 3 taps, one zero around: nine grids
 *      |2x2|    2x3    |2x2|
 *      +---+-----------+---+     The frame passes over them one by one; each is a grid with
 *      |   |           |   |     fewer results and fewer taps, and otherwise like the whole.
 *      |3x2|    3x3    |3x2|
 *      |   |           |   |
 *      +---+-----------+---+
 *      |2x2|    2x3    |2x2|
 *      +---+-----------+---+
 */

enum {
    RESULTS = 1008, /* listed together: 144 tiles of 7 rows */
    SHORT = 16,     /* steps of a tile */
};

/* The rows or the columns of a grid. */
typedef struct {
    fnn_idx pixels; /* of an image of a */
    fnn_idx results, taps;
    fnn_idx origin;                 /* the pixel that the first tap of the first result sees */
    fnn_idx move, spread;           /* pixels from one result to the next, from one tap to the next */
    fnn_idx a_step, c_step, w_step; /* elements from pixel to pixel, result to result, tap to tap */
    fnn_idx c_origin, w_origin;     /* elements before the first result and the first tap */
} axis;

/* Results, each the sum over the taps of a window and `depth` channels of images a, times weights. */
typedef struct {
    const real *a, *w;
    fnn_idx a_image, c_image; /* elements from one image to the next */
    fnn_idx a_first, c_first; /* elements of the whole that lie before the start of a and of c */
    fnn_idx depth;
    fnn_idx w_row, w_column; /* elements of w from channel to channel, from column to column of c */
    axis rows, columns;
} grid;

/* The rows of results to compute, numbered through all images, and the grids of a frame, one after the other. */
typedef struct {
    const grid *whole;
    fnn_idx first, end;
    fnn_idx u, v; /* where the next grid begins */
    axis rows;
} frame;

typedef struct {
    real *panel;
    fnn_idx *a, *c,
        *steps;          /* where windows begin, where results are; where a block's steps are in a window */
    fnn_idx n;           /* results listed */
    fnn_idx row, column; /* the next one */
} listing;

static fnn_idx listing_bytes(void)
{
    return KC * NR * (fnn_idx)sizeof(real) + (2 * RESULTS + KC) * (fnn_idx)sizeof(fnn_idx);
}

static listing listing_in(void *workspace, fnn_idx first_row)
{
    real *panel = workspace;
    fnn_idx *a = (fnn_idx *)(void *)(panel + KC * NR);
    return (listing){.panel = panel, .a = a, .c = a + RESULTS, .steps = a + 2 * RESULTS, .row = first_row};
}

static fnn_idx within(fnn_idx x, fnn_idx low, fnn_idx high) { return x < low ? low : x > high ? high : x; }

/* ceil(x / y), for any x. */
static fnn_idx ceiling(fnn_idx x, fnn_idx y) { return x > 0 ? parts(x, y) : -(-x / y); }

/* The results from v on whose windows have the same taps of x, as an axis whose windows lie inside. */
static axis inside_from(const axis *x, fnn_idx v)
{
    const fnn_idx at = x->origin + v * x->move, reach = (x->taps - 1) * x->spread;
    const fnn_idx first = within(ceiling(-at, x->spread), 0, x->taps);
    const fnn_idx end = within(ceiling(x->pixels - at, x->spread), first, x->taps);
    axis same = *x;
    same.taps = end - first;
    same.origin = same.taps ? at + first * x->spread : 0;
    same.c_origin += v * x->c_step;
    same.w_origin += first * x->w_step;
    same.results = 1;
    if (at >= 0 && at + reach < x->pixels)
        same.results = least(x->results - v, (x->pixels - 1 - reach - at) / x->move + 1);
    else
        while (v + same.results < x->results) {
            const fnn_idx next = at + same.results * x->move;
            if (within(ceiling(-next, x->spread), 0, x->taps) != first ||
                within(ceiling(x->pixels - next, x->spread), first, x->taps) != end ||
                (next >= 0 && next + reach < x->pixels))
                break;
            same.results++;
        }
    return same;
}

/* How many of the `n` rows of each image from `first` on, `step` apart, lie before `row`, numbered through all images. */
static fnn_idx rows_before(fnn_idx row, fnn_idx height, fnn_idx first, fnn_idx step, fnn_idx n)
{
    const fnn_idx in_image = row % height;
    return row / height * n + (in_image > first ? least(n, parts(in_image - first, step)) : 0);
}

/* The next grid of a frame whose windows lie inside, and the rows of it to compute. */
static int next_grid(frame *f, grid *g, fnn_idx *first, fnn_idx *end)
{
    const grid *whole = f->whole;
    if (f->v == whole->columns.results) {
        f->u += f->rows.results;
        f->v = 0;
    }
    if (f->u == whole->rows.results || !whole->columns.results)
        return 0;
    if (f->v == 0)
        f->rows = inside_from(&whole->rows, f->u);
    *g = *whole;
    g->rows = f->rows;
    g->columns = inside_from(&whole->columns, f->v);
    f->v += g->columns.results;
    *first = rows_before(f->first, whole->rows.results, f->u, 1, f->rows.results);
    *end = rows_before(f->end, whole->rows.results, f->u, 1, f->rows.results);
    return 1;
}

/* List the next results before row `end`, at most `most`. */
static void list_results(listing *l, const grid *g, fnn_idx end, fnn_idx most)
{
    const axis *r = &g->rows, *c = &g->columns;
    for (l->n = 0; l->row < end && l->n < most; l->row += l->column == 0) {
        const fnn_idx image = l->row / r->results, u = l->row % r->results, v = l->column;
        const fnn_idx n = least(c->results - v, most - l->n);
        const fnn_idx a_step = c->move * c->a_step, c_step = c->c_step;
        const fnn_idx a =
            image * g->a_image - g->a_first + (r->origin + u * r->move) * r->a_step + c->origin * c->a_step;
        const fnn_idx at = image * g->c_image - g->c_first + r->c_origin + u * r->c_step + c->c_origin;
        fnn_idx *to_a = l->a + l->n, *to_c = l->c + l->n;
        for (fnn_idx i = 0; i < n; i++) {
            to_a[i] = a + (v + i) * a_step;
            to_c[i] = at + (v + i) * c_step;
        }
        l->n += n;
        l->column = v + n < c->results ? v + n : 0;
    }
}

/* Call `body` for the stretches of steps p ... p + k - 1 of a window that belong to one tap: `n` of them from
 * step p + i on, from channel `channel` of tap (s, t).
 */
#define EACH_TAP(g, p, k, body) \
    for (fnn_idx i = 0, n; i < (k); i += n) { \
        const fnn_idx tap = ((p) + i) / (g)->depth, channel = ((p) + i) % (g)->depth; \
        const fnn_idx s = tap / (g)->columns.taps, t = tap % (g)->columns.taps; \
        n = least((k) - i, (g)->depth - channel); \
        body \
    }

static void list_steps(fnn_idx *steps, const grid *g, fnn_idx p, fnn_idx k)
{
    const axis *r = &g->rows, *c = &g->columns;
    EACH_TAP(g, p, k, {
        const fnn_idx at = s * r->spread * r->a_step + t * c->spread * c->a_step + channel;
        for (fnn_idx j = 0; j < n; j++)
            steps[i + j] = at + j;
    })
}

/* Panel (k, NR) of the weights of steps p ..., `columns` columns from column j on. */
static void pack_weights(real *panel, const grid *g, fnn_idx p, fnn_idx k, fnn_idx j, fnn_idx columns)
{
    const axis *r = &g->rows, *c = &g->columns;
    EACH_TAP(g, p, k, {
        const real *w =
            g->w + (r->w_origin + s * r->w_step + c->w_origin + t * c->w_step + channel * g->w_row);
        if (g->w_column == 1)
            pack_rows(panel + i * NR, w + j, g->w_row, n, columns);
        else
            pack_columns(panel + i * NR, w + j * g->w_column, g->w_column, n, columns);
    })
}

/* The tiles of m listed rows, n columns from t->c on. What begins and ends a tile is a large part of a short one,
 * and more than one has to be under way at a time: 9 steps reach 72 % of the peak with low tiles, 63 % with high.
 */
static void listed_rows(tile_job *t, const fnn_idx *rows, const fnn_idx *c_rows, fnn_idx m, fnn_idx n)
{
    const fnn_idx most = t->k < SHORT ? 4 : GEMM_MR, heights = parts(m, least(GEMM_MR, most)),
                  vectors = parts(n, VLEN);
    t->last = n - (vectors - 1) * VLEN;
    for (fnn_idx h = 0, i = 0; h < heights; h++) {
        const fnn_idx high = height(m, heights, h);
        t->rows = rows + i;
        t->c_rows = c_rows + i;
        listed_tiles[high - 1][vectors - 1][t->last < VLEN](t);
        i += high;
    }
}
