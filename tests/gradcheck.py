"""Compare the gradients of a training step with central differences of its loss.

A step of plain SGD with learning rate 1 subtracts the gradient, so models are checked through their public
API. Along a random direction u, in float64, the derivative <g, u> must equal the central difference
(L(w + eps u) - L(w - eps u)) / 2 eps. The error message contains the second difference, by which the slopes
on the two sides of w differ: a mismatch of at most that size means a kink or too large a step, any larger
one a wrong gradient.
"""

import numpy as np

from fastnn.optimizers import SGD

STEP = 1e-5
TOLERANCE = 1e-8  # of the norm of the gradient and of the loss, whose rounding errors STEP magnifies


def gradients(model, loss, *batch):
    """Return the loss of a batch (x, y, sample_weight if any) and its gradient for each trainable weight.

    The weights are restored afterwards, including those that change without a gradient. A new optimizer each
    time makes dropout draw the same masks.
    """
    before = {variable: variable.numpy() for variable in model.variables}
    model.compile(SGD(learning_rate=1.0), loss)
    value = np.ravel(model.train_on_batch(*batch))[0]
    found = [before[variable] - variable.numpy() for variable in model.trainable_variables]
    for variable, old in before.items():
        variable.assign(old)
    return value, found


def check_gradients(model, loss, *batch, directions=2, seed=0):
    """Check the gradient of each trainable weight of a float64 model along random directions."""
    assert model.dtype == "float64"
    rng = np.random.default_rng(seed)
    here, found = gradients(model, loss, *batch)
    for variable, gradient in zip(model.trainable_variables, found, strict=True):
        for _ in range(directions):
            u = rng.standard_normal(variable.shape)
            u *= STEP / np.linalg.norm(u)
            at = variable.numpy()
            variable.assign(at + u)
            above, _ = gradients(model, loss, *batch)
            variable.assign(at - u)
            below, _ = gradients(model, loss, *batch)
            variable.assign(at)
            numeric, analytic = (above - below) / (2 * STEP), float((gradient * u).sum()) / STEP
            bend = abs(above - 2 * here + below) / STEP
            assert abs(numeric - analytic) <= TOLERANCE * (np.linalg.norm(gradient) + abs(here)), (
                f"{variable.name}: the derivative is {numeric:.9g}, the gradient says {analytic:.9g}; "
                f"the slopes on the two sides differ by {bend:.1e}"
            )
