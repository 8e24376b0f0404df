/* matvec.inc.c - vectors shorter and longer than a register and than several, and none at all. */
static const fnn_idx matrices[][2] = {{0, 3}, {3, 0},  {1, 1},  {7, 1},  {1, 7},   {2, 16},
                                      {5, 8}, {4, 33}, {3, 64}, {6, 67}, {130, 5}, {2, 300}};

#define MATVEC(name, rows, columns, result, tolerance) \
    static void check_##name(void) \
    { \
        for (int i = 0; i < COUNT(matrices); i++) \
            for (fnn_idx count = 0; count < 4; count++) { \
                const fnn_idx m = matrices[i][0], k = matrices[i][1]; \
                begin(count, m, k); \
                array a = numbers(count * (rows), -1, 1), b = numbers(count * (columns), -1, 1); \
                array y = numbers(count * (result), -1, 1); \
                EACH_SIDE(s) \
                    table[s]->name(y.at[s], a.at[s], b.at[s], count, m, k); \
                same("y", y, tolerance, tolerance); \
            } \
    }

MATVEC(matvec, m *k, k, m, 40)
MATVEC(vecmat, m, m *k, k, 40)
MATVEC(outer, m, k, m *k, 0)
#undef MATVEC
