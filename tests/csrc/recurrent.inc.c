/* recurrent.inc.c - every cell, with and without each optional array, in slabs and row by row.
 *
 * A row has the same bits alone, for which the weights are packed in another way, as among others.
 */
typedef struct {
    fnn_idx rows, steps, inputs, units;
} sequence;

static const sequence sequences[] = {{1, 1, 1, 1},   {3, 4, 1, 5},  {1, 3, 8, 50}, {17, 2, 3, 16},
                                     {5, 3, 20, 33}, {2, 2, 70, 9}, {2, 2, 3, 150}};

enum { PLAIN_CELL, ALL_OPTIONS, OTHER_ACTIVATIONS, OPTIONS };

typedef struct {
    array x, w, u, b, mask, input_mask, state_mask, h0, c0, y, h, c;
    array a, gates, preactivation, cells, squashed, dy, dh, dc, dx, dh0, dc0;
} recurrence;

static fnn_idx gate_count(int cell) { return cell == FNN_SIMPLE_RNN ? 1 : cell == FNN_LSTM ? 4 : 3; }

static recurrence make_recurrence(sequence d, int cell)
{
    const fnn_idx n = d.units, width = gate_count(cell) * n, all = d.rows * d.steps, state = d.rows * n;
    recurrence r = {
        .x = numbers(all * d.inputs, -1, 1),
        .w = numbers(d.inputs * width, -0.5, 0.5),
        .u = numbers(n * width, -0.3, 0.3),
        .b = numbers(2 * width, -1, 1),
        .mask = integers(all, 0, 1),
        .input_mask = integers(d.rows * d.inputs, 0, 2),
        .state_mask = integers(state, 0, 2),
        .h0 = numbers(state, -1, 1),
        .c0 = numbers(state, -1, 1),
        .y = numbers(all * n, 0, 1),
        .h = numbers(state, 0, 1),
        .c = numbers(state, 0, 1),
        .a = numbers(all * (d.inputs + 2 * n + 1), 0, 1),
        .gates = numbers(all * (4 * n + 3), 0, 1),
        .preactivation = numbers(all * (4 * n + 3), 0, 1),
        .cells = numbers(d.rows * (d.steps + 1) * n, 0, 1),
        .squashed = numbers(all * n, 0, 1),
        .dy = numbers(all * n, -1, 1),
        .dh = numbers(state, -1, 1),
        .dc = numbers(state, -1, 1),
        .dx = numbers(all * d.inputs, 0, 1),
        .dh0 = numbers(state, 0, 1),
        .dc0 = numbers(state, 0, 1),
    };
    return r;
}

static fnn_recurrent recurrent_of(const recurrence *r, int s, sequence d, int cell, int options)
{
    const int all = options != PLAIN_CELL;
    fnn_recurrent g = {
        .cell = cell,
        .rows = d.rows,
        .steps = d.steps,
        .inputs = d.inputs,
        .units = d.units,
        .activation.code = options == OTHER_ACTIVATIONS ? FNN_ACT_silu : FNN_ACT_tanh,
        .recurrent_activation.code = options == OTHER_ACTIVATIONS ? FNN_ACT_softsign : FNN_ACT_sigmoid,
        .backwards = all,
        .sequences = all,
        .zero_masked = options == OTHER_ACTIVATIONS,
        .kernel = r->w.at[s],
        .recurrent_kernel = r->u.at[s],
        .bias = all ? r->b.at[s] : NULL,
        .x = r->x.at[s],
        .x_row = d.steps * d.inputs,
        .mask = all ? r->mask.at[s] : NULL,
        .mask_row = d.steps,
        .input_mask = all ? r->input_mask.at[s] : NULL,
        .state_mask = all ? r->state_mask.at[s] : NULL,
        .h0 = all ? r->h0.at[s] : NULL,
        .c0 = all ? r->c0.at[s] : NULL,
        .state_row = d.units,
        .y = r->y.at[s],
        .y_row = (all ? d.steps : 1) * d.units,
        .h = all ? r->h.at[s] : NULL,
        .c = all ? r->c.at[s] : NULL,
        .last_row = d.units,
        .a_row = d.inputs + 2 * d.units + 1,
        .gate_row = 4 * d.units + 3,
    };
    return g;
}

static void keep(fnn_recurrent *g, const recurrence *r, int s, int options)
{
    const int all = options != PLAIN_CELL;
    g->a = r->a.at[s];
    g->gates = r->gates.at[s];
    g->preactivation = options == OTHER_ACTIVATIONS ? r->preactivation.at[s] : NULL;
    g->cells = r->cells.at[s];
    g->squashed = r->squashed.at[s];
    g->dy = r->dy.at[s];
    g->dh = all ? r->dh.at[s] : NULL;
    g->dc = all ? r->dc.at[s] : NULL;
    g->dx = all ? r->dx.at[s] : NULL;
    g->dh0 = r->dh0.at[s];
    g->dc0 = r->dc0.at[s];
}

/* One direction, in two slabs, the weights packed in two parts. */
static void run_recurrent(int s, fnn_recurrent *g, int backward)
{
    const fnn_idx half = g->rows / 2;
    void *workspace = allocate(table[s]->recurrent_workspace(g, g->rows));
    g->packed = allocate(table[s]->recurrent_packed(g));
    for (fnn_idx part = 0; part < 2; part++)
        table[s]->recurrent_pack(g, backward, part, 2);
    if (backward) {
        table[s]->recurrent_backward(g, 0, half, workspace);
        table[s]->recurrent_backward(g, half, g->rows - half, workspace);
    } else {
        table[s]->recurrent_forward(g, 0, half, workspace);
        table[s]->recurrent_forward(g, half, g->rows - half, workspace);
    }
}

static void check_row_alone(const recurrence *r, sequence d, int cell, int options)
{
    const fnn_idx row = d.rows - 1, item = table[TESTED]->itemsize;
    fnn_recurrent g = recurrent_of(r, TESTED, d, cell, options);
    void *alone = allocate(g.y_row * item);
    const void *among = (const char *)g.y + row * g.y_row * item;
#define FROM_ROW(p, size) ((p) ? (const char *)(p) + row * (size) * item : NULL)
    g.x = FROM_ROW(g.x, g.x_row);
    g.mask = FROM_ROW(g.mask, g.mask_row);
    g.input_mask = FROM_ROW(g.input_mask, d.inputs);
    g.state_mask = FROM_ROW(g.state_mask, d.units);
    g.h0 = FROM_ROW(g.h0, d.units);
    g.c0 = FROM_ROW(g.c0, d.units);
#undef FROM_ROW
    g.h = g.c = NULL;
    g.y = alone;
    g.rows = 1;
    run_recurrent(TESTED, &g, 0);
    for (fnn_idx i = 0; i < g.y_row; i++)
        near("y of a row alone", i, get(alone, i), get(among, i), 0, 0);
}

static void check_recurrence(sequence d, int cell, int options, int backward)
{
    const double units = 60.0 * (double)d.steps;
    recurrence r;
    begin(cell, options, d.units);
    r = make_recurrence(d, cell);
    EACH_SIDE(s) {
        fnn_recurrent g = recurrent_of(&r, s, d, cell, options);
        if (backward)
            keep(&g, &r, s, options);
        run_recurrent(s, &g, 0);
        if (backward)
            run_recurrent(s, &g, 1);
    }
    same("y", r.y, units, 1);
    same("h", r.h, units, 1);
    same("c", r.c, units, 1);
    if (!backward) {
        check_row_alone(&r, d, cell, options);
        return;
    }
    same("cells", r.cells, units, 1);
    same("gates", r.gates, units, 3);
    same("dx", r.dx, units, 3);
    same("dh0", r.dh0, units, 3);
    same("dc0", r.dc0, units, 3);
}

static void check_recurrences(int backward)
{
    for (int i = 0; i < COUNT(sequences); i++)
        for (int cell = FNN_SIMPLE_RNN; cell <= FNN_GRU_RESET_BEFORE; cell++)
            for (int options = 0; options < OPTIONS; options++)
                check_recurrence(sequences[i], cell, options, backward);
}

static void check_recurrent_forward(void) { check_recurrences(0); }
static void check_recurrent_backward(void) { check_recurrences(1); }

/* The sanitizers and the results above show whether sizes are enough and panels in their places. */
static void check_sizes(int workspace)
{
    begin(0, 0, 0);
    for (int i = 0; i < COUNT(sequences); i++) {
        const recurrence none_of_them = {0};
        const fnn_recurrent g = recurrent_of(&none_of_them, TESTED, sequences[i], FNN_GRU, PLAIN_CELL);
        const fnn_idx bytes =
            workspace ? table[TESTED]->recurrent_workspace(&g, 2) : table[TESTED]->recurrent_packed(&g);
        near("remainder", i, (double)(bytes % table[TESTED]->itemsize), 0, 0, 0);
    }
}

static void check_recurrent_packed(void) { check_sizes(0); }
static void check_recurrent_workspace(void) { check_sizes(1); }
static void check_recurrent_pack(void) { check_recurrence(sequences[2], FNN_LSTM, PLAIN_CELL, 1); }
