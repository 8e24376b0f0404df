/* activation.inc.c - y = f(x) and dx = dy f'(x), element by element.
 *
 *   x, y, dx, dy, saved   (m, n), rows ld apart; y may be x, and dx may be dy
 *
 * The definitions are those of Keras 3. activations.def says what the gradient is computed from: the output
 * where that suffices, since a layer keeps its output anyway, else the input. At a kink it is the derivative
 * from below. NaN is preserved: v_min and v_max return their second argument where either is NaN.
 */
#include "../simd/math.h"
#include "../simd/rows.h"

#define C(x) v_set1((real)(x))

FNN_INLINE vreal between(vreal x, vreal low, vreal high)
{
    return v_select(v_lt(low, x), v_select(v_lt(x, high), C(1), C(0)), C(0));
}

FNN_INLINE vreal positive_or(vreal x, vreal yes, vreal no) { return v_select(v_lt(C(0), x), yes, no); }

/* The lower bound of Keras' relu with a threshold: 0 with a maximum; without one, negative values above a negative
 * threshold pass unchanged.
 */
FNN_INLINE vreal relu_lowest(const vreal p[3])
{
    return v_select(v_lt(p[1], v_set1((real)INFINITY)), C(0), v_set1((real)-INFINITY));
}

/* A slope of 0 maps -infinity to 0, not to NaN. */
FNN_INLINE vreal bounded_relu(vreal x, const vreal p[3])
{
    vreal below = v_select(v_eq(p[0], C(0)), C(0), v_mul(p[0], v_sub(x, p[2])));
    return v_select(v_le(x, p[2]), below, v_min(p[1], v_max(relu_lowest(p), x)));
}

FNN_INLINE vreal bounded_relu_slope(vreal x, const vreal p[3])
{
    return v_select(v_le(x, p[2]), p[0], between(x, relu_lowest(p), p[1]));
}

/* Klambauer et al. (2017), Self-Normalizing Neural Networks */
#define SELU_SCALE 1.0507009873554804934193349852946
#define SELU_ALPHA 1.6732632423543772848170429916717

FNN_INLINE vreal selu(vreal x)
{
    return v_mul(C(SELU_SCALE), positive_or(x, x, v_mul(C(SELU_ALPHA), v_expm1(x))));
}

FNN_INLINE vreal selu_slope(vreal y)
{
    return positive_or(y, C(SELU_SCALE), v_add(y, C(SELU_SCALE * SELU_ALPHA)));
}

/* log(1 + e^x) without overflow of e^x and without losing a small e^x in the sum */
FNN_INLINE vreal softplus(vreal x) { return v_add(v_max(C(0), x), v_log1p(v_exp(v_sub(C(0), v_abs(x))))); }

FNN_INLINE vreal softsign_slope(vreal y)
{
    vreal left = v_sub(C(1), v_abs(y));
    return v_mul(left, left);
}

/* s (1 + x (1 - s)) with s = sigmoid(x) */
FNN_INLINE vreal silu_slope(vreal x)
{
    vreal s = v_sigmoid(x);
    return v_mul(s, v_fma(x, v_sub(C(1), s), C(1)));
}

/* s (1 - s) (2 + x (1 - 2 s)) */
FNN_INLINE vreal silu_curvature(vreal x)
{
    vreal s = v_sigmoid(x), slope = v_mul(s, v_sub(C(1), s));
    return v_mul(slope, v_fma(x, v_fnma(C(2), s, C(1)), C(2)));
}

#define ONE_BY_SQRT_2 0.70710678118654752440
#define SQRT_2_BY_PI 0.79788456080286535588
#define ONE_BY_SQRT_2_PI 0.39894228040143267794

FNN_INLINE vreal normal_cdf(vreal x) { return v_fma(C(0.5), v_erf(v_mul(C(ONE_BY_SQRT_2), x)), C(0.5)); }

FNN_INLINE vreal normal_density(vreal x)
{
    return v_mul(C(ONE_BY_SQRT_2_PI), v_exp(v_mul(v_mul(C(-0.5), x), x)));
}

/* Hendrycks & Gimpel (2016): gelu is about x (1 + t) / 2 with t = tanh(sqrt(2 / pi) (x + c x^3)) */
#define GELU_CUBIC 0.044715

FNN_INLINE vreal gelu_t(vreal x)
{
    return v_tanh(v_mul(C(SQRT_2_BY_PI), v_fma(v_mul(C(GELU_CUBIC), v_mul(x, x)), x, x)));
}

FNN_INLINE vreal gelu_tanh_slope(vreal x)
{
    vreal t = gelu_t(x), inner = v_fma(C(3.0 * GELU_CUBIC * SQRT_2_BY_PI), v_mul(x, x), C(SQRT_2_BY_PI));
    return v_mul(C(0.5), v_add(v_add(C(1), t), v_mul(v_mul(x, v_fnma(t, t, C(1))), inner)));
}

FNN_INLINE vreal hard_sigmoid(vreal x) { return v_min(C(1), v_max(C(0), v_fma(x, C(1.0 / 6), C(0.5)))); }

FNN_INLINE vreal hard_silu_slope(vreal x)
{
    vreal inside = v_fma(x, C(1.0 / 3), C(0.5));
    return v_select(v_le(x, C(-3)), C(0), v_select(v_lt(x, C(3)), inside, C(1)));
}

/* tanh(softplus(x)) is a rational function of e = e^x: a / (a + 2) with a = e (e + 2). From x = 40 on it is 1 in
 * either dtype, and below that 40 e^2 overflows in neither.
 */
FNN_INLINE vreal mish_bounded(vreal x) { return v_min(C(40), x); }

FNN_INLINE vreal mish_weight(vreal e)
{
    vreal a = v_mul(e, v_add(e, C(2)));
    return v_div(a, v_add(a, C(2)));
}

/* weight + x da/dx 2 / (a + 2)^2 */
FNN_INLINE vreal mish_slope(vreal x)
{
    vreal b = mish_bounded(x), e = v_exp(b), q = v_div(C(2), v_fma(e, v_add(e, C(2)), C(2)));
    return v_fma(v_mul(b, v_mul(e, v_add(e, C(1)))), v_mul(q, q), mish_weight(e));
}

/* WORD(name, y as a function of x, dy/dx as a function of s): s is what was saved, p the parameters. */
#define WORD(name, forward, gradient) \
    FNN_INLINE vreal name##_forward(vreal x, const vreal p[3]) \
    { \
        (void)p; \
        return forward; \
    } \
    FNN_INLINE vreal name##_gradient(vreal s, const vreal p[3]) \
    { \
        (void)s, (void)p; \
        return gradient; \
    }

WORD(linear, x, C(1))
WORD(relu, v_max(C(0), x), positive_or(s, C(1), C(0)))
WORD(leaky_relu, positive_or(x, x, v_mul(p[0], x)), positive_or(s, C(1), p[0]))
WORD(bounded_relu, bounded_relu(x, p), bounded_relu_slope(s, p))
WORD(relu6, v_min(C(6), v_max(C(0), x)), between(s, C(0), C(6)))
WORD(elu, positive_or(x, x, v_mul(p[0], v_expm1(x))), positive_or(s, C(1), v_mul(p[0], v_exp(s))))
WORD(selu, selu(x), selu_slope(s))
WORD(softplus, softplus(x), v_sigmoid(s))
WORD(softsign, v_div(x, v_add(C(1), v_abs(x))), softsign_slope(s))
WORD(silu, v_mul(x, v_sigmoid(x)), silu_slope(s))
WORD(silu_derivative, silu_slope(x), silu_curvature(s))
WORD(gelu, v_mul(x, normal_cdf(x)), v_fma(s, normal_density(s), normal_cdf(s)))
WORD(gelu_tanh, v_mul(v_mul(C(0.5), x), v_add(C(1), gelu_t(x))), gelu_tanh_slope(s))
WORD(tanh, v_tanh(x), v_fnma(s, s, C(1)))
WORD(sigmoid, v_sigmoid(x), v_mul(s, v_sub(C(1), s)))
WORD(exponential, v_exp(x), s)
WORD(hard_sigmoid, hard_sigmoid(x), v_mul(C(1.0 / 6), between(s, C(-3), C(3))))
WORD(hard_silu, v_mul(x, hard_sigmoid(x)), hard_silu_slope(s))
WORD(mish, v_mul(x, mish_weight(v_exp(mish_bounded(x)))), mish_slope(s))
#undef WORD

void KERNEL(activation_forward)(void *y_, fnn_idx ldy, const void *x_, fnn_idx ldx, fnn_idx m, fnn_idx n,
                                const fnn_activation *act)
{
    const vreal p[3] = {v_set1((real)act->param[0]), v_set1((real)act->param[1]),
                        v_set1((real)act->param[2])};
    real *y = y_;
    const real *x = x_;
    if (ldy == n && ldx == n) {
        n *= m;
        m = 1;
    }
    switch (act->code) {
#define FNN_ACTIVATION(name, saved_side) \
    case FNN_ACT_##name: \
        for (fnn_idx i = 0; i < m; i++, y += ldy, x += ldx) \
            for (fnn_idx j = 0; j < n; j += VLEN) \
                v_store_up_to(y + j, name##_forward(v_load_up_to(x + j, n - j), p), n - j); \
        break;
#include "../activations.def"
#undef FNN_ACTIVATION
    }
}

void KERNEL(activation_backward)(void *dx_, fnn_idx lddx, const void *dy_, fnn_idx lddy, const void *saved_,
                                 fnn_idx lds, fnn_idx m, fnn_idx n, const fnn_activation *act)
{
    const vreal p[3] = {v_set1((real)act->param[0]), v_set1((real)act->param[1]),
                        v_set1((real)act->param[2])};
    real *dx = dx_;
    const real *dy = dy_, *saved = saved_;
    if (lddx == n && lddy == n && lds == n) {
        n *= m;
        m = 1;
    }
    switch (act->code) {
#define FNN_ACTIVATION(name, saved_side) \
    case FNN_ACT_##name: \
        for (fnn_idx i = 0; i < m; i++, dx += lddx, dy += lddy, saved += lds) \
            for (fnn_idx j = 0; j < n; j += VLEN) { \
                vreal gradient = name##_gradient(v_load_up_to(saved + j, n - j), p); \
                v_store_up_to(dx + j, v_mul(v_load_up_to(dy + j, n - j), gradient), n - j); \
            } \
        break;
#include "../activations.def"
#undef FNN_ACTIVATION
    }
}
#undef C
