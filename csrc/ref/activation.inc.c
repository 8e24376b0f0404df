/* activation.inc.c - y = f(x) and dx = dy f'(x) by their textbook formulas, in double. */
#include <math.h>

static const double selu_scale = 1.0507009873554804934193349852946;
static const double selu_alpha = 1.6732632423543772848170429916717;
static const double pi = 3.14159265358979323846;

static double logistic(double x) { return 1 / (1 + exp(-x)); }
static double normal_cdf(double x) { return erfc(-x / sqrt(2)) / 2; }
static double normal_density(double x) { return exp(-x * x / 2) / sqrt(2 * pi); }
static double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
static double hard_sigmoid(double x) { return clip(x / 6 + 0.5, 0, 1); }
static double softplus(double x) { return (x < 0 ? 0 : x) + log1p(exp(-fabs(x))); }
static double square(double x) { return x * x; }

static double bounded_relu_lowest(const double p[3]) { return isinf(p[1]) ? -INFINITY : 0; }

static double bounded_relu(double x, const double p[3])
{
    if (x <= p[2])
        return p[0] == 0 ? 0 : p[0] * (x - p[2]);
    return clip(x, bounded_relu_lowest(p), p[1]);
}

static double bounded_relu_slope(double x, const double p[3])
{
    return x <= p[2] ? p[0] : bounded_relu_lowest(p) < x && x < p[1];
}

static double silu_slope(double x)
{
    double s = logistic(x);
    return s * (1 + x * (1 - s));
}

static double silu_curvature(double x)
{
    double s = logistic(x);
    return s * (1 - s) * (2 + x * (1 - 2 * s));
}

static double gelu_t(double x) { return tanh(sqrt(2 / pi) * (x + 0.044715 * x * x * x)); }

static double gelu_tanh_slope(double x)
{
    double t = gelu_t(x);
    return (1 + t) / 2 + x / 2 * (1 - t * t) * sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x);
}

static double mish_slope(double x)
{
    double t = tanh(softplus(x));
    return t + x * (1 - t * t) * logistic(x);
}

/* WORD(name, y of x, dy/dx of s): s is the saved side, p the parameters. */
#define WORD(name, forward, gradient) \
    static double name##_forward(double x, const double p[3]) \
    { \
        (void)p; \
        return forward; \
    } \
    static double name##_gradient(double s, const double p[3]) \
    { \
        (void)s, (void)p; \
        return gradient; \
    }

WORD(linear, x, 1)
WORD(relu, x < 0 ? 0 : x, s > 0)
WORD(leaky_relu, x > 0 ? x : p[0] * x, s > 0 ? 1 : p[0])
WORD(bounded_relu, bounded_relu(x, p), bounded_relu_slope(s, p))
WORD(relu6, clip(x, 0, 6), 0 < s && s < 6)
WORD(elu, x > 0 ? x : p[0] * expm1(x), s > 0 ? 1 : p[0] * exp(s))
WORD(selu, selu_scale *(x > 0 ? x : selu_alpha * expm1(x)), s > 0 ? selu_scale : s + selu_scale * selu_alpha)
WORD(softplus, softplus(x), logistic(s))
WORD(softsign, x / (1 + fabs(x)), square(1 - fabs(s)))
WORD(silu, x *logistic(x), silu_slope(s))
WORD(silu_derivative, silu_slope(x), silu_curvature(s))
WORD(gelu, x *normal_cdf(x), normal_cdf(s) + s * normal_density(s))
WORD(gelu_tanh, x / 2 * (1 + gelu_t(x)), gelu_tanh_slope(s))
WORD(tanh, tanh(x), 1 - s * s)
WORD(sigmoid, logistic(x), s * (1 - s))
WORD(exponential, exp(x), s)
WORD(hard_sigmoid, hard_sigmoid(x), -3 < s && s < 3 ? 1.0 / 6 : 0)
WORD(hard_silu, x *hard_sigmoid(x), s <= -3 ? 0 : s < 3 ? s / 3 + 0.5 : 1)
WORD(mish, x *tanh(softplus(x)), mish_slope(s))
#undef WORD

void KERNEL(activation_forward)(void *y_, fnn_idx ldy, const void *x_, fnn_idx ldx, fnn_idx m, fnn_idx n,
                                const fnn_activation *act)
{
    real *y = y_;
    const real *x = x_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            switch (act->code) {
#define FNN_ACTIVATION(name, saved_side) \
    case FNN_ACT_##name: \
        y[i * ldy + j] = (real)name##_forward(x[i * ldx + j], act->param); \
        break;
#include "../activations.def"
#undef FNN_ACTIVATION
            }
}

void KERNEL(activation_backward)(void *dx_, fnn_idx lddx, const void *dy_, fnn_idx lddy, const void *saved_,
                                 fnn_idx lds, fnn_idx m, fnn_idx n, const fnn_activation *act)
{
    real *dx = dx_;
    const real *dy = dy_, *saved = saved_;
    for (fnn_idx i = 0; i < m; i++)
        for (fnn_idx j = 0; j < n; j++)
            switch (act->code) {
#define FNN_ACTIVATION(name, saved_side) \
    case FNN_ACT_##name: \
        dx[i * lddx + j] = (real)(dy[i * lddy + j] * name##_gradient(saved[i * lds + j], act->param)); \
        break;
#include "../activations.def"
#undef FNN_ACTIVATION
            }
}
