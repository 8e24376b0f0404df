"""`Layer`: base of all layers, with a name, weights, a shape rule, and steps that it appends to plans.

This is the public face of work that is done in `building`, `calls`, `custom_layer` and `emission`; most lines
document methods.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ... import config, constraints, initializers, regularizers
from ...absent import no_attribute
from ...added_losses import AddedLoss, collected
from ...attributes import PlannedAttributes
from ...autograd import Tensor
from ...checks import ArgumentError, is_overridden
from ...configurable import Configurable
from ...graph.graph import leaves
from ...kernels.core.weight_access import copy_values
from ...naming import path_of, unique_name
from ...registry import refuse_unknown, snake_case
from ...variables import Variable, aligned_copy, initial_value, training_scope
from . import custom_layer
from .building import build_once, marks_built, set_values
from .calls import Standalone, bind_arguments, call_again, call_layer, given_mask
from .emission import append_steps
from .masks import computed_mask
from .shapes import (
    Shape,
    check_sample_shape,
    check_weight_shape,
    checked_output_shape,
    dimension,
)
from .sharing import LayerRegistry
from .trainable import flatten_parts, set_trainable

if TYPE_CHECKING:
    from ...graph.graph import Node, SymbolicTensor
    from ...kernels.core.plan import Plan
    from .own_steps import OwnSteps


class Layer(PlannedAttributes, Configurable):
    """Base of all layers.

    Parameters
    ----------
    trainable : bool, default True
        Whether optimizers change the layer's weights; read when a model is compiled.
    dtype : {"float32", "float64"}, optional
        Dtype of the computation; `config.floatx()` by default. The layers of a model share one dtype.
    name : str, optional
        By default the class in snake_case, numbered: "dense", "dense_1".
    input_shape : tuple of int, optional
        Shape of a sample of the input, for the first layer of a `Sequential`; None for a dimension that may
        vary.
    input_dim : int, optional
        The same for rows of one dimension.
    activity_regularizer : str, Regularizer or None, default None
        A penalty on the output of a batch, divided by its rows and added to the loss.
    autocast : bool, default True
        Ignored; kept for Keras compatibility.

    Attributes
    ----------
    built : bool
        Whether the weights exist.
    supports_masking : bool
        Whether the mask of the input is passed on to the output.

    Notes
    -----
    A user's layer makes its weights in `build`, from the shape of its input with None for the batch, and
    computes its output in `call`, with NumPy's operations on `fastnn.Tensor`.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> class Scale(fastnn.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
    ...
    ...     def call(self, x):
    ...         return x * self.factor
    >>> Scale()(np.array([[1.0, 2.0]])).tolist()
    [[1.0, 2.0]]
    """

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: str | None = None,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        activity_regularizer: Any = None,
        autocast: bool = True,
        **unknown: Any,
    ) -> None:
        refuse_unknown(type(self), Layer, unknown)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        if input_dim is not None:
            input_shape = (dimension(input_dim, "input_dim"),)
        if name is not None and not isinstance(name, str):
            raise ArgumentError(f"name: expected a string, got {name!r}")
        if dtype is not None:
            config.check_floatx(dtype, "dtype")
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._dtype = dtype
        self.autocast = bool(autocast)
        self._input_sample_shape: Shape | None = (
            None if input_shape is None else check_sample_shape(input_shape)
        )
        self.built = False
        self._built_for: Any = None
        self._trainable = bool(trainable)
        self._freezes_parts = not self._trainable  # what the constructor got, until it is passed on
        self._own_variables: list[Variable] = []
        self._set_pickle_defaults()

    # Runs of the layer's own model so far, which random masks depend on; see `training.plan_cache`.
    _run_counts: NDArray[np.int64] | None = None

    # Not copied or pickled: calls, which belong to the graph of a model, and caches.

    _nodes: list[Node]
    _standalone: list[Standalone]
    _own_steps: OwnSteps | None
    _adds_losses = False
    _added_losses: list[Any]
    _traces: dict[Any, Any]  # graphs of `call`, by shape
    _computed_shapes: dict[Any, Any]
    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = {
        "_nodes": list,
        "_standalone": list,
        "_own_steps": NoneType,
        "_added_losses": list,
        "_traces": dict,
        "_computed_shapes": dict,
    }
    _pickle_names_itself = True
    _config_settings = frozenset({"name", "trainable", "dtype", "input_shape", "activity_regularizer"})

    def _set_pickle_defaults(self) -> None:
        vars(self).update({name: make() for name, make in self._pickle_defaults.items()})

    def _pickle_parts(self) -> list[Variable]:
        return self._variables

    def _pickle_attributes(self) -> dict[str, Any]:
        attributes = super()._pickle_attributes() | {"_own_variables": list(self._variables)}
        if self._variables:
            attributes["_dtype"] = self.compute_dtype  # `config.floatx` may be another where a copy is made
        return attributes

    # What a layer defines, besides its arguments. One that is called on a list of inputs gets a list of
    # shapes, values and arrays wherever a layer with one input gets that; one with several outputs returns
    # lists.

    supports_masking = False

    @property
    def _acts_by_default(self) -> bool:
        """Whether it acts in calls that do not say whether they are training, as augmentation does."""
        inner = any(layer._acts_by_default for layer in self._sublayers)
        return inner or (custom_layer.is_written(self) and custom_layer.acts_by_default(self))

    def _lacks_batch(self, x: Any) -> bool:
        """Whether an array or tensor is one sample, without the dimension of the batch."""
        return False

    _result_dtype: str | None = None  # what outputs are converted to in the end, if they are no floats
    _is_operator = False  # of symbolic tensors

    # Arguments after the first one, by position.
    _call_arguments: ClassVar[tuple[str, ...]] = ("training",)

    @property
    def _stepwise(self) -> bool:
        """Whether each time step is computed independently of the others; may depend on `build`."""
        return False

    @property
    def _sublayers(self) -> list[Layer]:
        """The layers in attributes, in the order of the attributes."""
        return custom_layer.held_layers(self)

    def _emit_mask(self, plan: Plan, x: Any) -> Any:
        """Return the mask of the output, or a list of them: those of the inputs if it `supports_masking`."""
        if not self.supports_masking:
            return None
        found = [value.mask for value in leaves(x)]
        return found[0] if len(found) == 1 else found

    def _given_mask(self, mask: Any, x: Any) -> Any:
        """Return the mask that a call gets, or a list of them, as arrays of bool that fit x."""
        return given_mask(mask, x)

    def _mask_of_output(self, plan: Plan, x: Any) -> Any:
        """Return what `_emit_mask` does, or a user's `compute_mask`."""
        if is_overridden(self, "compute_mask"):
            return custom_layer.emit_mask(self, plan, x) if self.supports_masking else None
        return self._emit_mask(plan, x)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return the mask of the output.

        Parameters
        ----------
        inputs : array_like, or list or dict of them
            What the layer is called on.
        previous_mask : array_like of bool, or list or dict of them, optional
            The masks of the inputs.

        Returns
        -------
        ndarray of bool or None, or list of them
            False for the steps that the layers after this one are to leave out. A user's layer passes the
            mask of its input on; it may override this method.

        Examples
        --------
        >>> from fastnn.layers import Embedding
        >>> Embedding(5, 2, mask_zero=True).compute_mask([[3, 0]]).tolist()
        [[True, False]]
        """
        return computed_mask(self, inputs, previous_mask)

    def _check_input(self, x: NDArray[np.floating], name: str) -> None:
        """Refuse rows that the layer cannot take, as the first of a model, before anything runs."""

    @marks_built
    def build(self, input_shape: Any) -> None:
        """Make the weights; called once, before the first use.

        Parameters
        ----------
        input_shape : tuple of int or None, or list of them
            The shape of the input, batch dimension first; None for a dimension that may vary. A list for
            several inputs.
        """

    def _check_input_shape(self, input_shape: Any) -> None:
        """Raise a `ValueError` for an input of a shape that the layer cannot take, whatever its weights."""

    def _weight_shapes(self, input_shape: Any) -> dict[str, Shape]:
        """Return the shapes, by attribute, of the weights that an input of this shape needs."""
        return {}

    def _emit(self, plan: Plan, x: Any) -> Any:
        """Append the layer's steps to `plan` and return its output."""
        raise TypeError(f"{type(self).__name__} defines no call(self, x): it cannot be part of a model")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the output.

        Parameters
        ----------
        input_shape : tuple of int or None, or list of them
            The shape of the input, batch dimension first; None for a dimension that may vary. A list for
            several inputs.

        Returns
        -------
        tuple of int or None, or list of them
            Batch dimension first; a list for several outputs. By default that of what `call` returns, or the
            shape of the input.
        """
        if custom_layer.is_written(self):
            return custom_layer.computed_output_shape(self, input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the configuration from which `from_config` makes an equal layer."""
        self._freeze_parts()  # so that configurations of layers inside say what trains
        config: dict[str, Any] = {"name": self.name, "trainable": self._trainable, "dtype": self._dtype}
        if self._input_sample_shape is not None:
            config["input_shape"] = list(self._input_sample_shape)
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return a new layer with the configuration that `get_config` returned.

        Layers inside that the configuration describes train as it says there.
        """
        layer = super().from_config(config)
        described = layer._configured_parts
        if described and layer._freezes_parts:
            layer._freezes_parts = False
            for part in layer._trainable_parts:
                if part not in described:
                    part.trainable = False
        return layer

    def _apply_config_setting(self, name: str, value: Any) -> None:
        if name == "trainable":
            self._trainable, self._freezes_parts = bool(value), not value
        elif name == "input_shape":
            self._input_sample_shape = check_sample_shape(value)
        elif name == "activity_regularizer":
            self.activity_regularizer = regularizers.get(value)
        elif value is not None:
            setattr(self, name, value)

    # Inherited by all layers.

    if not TYPE_CHECKING:  # which would take any attribute to be there

        def __getattr__(self, name: str) -> Any:
            """Raise an error that names the missing attribute."""
            kind = type(self).__name__
            if "_nodes" not in vars(self):
                raise AttributeError(f"{kind}: call super().__init__() in the constructor first")
            found = getattr(type(self), name, None)
            if isinstance(found, property) and found.fget is not None:
                return found.fget(self)  # it has failed: raise its own error
            raise no_attribute(self, name)

    def _plans_depend_on(self, name: str) -> bool:
        """Return whether plans may depend on an attribute; see `attributes`."""
        if not custom_layer.is_written(self):
            return super()._plans_depend_on(name)
        return custom_layer.plans_depend_on(self, name)

    def _check_assigned(self) -> None:
        """Raise a `ValueError` if the weights do not fit what has been assigned."""
        if self._built_for is not None:
            self._check_weights(self._built_for)

    def _forget_plans(self) -> None:
        """Let models with this layer make their plans again."""
        from ...training.planned_models import forget_plans

        self._standalone, self._own_steps = [], None
        self._traces, self._computed_shapes = {}, {}
        forget_plans(self)

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = "glorot_uniform",
        name: str | None = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        dtype: str | None = None,
    ) -> Variable:
        """Make a weight, or find the one of that name; to be called in `build` or in the constructor.

        Parameters
        ----------
        shape : tuple of int
            Without a batch; () is one number.
        initializer : str, callable or Initializer, default "glorot_uniform"
            Its name, or a function of (shape, dtype).
        name : str, optional
            By default "variable", numbered.
        trainable : bool, default True
            Whether optimizers change it.
        regularizer : str, callable or Regularizer, optional
            Its penalty is part of the loss.
        constraint : str, callable or Constraint, optional
            Applied after each step.
        dtype : str, optional
            By default that of the layer, which all weights that are no whole numbers have in the end. Whole
            numbers, as of "int32", are never trained.

        Returns
        -------
        Variable
            Of this layer from now on.
        """
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        if name is None:
            taken = {variable.name for variable in self._variables}
            name = next(
                n for i in range(len(taken) + 1) if (n := f"variable_{i}" if i else "variable") not in taken
            )
        for variable in self._variables:
            if variable.name == name:
                check_weight_shape(name, shape, variable.shape)
                return variable
        check_weight_shape(name, shape, None)
        kind = np.dtype(dtype or self.compute_dtype)
        if kind.kind not in "fiub":
            raise ValueError(f"dtype: expected one of numbers, got {dtype!r}")
        whole = kind.kind != "f"
        value = initial_value(initializers.get(initializer), shape, self.compute_dtype)
        if value.shape != shape:
            raise ValueError(f"{name}_initializer: expected an array of shape {shape}, got {value.shape}")
        rules = regularizers.get(regularizer), constraints.get(constraint)
        value = value.astype(kind if whole else self.compute_dtype)
        variable = Variable(aligned_copy(value), name, trainable, *rules)
        variable.path = path_of(self.name, name)
        variable.trainable = variable.learns and self._trainable
        self._own_variables.append(variable)
        return variable

    @property
    def dtype(self) -> str:
        """The dtype that the layer computes in: given by its user or its model, or `config.floatx()`."""
        return self._dtype or config.floatx()

    @dtype.setter
    def dtype(self, value: str | None) -> None:
        self._dtype = value
        for layer in self._sublayers:
            layer.dtype = value

    @property
    def _given_dtypes(self) -> set[str]:
        """The dtypes that the layer was given; of a model those that layers inside were given too."""
        return set() if self._dtype is None else {self._dtype}

    def _adopt_dtype(self, given: list[str]) -> None:
        """Compute in the dtype of what the layer is called on, and convert weights that there are already.

        Raises
        ------
        ValueError
            If the layer was given another one.
        """
        if not self._given_dtypes:
            self.dtype = given[0]
            for variable in self.weights:
                variable._convert_to(given[0])
        if {self.dtype, *given} != {self.dtype}:
            raise ValueError(
                f"dtype: layer {self.name!r} computes in {self.dtype}, got inputs of {' and '.join(given)}; "
                "the layers of a model share one dtype"
            )

    @property
    def compute_dtype(self) -> str:
        """The same as `dtype`: results have the dtype of the weights."""
        return self.dtype

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the layer's weights; set it before `compile`."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._freezes_parts = False
        set_trainable(self, bool(value))

    def _freeze_parts(self) -> None:
        """Pass `trainable=False` of the constructor on to the layers inside."""
        if self._freezes_parts:
            self.trainable = False

    @property
    def _configured_parts(self) -> Sequence[Any]:
        """The layers and cells inside that the configuration describes."""
        return ()

    @property
    def _trainable_parts(self) -> Sequence[Any]:
        """The layers and cells that `trainable` is passed on to."""
        return self._sublayers

    @property
    def _variables(self) -> list[Variable]:
        """The layer's own weights: those that it has made, and variables in attributes of a user's class."""
        if not type(self).__module__.startswith("fastnn."):
            custom_layer.adopt_variables(self)
        return self._own_variables

    @property
    def weights(self) -> list[Variable]:
        """All weights, each once: the layer's own, then those of layers inside."""
        # As they were made, so that freezing one does not change the order.
        own = sorted(self._variables, key=lambda v: not v.learns)
        inner = [v for layer in self._sublayers for v in layer.weights]
        return list(dict.fromkeys([*own, *inner]))

    def add_loss(self, loss: Any) -> None:
        """Add to the loss that the model is trained on, from inside of `call`.

        The sum of `loss` counts in `fit`, `evaluate` and the like, for each batch as it is. Predictions do
        not depend on it.

        Parameters
        ----------
        loss : Tensor or number
            Such as a penalty on the tensors of `call`. Its gradient reaches what it was computed from.

        Raises
        ------
        TypeError
            If it is neither.

        Examples
        --------
        >>> import fastnn, numpy as np
        >>> class Small(fastnn.layers.Layer):
        ...     def call(self, x):
        ...         self.add_loss(0.1 * (x**2).mean())
        ...         return x
        >>> model = fastnn.Sequential([fastnn.Input((2,)), Small()])
        >>> model.compile("sgd", "mse")
        >>> round(model.evaluate(np.ones((4, 2)), np.ones((4, 2)), verbose=0), 4)
        0.1
        """
        if not isinstance(loss, (Tensor, np.ndarray, np.generic, int, float)):
            raise TypeError(f"loss: expected a tensor or a number, got {loss!r:.80}")
        self._adds_losses = True
        if not collected(AddedLoss(self, loss)):
            self._added_losses = [*self._added_losses, loss]

    @property
    def losses(self) -> list[Any]:
        """The penalties on weights that train, and what calls on tensors have added since the last one began.

        What `fit` and `evaluate` add is in their loss already.
        """
        scope = training_scope()
        trained = (
            self.trainable_weights if scope is None else [v for v in self.weights if v in scope.variables]
        )
        penalties = [v.regularizer(v) for v in trained if v.regularizer is not None]
        parts = (part for part in flatten_parts(self) if isinstance(part, Layer))
        return penalties + [loss for part in parts for loss in part._added_losses]

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers change: none of a layer that is frozen itself."""
        return [v for v in self.weights if v.trainable] if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that optimizers leave alone."""
        return [v for v in self.weights if not (v.trainable and self._trainable)]

    variables = weights
    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights

    def get_weights(self) -> list[NDArray[np.floating]]:
        """Return copies of all weights, in the order of `weights`."""
        return copy_values(self.weights)

    def set_weights(self, weights: list[ArrayLike]) -> None:
        """Set all weights, at once: predictions of other threads see all old ones, or all new ones.

        Weights in training change step by step beside predictions of other threads.

        Parameters
        ----------
        weights : list of array_like
            In the order and of the shapes that `get_weights` returns.

        Raises
        ------
        ValueError
            If number or shapes differ, or the layer has not been built; then no weight has changed.
        """
        set_values(self, self.weights, weights)

    def count_params(self) -> int:
        """Return the number of elements of all weights.

        Raises
        ------
        ValueError
            If the layer has not been built.
        """
        self._refuse_unbuilt()
        return sum(v.size for v in self.weights)

    def _refuse_unbuilt(self) -> None:
        """Raise a `ValueError` if there are no weights yet."""
        if not self.built:
            raise ValueError(f"layer {self.name!r} has no weights yet: call it on data or build it first")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let `build` of every subclass mark the layer as built."""
        super().__init_subclass__(**kwargs)
        if "compute_mask" in vars(cls) and "supports_masking" not in vars(cls):
            cls.supports_masking = True
        if "build" in vars(cls):
            cls.build = marks_built(vars(cls)["build"])  # type: ignore[method-assign]

    _builds_running = 0  # calls of `build`, which may call that of a base

    def _after_build(self, *_: Any, **__: Any) -> None:
        """Note that the weights exist."""
        self.built = True
        for variable in self._variables:
            variable._convert_to(self.compute_dtype)

    def _check_built_for(self, *shapes: Any, **named: Any) -> None:
        """Raise a `ValueError` if a layer that is built does not fit the shapes that `build` gets."""
        for shape in (*shapes, *named.values()):
            self._check_weights(shape)

    def _build_once(self, input_shape: Any, options: dict[str, Any] | None = None) -> None:
        """Build the layer for an input of this shape; if it is built, check that the shape fits."""
        build_once(self, input_shape, options or {})

    def _built_output_shape(self, input_shape: Any, options: dict[str, Any]) -> Any:
        """Build the layer, if need be, and return the shape of its output, or a structure of shapes."""
        self._build_once(input_shape, options)
        return self._declared_output_shape(input_shape, options)

    def _declared_output_shape(self, input_shape: Any, options: dict[str, Any] | None = None) -> Any:
        """Return what `compute_output_shape` says of a call with these other arguments."""
        if custom_layer.is_written(self) and not custom_layer.declares_output_shape(self):
            return custom_layer.computed_output_shape(self, input_shape, options)
        shape = custom_layer.with_shapes(self.compute_output_shape, self, input_shape, options or {})
        return checked_output_shape(shape, type(self).__name__)

    def _check_weights(self, input_shape: Any) -> None:
        """Raise a `ValueError` if the weights have other shapes than an input of this shape needs."""
        for name, shape in self._weight_shapes(input_shape).items():
            variable = getattr(self, name, None)
            if variable is not None:
                check_weight_shape(name, shape, variable.shape)

    def _append_steps(self, plan: Plan, x: Any, training: bool | None = None, **options: Any) -> Any:
        """Append the layer's steps to `plan`, for rows like x, and return its output with its mask.

        Parameters
        ----------
        plan : Plan
        x : Value or list of Value
        training : bool, optional
            Whether random layers act here; by default where they do in the rest of the plan.
        **options
            Further arguments of the call: `mask`, which replaces the mask of x, and those of `_emit`.
        """
        return append_steps(self, plan, x, training, options)

    # Calls.

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer to arrays, as a model of its own, or to tensors; it is built if need be.

        Parameters
        ----------
        x : array_like, Tensor, SymbolicTensor, or list, tuple or dict of them
            (rows, ...); a list where the layer takes several inputs.
        training : bool, optional
            Whether layers such as `Dropout` act: on arrays not by default, but those of augmentation do; in a
            model where it trains.
        mask : array_like of bool, or list of them, optional
            (rows, steps): False where a step is left out; by default the mask that x has from the layer that
            made it.
        *args, **kwargs
            Further arguments of `call`, by position or name.

        Returns
        -------
        ndarray, Tensor, SymbolicTensor, or list, tuple or dict of them
            What it is called on; arrays and tensors keep the mask of the output for the next call.
        """
        plain = not kwargs or (len(kwargs) == 1 and kwargs.get("training", 0) is False)
        if plain and self._standalone and len(args) == 1:
            y = call_again(self, args[0])
            if y is not None:
                return y
        x, options = bind_arguments(self, args, kwargs)
        return call_layer(self, x, options)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output for tensors: what `super().call` is in a `call` that extends a layer.

        Parameters
        ----------
        inputs : Tensor, SymbolicTensor, or list of them
            What the layer is called on.
        training : bool, optional
            Whether layers such as `Dropout` act; by default where the call around this one is training.
        mask : ndarray of bool, optional
            (samples, steps): False where a step is left out.
        """
        if self._own_steps is None:
            from .own_steps import OwnSteps

            self._own_steps = OwnSteps(self)
        return self._own_steps._call_with(*args, **kwargs)

    @property
    def input(self) -> Any:
        """The symbolic tensor, or list of them, that the layer was first called on."""
        return self._first_call().x

    @property
    def output(self) -> Any:
        """The symbolic tensor, or list of them, that the first call of the layer makes."""
        return self._first_call().result

    @property
    def _outputs_so_far(self) -> list[SymbolicTensor]:
        """The outputs of the first call; none before that."""
        return self._nodes[0].outputs if self._nodes else []

    def _forget_call(self, node: Node) -> None:
        """Forget a call: the graph that it was part of is no more."""
        self._nodes = [other for other in self._nodes if other is not node]

    def _first_call(self) -> Node:
        if not self._nodes:
            raise AttributeError(f"layer {self.name!r} is in no model yet: it has neither input nor output")
        return self._nodes[0]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} built={self.built}>"


registry = LayerRegistry("layer", Layer, "fastnn.layers", "fastnn.models")

serialize = registry.serialize
deserialize = registry.deserialize
