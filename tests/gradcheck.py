"""Are the gradients of a training step those of its loss?

A step of plain SGD with learning rate 1 subtracts the gradient, so models are checked through their public
face. Along a random direction u, in float64, the derivative <g, u> has to equal the central difference
(L(w + eps u) - L(w - eps u)) / 2 eps. Where it does not, the second difference tells why: the slopes on
the two sides of w differ by it, so a mismatch no larger than it means a kink or too large a step, and
any other a wrong gradient.
"""

import numpy as np

from fastnn.optimizers import SGD

STEP = 1e-5
TOLERANCE = 1e-8  # of the norm of the gradient and of the loss, whose rounding errors STEP magnifies


def gradients(model, loss, *batch):
    """The loss of a batch (x, y and perhaps sample_weight) and its gradient for each weight that learns.

    The model keeps its weights, those that move without a gradient too. A new optimizer each time lets
    dropout draw the same masks.
    """
    before = {variable: variable.numpy() for variable in model.variables}
    model.compile(SGD(learning_rate=1.0), loss)
    value = np.ravel(model.train_on_batch(*batch))[0]
    found = [before[variable] - variable.numpy() for variable in model.trainable_variables]
    for variable, old in before.items():
        variable.assign(old)
    return value, found


def check_gradients(model, loss, *batch, directions=2, seed=0):
    """Check the gradient of each weight that learns along random directions; the model is of float64."""
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
