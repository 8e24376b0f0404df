/* adjust.inc.c - contrast and brightness of an image of m pixels with n channels:
 *
 *   y = clip(factor x + (1 - factor) mean(x) + delta, low, high)      mean over the pixels of a channel
 *   dx = factor g + (1 - factor) mean(g), where g is dy, and 0 where y was clipped
 *
 * workspace has 2 n elements: scale and shift of each channel.
 */
#include "../simd/math.h"
#include "../simd/rows.h"

enum { CONTRAST_BLOCK = 256 };

static void column_means(real *mean, const real *x, fnn_idx m, fnn_idx n)
{
    real part[VLEN];
    for (fnn_idx j = 0; j < n; j += VLEN) {
        double total[VLEN] = {0};
        for (fnn_idx i = 0; i < m; i += CONTRAST_BLOCK) {
            vreal sum = v_set1(R(0.0));
            for (fnn_idx k = i; k < m && k < i + CONTRAST_BLOCK; k++)
                sum = v_add(sum, v_load_up_to(x + k * n + j, n - j));
            v_store(part, sum);
            for (int lane = 0; lane < VLEN; lane++)
                total[lane] += (double)part[lane];
        }
        for (int lane = 0; lane < VLEN && lane < n - j; lane++)
            mean[j + lane] = (real)(total[lane] / (double)m);
    }
}

/* y = factor x + (1 - factor) mean(x) + delta */
static void scale_about_mean(real *y, const real *x, real *workspace, fnn_idx m, fnn_idx n, double factor,
                             double delta)
{
    real *scale = workspace, *shift = workspace + n;
    if (factor != 1)
        column_means(shift, x, m, n);
    for (fnn_idx j = 0; j < n; j++) {
        scale[j] = (real)factor;
        shift[j] = (real)(factor != 1 ? (1 - factor) * (double)shift[j] + delta : delta);
    }
    KERNEL(affine)(y, x, scale, shift, m, n);
}

void KERNEL(adjust_forward)(void *y_, const void *x, void *workspace, fnn_idx m, fnn_idx n, double factor,
                            double delta, double low, double high)
{
    real *y = y_;
    scale_about_mean(y, x, workspace, m, n, factor, delta);
    for (fnn_idx i = 0; i < m * n; i += VLEN)
        v_store_up_to(y + i, clamp(v_load_up_to(y + i, m * n - i), (real)low, (real)high), m * n - i);
}

void KERNEL(adjust_backward)(void *dx_, const void *dy_, const void *x, void *workspace, fnn_idx m, fnn_idx n,
                             double factor, double delta, double low, double high)
{
    const vreal zero = v_set1(R(0.0)), least = v_set1((real)low), most = v_set1((real)high);
    real *dx = dx_;
    const real *dy = dy_;
    scale_about_mean(dx, x, workspace, m, n, factor, delta);
    for (fnn_idx i = 0; i < m * n; i += VLEN) {
        const vreal y = v_load_up_to(dx + i, m * n - i), g = v_load_up_to(dy + i, m * n - i);
        const vmask clipped = m_or(v_lt(y, least), v_lt(most, y));
        v_store_up_to(dx + i, v_select(clipped, zero, g), m * n - i);
    }
    scale_about_mean(dx, dx, workspace, m, n, factor, 0);
}
