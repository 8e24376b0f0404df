"""Warnings about models that cannot learn what they are meant to, given when a training plan is made.

Each is shown once, for a layer or for what a model has been compiled for. A batch costs nothing: what is
checked follows from the layers, or is found where a computation has gone wrong already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import activations, losses
from ..layers.base.elementwise import ElementwiseActivation
from ..layers.recurrent import RNN
from ..layers.time_distributed import TimeDistributed
from ..warning import warn, warn_of_unused, warn_once, warn_without_gradient

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value
    from ..layers import Layer
    from ..layers.base.emission import LayerSteps
    from .compile_spec import Objective
    from .progress import Progress

_BINARY = (losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy)
_CATEGORICAL = (
    losses.CategoricalCrossentropy,
    losses.CategoricalFocalCrossentropy,
    losses.SparseCategoricalCrossentropy,
)
_PROBABILITIES = {
    "binary": ("sigmoid", "hard_sigmoid"),
    "categorical": ("softmax", "sigmoid", "hard_sigmoid"),
}


def advise(objective: Objective, plan: Plan, outputs: Sequence[Value], made: Sequence[LayerSteps]) -> None:
    """Warn about layers, outputs and losses that do not go together.

    Parameters
    ----------
    objective : Objective
    plan : Plan
        The training plan, to which the layers have been appended.
    outputs : sequence of Value
        The outputs of the model in it.
    made : sequence of LayerSteps
        The layers that have appended steps to the plan, those inside of others before these.
    """
    if not objective.trainable:
        return
    makers: dict[int, Layer] = {}
    blocked = False
    # What a gate, x * (x > 0), compares learns by the product: only an input without another way is cut off.
    flowing = {id(x.root) for _, inputs, ys in made if any(y.differentiable for y in ys) for x in inputs}
    for layer, inputs, results in made:
        for value in results:
            makers.setdefault(id(value), layer)
        _advise_on_layer(layer, results)
        cut_off = any(x.differentiable and id(x.root) not in flowing for x in inputs)
        if cut_off and not any(y.differentiable for y in results):
            blocked = True
            warn_without_gradient(layer, layer.name)
    for output, y in zip(objective.outputs, outputs, strict=True):
        if output.losses and not y.differentiable and not blocked:
            warn_once(
                objective.snapshot,
                f"loss: the output {output.name!r} does not depend on any weight that trains, so training "
                "does not change it",
            )
        maker = makers.get(id(y))
        for loss in output.losses:
            advice = None if maker is None else _advice_on_loss(loss, output_activation(maker), y.shape)
            if advice:
                warn_once(objective.snapshot, f"loss: {output.name!r} {advice}")
    dropped = [v for v in objective.trainable if not plan.reads(v) and v.regularizer is None]
    unused = list(dict.fromkeys([*objective.unused, *dropped]))
    if unused:
        warn_of_unused(objective.snapshot, "model", unused)


def advise_on_frozen_model(objective: Objective) -> None:
    """Warn that training changes nothing, as no weight trains."""
    warn_once(
        objective.snapshot, "model: it does not have any trainable weights, so training changes nothing"
    )


def output_activation(layer: Layer) -> str | None:
    """Return the name of the activation that makes the output of a layer; None if that is not known.

    Examples
    --------
    >>> import fastnn
    >>> [output_activation(layer) for layer in (fastnn.layers.Dense(1, "relu"), fastnn.layers.Flatten())]
    ['relu', None]
    """
    from ..layers import Softmax

    if isinstance(layer, TimeDistributed):
        return output_activation(layer.layer)
    if isinstance(layer, Softmax):
        return "softmax"
    function = layer._function if isinstance(layer, ElementwiseActivation) else None
    if function is None and not isinstance(layer, RNN) and type(layer).__module__.startswith("fastnn."):
        function = getattr(layer, "activation", None)
    known = isinstance(function, (activations.Activation, activations.AxisActivation))
    return function.name if known and function is not None else None


def _advise_on_layer(layer: Layer, results: Sequence[Value]) -> None:
    if output_activation(layer) in ("softmax", "log_softmax") and not isinstance(layer, TimeDistributed):
        axis = getattr(layer, "axis", -1)
        shape = (None, *results[0].shape)
        if isinstance(axis, int) and shape[axis] == 1:
            warn_once(
                layer,
                f"{layer.name}: a softmax over one unit is 1 whatever its input, so nothing is learned; use "
                "activation='sigmoid' with binary_crossentropy, or one unit for each class",
            )


def _advice_on_loss(loss: losses.Loss, activation: str | None, shape: tuple[int, ...]) -> str | None:
    """Return what is wrong with a cross-entropy of an output, if anything is."""
    kind = (
        "binary" if isinstance(loss, _BINARY) else "categorical" if isinstance(loss, _CATEGORICAL) else None
    )
    if kind is None or activation is None:
        return None
    if kind == "categorical" and shape and shape[-1] == 1 and getattr(loss, "axis", -1) == -1:
        return f"has one unit, and {loss.name} takes one for each class; binary_crossentropy takes one"
    if getattr(loss, "from_logits", False):
        if activation in ("softmax", "log_softmax", "sigmoid", "hard_sigmoid"):
            return (
                f"has the activation {activation!r}, which {loss.name} with from_logits=True applies itself"
            )
        return None
    if activation in _PROBABILITIES[kind]:
        return None
    right = _PROBABILITIES[kind][0]
    instead = (
        " or categorical_crossentropy" if activation == "softmax" else ", or from_logits=True in the loss"
    )
    return f"has the activation {activation!r}, and {loss.name} takes probabilities: use {right!r}{instead}"


def advise_on_loss_value(progress: Progress, epoch: int, batch: int) -> None:
    """Warn, once in a training, that the loss has become NaN or infinite.

    Parameters
    ----------
    progress : Progress
        Of the training.
    epoch, batch : int
        Numbers of the epoch, and of the batch in it, of which the first are 0.
    """
    if progress.loss_is_finite:
        progress.loss_is_finite = False
        warn(
            f"loss: it is not a finite number from batch {batch} of epoch {epoch + 1} on. Usual causes: NaN "
            "or infinity in x (np.isfinite(x).all() tells), inputs that are not scaled, a learning rate that "
            "is too large (try a tenth, or clipnorm=1 in the optimizer), a logarithm or division of 0 in a "
            "loss of your own"
        )


def advise_on_class_weights(subject: object, weights: Mapping[Any, float], present: set[int]) -> None:
    """Warn of class weights for classes that no label is of."""
    absent = sorted(int(number) for number in weights if int(number) not in present)
    if absent:
        found = ", ".join(map(str, sorted(present)[:10])) + (", ..." if len(present) > 10 else "")
        warn_once(
            subject,
            f"class_weight: no label is of the classes {absent}, whose weights do nothing; there are {found}",
        )
