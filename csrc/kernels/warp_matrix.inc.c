/* warp_matrix.inc.c - the affine map of one image, w->matrix, from the numbers drawn for it:
 *
 *   flip          drawn[0] in (0, 1): above 1/2 no side is flipped, else those where the diagonal of the matrix is -1
 *   affine        zoom of height and width, shift of height and width as shares of the size, turn in full turns
 *   even_affine   the same with the zoom of the height for both
 *   crop          first row and first column of the window; the fraction is dropped
 *
 * Zoom and turn keep the centre of the image in place: with A the zoom times the turn, a position p of y comes from
 * centre + A (p - centre) - shift. One map for each image, so all of it is scalar, and double in either dtype.
 */
#include <math.h>

#include "../simd/real.h"

void KERNEL(warp_flip_matrix)(fnn_warp *w, const double *drawn)
{
    double *a = w->matrix;
    if (drawn[0] > 0.5)
        a[0] = a[4] = 1;
    a[2] = a[0] > 0 ? 0 : (double)(w->width - 1);
    a[5] = a[4] > 0 ? 0 : (double)(w->height - 1);
}

FNN_INLINE void affine_matrix(fnn_warp *w, const double *drawn, double height_zoom, double width_zoom)
{
    const double x = 0.5 * (double)(w->width - 1), y = 0.5 * (double)(w->height - 1);
    const double angle = 6.283185307179586 * drawn[4];
    double *a = w->matrix;
    a[0] = width_zoom * cos(angle);
    a[1] = -width_zoom * sin(angle);
    a[3] = height_zoom * sin(angle);
    a[4] = height_zoom * cos(angle);
    a[2] = x - a[0] * x - a[1] * y - drawn[3] * (double)w->width;
    a[5] = y - a[3] * x - a[4] * y - drawn[2] * (double)w->height;
}

void KERNEL(warp_affine_matrix)(fnn_warp *w, const double *drawn)
{
    affine_matrix(w, drawn, drawn[0], drawn[1]);
}

void KERNEL(warp_even_affine_matrix)(fnn_warp *w, const double *drawn)
{
    affine_matrix(w, drawn, drawn[0], drawn[0]);
}

void KERNEL(warp_crop_matrix)(fnn_warp *w, const double *drawn)
{
    w->matrix[2] = floor(drawn[1]);
    w->matrix[5] = floor(drawn[0]);
}
