"""`Sequential`: a model as a list of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from inspect import signature
from typing import Any, Self

from ..checks import ArgumentError
from ..configurable import has_own_constructor
from ..graph.graph import Node, SymbolicTensor
from ..layers import InputLayer, Layer
from ..layers.base.layer import registry as layer_registry
from ..layers.base.shapes import Shape, shape_leaves, with_batch, without_batch
from ..naming import inside
from ..saving.trainability import frozen_parts
from .functional import described_layers, own_arguments
from .model import Model
from .outputs import OutputStructure


@layer_registry.add
class Sequential(Model):
    """Layers one after the other.

    Parameters
    ----------
    layers : iterable of Layer, optional
        May start with `Input`; else the first layer may have an `input_shape`, or the model is built when
        it first sees data.
    trainable : bool, default True
        Whether training changes any weight.
    name : str, optional
        By default "sequential", numbered.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
    >>> model.count_params()
    10
    >>> model(np.zeros((3, 4), "float32")).shape
    (3, 2)
    """

    def __init__(
        self,
        layers: Iterable[Layer | SymbolicTensor] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ) -> None:
        super().__init__(trainable=trainable, name=name)
        self._layers: list[Layer] = []
        for layer in layers or ():
            self._append(layer)
        self._build_early()

    def _pickle_attributes(self) -> dict[str, Any]:
        return super()._pickle_attributes() | {"_layers": list(self._layers)}

    @property
    def _sublayers(self) -> list[Layer]:
        """The layers, one after the other."""
        return self._layers

    @property
    def layers(self) -> list[Layer]:
        """The layers, without `Input`."""
        return [layer for layer in self._layers if not isinstance(layer, InputLayer)]

    @property
    def input(self) -> Any:
        """What its first call in another model reads, as in Keras; before that, what it starts from."""
        return self._first_call().x if self._nodes else super().input

    @property
    def output(self) -> Any:
        """What its first call in another model makes; before that, what it makes of `input`."""
        return self._first_call().result if self._nodes else super().output

    def add(self, layer: Layer | SymbolicTensor) -> None:
        """Append a layer.

        Parameters
        ----------
        layer : Layer or Model
            Goes behind the last one.

        Raises
        ------
        TypeError
            If it is something else.
        ValueError
            If it does not fit; then it has not been added.
        """
        before = self._layers.copy()
        try:
            self._append(layer)
            self._build_early()
            if not self._trainable:
                self._layers[-1].trainable = False
        except BaseException:
            self._layers = before
            self._unbuild()
            self._build_early()
            raise

    def pop(self) -> Layer:
        """Remove and return the last layer."""
        if not self._layers:
            raise IndexError("layers: there is no layer to remove")
        layer = self._layers.pop()
        self._unbuild()
        self._build_early()
        return layer

    def _append(self, layer: Any) -> None:
        if isinstance(layer, SymbolicTensor):
            layer = layer.node.layer
        if not isinstance(layer, Layer):
            raise ArgumentError(f"layers: expected Layer objects, got {layer!r}")
        if isinstance(layer, InputLayer) and self._layers:
            raise ValueError(f"layers: {layer.name!r} may only come first")
        if any(layer is other for other in self._layers):
            raise ValueError(f"layers: {layer.name!r} is in the model already")
        if any(layer.name == other.name for other in self._layers):
            raise ValueError(f"layers: every layer needs a name of its own, {layer.name!r} is taken")
        self._layers.append(layer)
        self._unbuild()

    def _unbuild(self) -> None:
        """Take the layers out of the graph that they were in."""
        if self._graph is not None:
            for node in self._graph.nodes:
                node.layer._forget_call(node)
        self._graph = self._built_shapes = self._input_structure = None
        self._outputs = OutputStructure()
        self._objective = None
        self._forget_own_plans()

    def _build_early(self) -> None:
        if self._layers and self._layers[0]._input_sample_shape is not None:
            self._build_once(with_batch(self._layers[0]._input_sample_shape))

    def _build(self, input_shape: Any, options: dict[str, Any]) -> None:
        if not self._layers:
            raise ValueError("layers: a model needs at least one")
        sample_shapes = shape_leaves(without_batch(input_shape))
        if len(sample_shapes) != 1:
            raise ValueError(f"x: a Sequential takes one input, got {len(sample_shapes)}")
        self.dtype = self.dtype
        first = self._layers[0]
        start = first if isinstance(first, InputLayer) else InputLayer(sample_shapes[0], dtype=self.dtype)
        x = start.output
        calls: list[Node] = []
        try:
            for layer in self.layers:
                try:
                    with inside(self.name):
                        x = layer(x)
                except ValueError as error:
                    raise ValueError(
                        f"layer {layer.name!r} on rows of shape {x.sample_shape}: {error}"
                    ) from None
                if not isinstance(x, SymbolicTensor):
                    raise ValueError(f"layers: {layer.name!r} has {len(x)} outputs, a Sequential takes one")
                calls.append(x.node)
        except BaseException:
            for node in calls:
                node.layer._forget_call(node)
            raise
        self._connect(start.output, x)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output, which the layers compute without being built for it."""
        if self._graph is not None:
            return super().compute_output_shape(input_shape)
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def _accepted_shape(self, i: int) -> Shape:
        """Return what rows have to be like, None where only the layers say something."""
        sample_shape = self._sample_shapes[i]
        if self._layers[0]._input_sample_shape is None:
            return (None,) * len(sample_shape)
        return sample_shape

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes an equal model of; see `Model.get_config` for subclasses."""
        if has_own_constructor(type(self)) and "layers" not in signature(type(self)).parameters:
            return super().get_config()
        self._freeze_parts()
        return {
            "name": self.name,
            "trainable": self._trainable,
            "frozen": frozen_parts(self),
            "layers": described_layers(self._layers),
            "build_input_shape": None if self._built_shapes is None else [None, *self._built_shapes[0]],
        }

    @classmethod
    def _describes_layers(cls, config: dict[str, Any]) -> bool:
        """Whether a configuration has layers, rather than arguments of the constructor of a subclass."""
        return "layers" in config or not has_own_constructor(cls)

    @classmethod
    def _of_layers(
        cls,
        config: dict[str, Any],
        made: list[Layer],
        inputs: list[SymbolicTensor] | None = None,
        call: Callable[..., Any] = Layer.__call__,
    ) -> Self:
        """Put layers one after the other as a config says; see `Model`."""
        if inputs is not None:
            made = [inputs[0].node.layer, *(layer for layer in made if not isinstance(layer, InputLayer))]
        own = own_arguments(cls, {k: v for k, v in config.items() if k != "build_input_shape"})
        model = cls(layers=made, name=config["name"], **own)
        model._trainable = config["trainable"]  # as it is: the layers inside have flags of their own
        if not model.built and config["build_input_shape"] is not None:
            model.build(tuple(config["build_input_shape"]))
        return model
