"""Print the constants of csrc/simd/math.h: `python tools/minimax.py > csrc/simd/coefficients.h`.

The polynomials are minimax: of all polynomials of their degree they have the least worst error, measured as
a share of the function that they end up in. They are found by the exchange method (E. Ya. Remez, "Sur un
procédé convergent d'approximations successives", Comptes rendus 198, 1934) in 60-digit arithmetic, on a
grid so fine that the worst error there is the interval's. Each degree is the least one whose error stays
well below a rounding; what rounding then adds is measured by tools/ulp.py.
"""

import mpmath
import numpy as np
from mpmath import mpf

mpmath.mp.dps = 60
LN2 = mpmath.log(2)


def minimax(f, weight, low, high, degree):
    """The polynomial p with the least worst |weight (p - f)| on [low, high]: coefficients, lowest first."""
    unknowns, points = degree + 2, 40 * (degree + 2)
    centre, radius = (high + low) / 2, (high - low) / 2
    x = [centre - radius * mpmath.cospi((i + mpf(1) / 2) / points) for i in range(points)]
    fx, wx = [f(t) for t in x], [weight(t) for t in x]
    chosen = [(points - 1) * i // (unknowns - 1) for i in range(unknowns)]
    while True:
        # The polynomial whose weighted error is the same, in turn above and below, at the chosen points.
        rows = [[x[k] ** j for j in range(degree + 1)] + [(-1) ** i / wx[k]] for i, k in enumerate(chosen)]
        solution = mpmath.lu_solve(mpmath.matrix(rows), mpmath.matrix([fx[k] for k in chosen]))
        p = list(solution)[:-1]
        error = [w * (mpmath.polyval(p[::-1], t) - y) for t, y, w in zip(x, fx, wx, strict=True)]
        extremes = [0]
        for k in range(1, points):
            if error[k] * error[extremes[-1]] < 0:
                extremes.append(k)
            elif abs(error[k]) > abs(error[extremes[-1]]):
                extremes[-1] = k
        while len(extremes) > unknowns:
            extremes.pop(0 if abs(error[extremes[0]]) < abs(error[extremes[-1]]) else -1)
        if extremes == chosen:
            return p
        chosen = extremes


def exp_tail(degree):
    """(e^r - 1 - r) / r^2 for |r| <= log(2) / 2, as a share of e^r - 1."""
    edge = LN2 / 2 * mpf("1.0005")
    return minimax(
        lambda r: (mpmath.expm1(r) - r) / r**2, lambda r: abs(r**2 / mpmath.expm1(r)), -edge, edge, degree
    )


def log_tail(degree):
    """(log(m) / s - 2) / z for sqrt(1/2) <= m <= sqrt(2), where s = (m - 1) / (m + 1) and z = s^2."""

    def ratio(z):
        return 2 * mpmath.atanh(mpmath.sqrt(z)) / mpmath.sqrt(z)

    edge = mpmath.tanh(LN2 / 4) ** 2 * mpf("1.0005")
    return minimax(lambda z: (ratio(z) - 2) / z, lambda z: z / ratio(z), mpf(0), edge, degree)


def erf_tail(degree, edge):
    """-log(1 - erf(x)) / x - 1 up to an edge where erf(x) rounds to 1, as a share of erf(x)."""
    return minimax(
        lambda x: -mpmath.log(mpmath.erfc(x)) / x - 1,
        lambda x: x * mpmath.erfc(x) / mpmath.erf(x),
        mpf(0),
        edge,
        degree,
    )


def sine_tail(degree):
    """(sin(pi r) / r - pi) / z for |r| <= 1/4, where z = r^2, as a share of sin(pi r)."""

    def ratio(z):
        return mpmath.sinpi(mpmath.sqrt(z)) / mpmath.sqrt(z)

    edge = mpf(1) / 16
    return minimax(lambda z: (ratio(z) - mpmath.pi) / z, lambda z: z / ratio(z), mpf(0), edge, degree)


def cosine_tail(degree):
    """(cos(pi r) - 1) / z, the same of cos(pi r)."""

    def cosine(z):
        return mpmath.cospi(mpmath.sqrt(z))

    edge = mpf(1) / 16
    return minimax(lambda z: (cosine(z) - 1) / z, lambda z: z / cosine(z), mpf(0), edge, degree)


def constants(dtype, bits, exponent_bits, exp_degree, log_degree, erf_degree, erf_edge, sine, cosine):
    """Each constant's name and value; LN2_HIGH times any exponent is exact."""
    scale = 2 ** (bits - exponent_bits)
    high = mpmath.floor(LN2 * scale) / scale
    yield "LN2", LN2
    yield "LN2_HIGH", high
    yield "LN2_LOW", LN2 - high
    yield "LOG2_E", 1 / LN2
    yield "EXP_TAIL", exp_tail(exp_degree)
    yield "LOG_TAIL", log_tail(log_degree)
    yield "ERF_EDGE", mpf(erf_edge)
    yield "ERF_TAIL", erf_tail(erf_degree, mpf(erf_edge))
    yield "PI", mpmath.pi
    yield "PI_LOW", mpmath.pi - mpf(float(dtype(mpmath.nstr(mpmath.pi, 40))))
    yield "SINE_TAIL", sine_tail(sine)
    yield "COSINE_TAIL", cosine_tail(cosine)


def literal(value, dtype):
    """The shortest C literal that reads back as value rounded to dtype."""
    return f"R({np.format_float_scientific(dtype(mpmath.nstr(value, 40)), trim='0')})"


def main():
    """Print the header."""
    float64 = constants(
        np.float64, 53, 11, exp_degree=9, log_degree=6, erf_degree=23, erf_edge="5.95", sine=5, cosine=6
    )
    float32 = constants(
        np.float32, 24, 8, exp_degree=4, log_degree=2, erf_degree=8, erf_edge="3.95", sine=2, cosine=3
    )
    print("/* coefficients.h - printed by tools/minimax.py: change it there. */")
    for guard, dtype, rows in (("#if FNN_F64", np.float64, float64), ("#else", np.float32, float32)):
        print(guard)
        for name, value in rows:
            if isinstance(value, list):
                values = "".join(f"    {literal(v, dtype)},\n" for v in value)
                print(f"static const real {name}[] = {{\n{values}}};")
            else:
                print(f"#define {name} {literal(value, dtype)}")
    print("#endif")


if __name__ == "__main__":
    main()
