/* warp_matrix.inc.c - the affine map of one image from the numbers drawn for it, as a product of homogeneous matrices:
 * position p of y comes from centre - shift + zoom turn (p - centre). A flip is x -> width - 1 - x, a crop a shift.
 */
#include <math.h>

typedef struct {
    double at[3][3];
} warp_map;

static warp_map warp_product(warp_map a, warp_map b)
{
    warp_map c = {{{0}}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++)
                c.at[i][j] += a.at[i][k] * b.at[k][j];
    return c;
}

static warp_map warp_shift(double x, double y) { return (warp_map){{{1, 0, x}, {0, 1, y}, {0, 0, 1}}}; }

static void warp_store(fnn_warp *w, warp_map map)
{
    for (int i = 0; i < 6; i++)
        w->matrix[i] = map.at[i / 3][i % 3];
}

void KERNEL(warp_flip_matrix)(fnn_warp *w, const double *drawn)
{
    const int flips = drawn[0] <= 0.5, across = flips && w->matrix[0] < 0, down = flips && w->matrix[4] < 0;
    warp_map map = warp_shift(across ? (double)w->width - 1 : 0, down ? (double)w->height - 1 : 0);
    map.at[0][0] = across ? -1 : 1;
    map.at[1][1] = down ? -1 : 1;
    warp_store(w, map);
}

void KERNEL(warp_affine_matrix)(fnn_warp *w, const double *drawn)
{
    const double x = ((double)w->width - 1) / 2, y = ((double)w->height - 1) / 2;
    const double angle = 2 * 3.14159265358979323846 * drawn[4];
    const warp_map zoom = {{{drawn[1], 0, 0}, {0, drawn[0], 0}, {0, 0, 1}}};
    const warp_map turn = {{{cos(angle), -sin(angle), 0}, {sin(angle), cos(angle), 0}, {0, 0, 1}}};
    const warp_map about = warp_product(warp_product(zoom, turn), warp_shift(-x, -y));
    const double left = drawn[3] * (double)w->width, up = drawn[2] * (double)w->height;
    warp_store(w, warp_product(warp_shift(x - left, y - up), about));
}

void KERNEL(warp_even_affine_matrix)(fnn_warp *w, const double *drawn)
{
    const double even[5] = {drawn[0], drawn[0], drawn[2], drawn[3], drawn[4]};
    KERNEL(warp_affine_matrix)(w, even);
}

void KERNEL(warp_crop_matrix)(fnn_warp *w, const double *drawn)
{
    warp_map map = warp_shift(floor(drawn[1]), floor(drawn[0]));
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            map.at[i][j] = w->matrix[3 * i + j];
    warp_store(w, map);
}
