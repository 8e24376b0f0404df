/* moments.inc.c - means and variances of channels, and other sums in parts, as plain loops in double.
 *
 *   x (outer, n, inner): n channels; moments (parts, 2, n) of double; the rest (n)
 */

/* Means, and sums of squared deviations from them. */
void KERNEL(channel_moments)(double *moments, const void *x_, fnn_idx outer, fnn_idx n, fnn_idx inner)
{
    const real *x = x_;
    const double count = (double)(outer * inner);
    for (fnn_idx c = 0; c < n; c++) {
        double sum = 0, squares = 0;
        for (fnn_idx i = 0; i < outer; i++)
            for (fnn_idx j = 0; j < inner; j++)
                sum += x[(i * n + c) * inner + j];
        const double mean = count > 0 ? sum / count : 0;
        for (fnn_idx i = 0; i < outer; i++)
            for (fnn_idx j = 0; j < inner; j++)
                squares += (x[(i * n + c) * inner + j] - mean) * (x[(i * n + c) * inner + j] - mean);
        moments[c] = mean;
        moments[n + c] = squares;
    }
}

static double numbers_of_part(fnn_idx part, fnn_idx parts, fnn_idx per_part, fnn_idx count)
{
    return (double)(part < parts - 1 ? per_part : count - (parts - 1) * per_part);
}

/* Mean and variance of n / groups neighbouring channels, over all parts. */
void KERNEL(channel_statistics)(void *mean_, void *variance_, double *moments, fnn_idx parts,
                                fnn_idx per_part, fnn_idx count, fnn_idx n, fnn_idx groups)
{
    real *mean = mean_, *variance = variance_;
    const fnn_idx size = n / groups;
    const double total = (double)(count * size);
    for (fnn_idx g = 0; g < n; g += size) {
        double sum = 0, squares = 0;
        for (fnn_idx p = 0; p < parts; p++)
            for (fnn_idx c = g; c < g + size; c++)
                sum += numbers_of_part(p, parts, per_part, count) * moments[p * 2 * n + c];
        const double middle = total > 0 ? sum / total : 0;
        for (fnn_idx p = 0; p < parts; p++)
            for (fnn_idx c = g; c < g + size; c++) {
                const double away = moments[p * 2 * n + c] - middle;
                squares += moments[p * 2 * n + n + c];
                squares += numbers_of_part(p, parts, per_part, count) * away * away;
            }
        for (fnn_idx c = g; c < g + size; c++) {
            mean[c] = (real)middle;
            variance[c] = (real)(total > 0 ? squares / total : 0);
        }
    }
}

void KERNEL(sum_parts)(double *sums, fnn_idx parts, fnn_idx n)
{
    for (fnn_idx p = 1; p < parts; p++)
        for (fnn_idx c = 0; c < n; c++)
            sums[c] += sums[p * n + c];
}

void KERNEL(add_sums)(void *dw_, const double *sums, fnn_idx n, int accumulate)
{
    real *dw = dw_;
    for (fnn_idx c = 0; c < n; c++)
        dw[c] = (real)((accumulate ? dw[c] : 0) + sums[c]);
}

void KERNEL(moving_average)(void *moving_, const void *value_, fnn_idx n, double momentum)
{
    real *moving = moving_;
    const real *value = value_;
    for (fnn_idx c = 0; c < n; c++)
        moving[c] = (real)(moving[c] * momentum + value[c] * (1 - momentum));
}
