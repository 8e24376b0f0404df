/* tally.inc.c - what rows of x (m, n) add to the state of a metric that is no mean of values, `weight` each. Both
 * tables use this file: sums that go to places of their own have no use for vectors.
 *
 *   count_above               state (groups, 2, n_levels + 1): of targets that are 0, and that are not, how many
 *                             predictions exceed the first 0, 1, ... n_levels levels; columns begin ... end - 1 of
 *                             x and target (m, n) make one group, or one each. Of a row, only the param[0] largest
 *                             exceed any, the first of equals, unless that is 0
 *   pair_numbers              state (k, k), k = param[0]: how often target (m, n) is i and x is j, class numbers
 *   pair_binary               the same where x >= param[1] is class 1, else 0
 *   pair_categorical          the same where target and x are each largest, row by row
 *   pair_sparse_categorical   the same with class numbers as target (m)
 *   squares                   state (4, n) + 1: the sums of t, of t^2, of (t - x)^2 and of weights of every column of
 *                             target (m, n); then how many elements there were
 *
 * Pairs of numbers that are no class, or of the class ignored, count nothing.
 */
#include <math.h>

/* How many levels a prediction exceeds. */
static fnn_idx levels_exceeded(const fnn_loss_metric *s, real x)
{
    const real *levels = s->levels;
    fnn_idx below = 0, above = s->n_levels;
    if (s->exceeding == FNN_EXCEEDING_EVEN || s->exceeding == FNN_EXCEEDING_EVEN_OUTER) {
        const real place = x > 0 ? (x < 1 ? x : 1) * (real)(s->n_levels - 1) : 0;
        const fnn_idx whole = (fnn_idx)place, exceeded = whole + ((real)whole < place);
        return exceeded == 0 && s->exceeding == FNN_EXCEEDING_EVEN_OUTER ? 1 : exceeded;
    }
    while (below < above) {
        const fnn_idx middle = below + (above - below) / 2;
        if (x > levels[middle])
            below = middle + 1;
        else
            above = middle;
    }
    return below;
}

/* The k-th largest element, or the least; in *equals how many equal to it are among the k largest. */
static real least_of_largest(const real *x, fnn_idx n, fnn_idx k, fnn_idx *equals)
{
    real bound = (real)INFINITY;
    fnn_idx taken = 0, count = 0;
    for (int first = 1; taken < k; first = 0) {
        real most = (real)-INFINITY;
        count = 0;
        for (fnn_idx j = 0; j < n; j++)
            if (x[j] < bound || (first && x[j] == bound)) {
                count = x[j] > most ? 1 : count + (x[j] == most);
                most = x[j] > most ? x[j] : most;
            }
        if (count == 0) {
            *equals = n;
            return bound;
        }
        bound = most;
        taken += count;
    }
    *equals = count - (taken > k ? taken - k : 0);
    return bound;
}

void KERNEL(count_above)(double *state, const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    const fnn_idx places = s->n_levels + 1, k = (fnn_idx)s->param[0];
    const int largest = s->exceeding == FNN_EXCEEDING_LARGEST;
    for (fnn_idx i = 0; i < s->m; i++, x += s->n, t += s->n) {
        const double weight = row_weight(s, i);
        real least = (real)-INFINITY;
        fnn_idx equals = s->n;
        if (largest || k)
            least = least_of_largest(x, s->n, k ? k : 1, &equals);
        for (fnn_idx j = 0; j < s->end; j++) {
            const int chosen = !k || x[j] > least || (x[j] == least && equals-- > 0);
            fnn_idx at = chosen ? levels_exceeded(s, x[j]) : 0;
            if (largest)
                at = x[j] >= least && fabs((double)x[j]) > 1e-9 ? s->n_levels : 0;
            if (j < s->begin)
                continue;
            const fnn_idx group = s->groups > 1 ? j - s->begin : 0;
            state[(2 * group + (t[j] != 0)) * places + at] += weight;
        }
    }
}

static void count_pair(double *state, const fnn_loss_metric *s, double target, double x, fnn_idx row)
{
    const double k = s->param[0];
    if (target >= 0 && target < k && x >= 0 && x < k && target != (double)s->ignore_class)
        state[(fnn_idx)target * (fnn_idx)k + (fnn_idx)x] += row_weight(s, row);
}

void KERNEL(pair_numbers)(double *state, const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    for (fnn_idx i = 0; i < s->m * s->n; i++)
        count_pair(state, s, (double)t[i], (double)x[i], i / s->n);
}

void KERNEL(pair_binary)(double *state, const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    for (fnn_idx i = 0; i < s->m * s->n; i++)
        count_pair(state, s, (double)t[i], x[i] >= (real)s->param[1], i / s->n);
}

void KERNEL(pair_categorical)(double *state, const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    for (fnn_idx i = 0; i < s->m; i++, x += s->n, t += s->n)
        count_pair(state, s, (double)first_maximum(t, s->n), (double)first_maximum(x, s->n), i);
}

void KERNEL(pair_sparse_categorical)(double *state, const fnn_loss_metric *s)
{
    const real *x = s->x;
    const int32_t *t = s->target;
    for (fnn_idx i = 0; i < s->m; i++, x += s->n)
        count_pair(state, s, (double)t[i], (double)first_maximum(x, s->n), i);
}

void KERNEL(squares)(double *state, const fnn_loss_metric *s)
{
    const real *x = s->x, *t = s->target;
    const fnn_idx n = s->n;
    for (fnn_idx i = 0; i < s->m * n; i++) {
        const double weight = row_weight(s, i / n), ti = t[i], error = ti - x[i];
        double *sum = state + i % n;
        sum[0] += weight * ti;
        sum[n] += weight * ti * ti;
        sum[2 * n] += weight * error * error;
        sum[3 * n] += weight;
    }
    state[4 * n] += (double)(s->m * n);
}
