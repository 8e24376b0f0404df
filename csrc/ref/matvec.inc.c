/* matvec.inc.c - for each of `count` matrices a (m, k) and their vectors, one behind the other: y (m) = a x with x (k),
 * y (k) = x a with x (m), and y (m, k) with y[i][j] = u[i] v[j].
 */
void KERNEL(matvec)(void *y_, const void *a_, const void *x_, fnn_idx count, fnn_idx m, fnn_idx k)
{
    real *y = y_;
    const real *a = a_, *x = x_;
    for (fnn_idx c = 0; c < count; c++)
        for (fnn_idx i = 0; i < m; i++) {
            double sum = 0;
            for (fnn_idx j = 0; j < k; j++)
                sum += (double)a[(c * m + i) * k + j] * x[c * k + j];
            y[c * m + i] = (real)sum;
        }
}

void KERNEL(vecmat)(void *y_, const void *x_, const void *a_, fnn_idx count, fnn_idx m, fnn_idx k)
{
    real *y = y_;
    const real *a = a_, *x = x_;
    for (fnn_idx c = 0; c < count; c++)
        for (fnn_idx j = 0; j < k; j++) {
            double sum = 0;
            for (fnn_idx i = 0; i < m; i++)
                sum += (double)x[c * m + i] * a[(c * m + i) * k + j];
            y[c * k + j] = (real)sum;
        }
}

void KERNEL(outer)(void *y_, const void *u_, const void *v_, fnn_idx count, fnn_idx m, fnn_idx k)
{
    real *y = y_;
    const real *u = u_, *v = v_;
    for (fnn_idx c = 0; c < count; c++)
        for (fnn_idx i = 0; i < m; i++)
            for (fnn_idx j = 0; j < k; j++)
                y[(c * m + i) * k + j] = u[c * m + i] * v[c * k + j];
}
