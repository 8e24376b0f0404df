"""What every layer is: a name, weights, a shape rule, and the steps it appends to a plan."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config, initializers, regularizers
from ..checks import refuse, whole_number
from ..registry import Registry, snake_case
from ..variables import Variable, initial_value

if TYPE_CHECKING:
    from ..kernels.plan import Plan
    from ..kernels.steps import Value
    from ..models import Sequential

Shape = tuple[int | None, ...]

_names: Counter[str] = Counter()

# What a dimension that is None is built for: weights that differ between the two depend on it. Both have many
# divisors, for layers that reshape.
LENGTHS = 720, 1440


def unique_name(kind: type) -> str:
    """Return Keras' default name of a new object: the class in snake_case, numbered from the second on."""
    name = snake_case(kind.__name__)
    _names[name] += 1
    return name if _names[name] == 1 else f"{name}_{_names[name] - 1}"


def dimension(value: Any, name: str) -> int:
    """Return the size of a dimension, or raise a `ValueError` that names the argument."""
    return whole_number(value, name, 1, 2**31 - 1)


def row_shape(shape: Any, name: str = "input_shape") -> tuple[Any, ...]:
    """Return a shape without its batch dimension: positive ints, and None for what may vary."""
    if isinstance(shape, int) or not isinstance(shape, (tuple, list)):
        raise ValueError(f"{name}: expected a tuple such as (784,), got {shape!r}")
    return tuple(None if n is None else dimension(n, f"{name}: dimension {i}") for i, n in enumerate(shape))


def of_length(shape: Shape, length: int) -> tuple[int, ...]:
    """Return a shape with `length` in the place of what may vary."""
    return tuple(length if n is None else n for n in shape)


class Layer:
    """Base of all layers.

    Parameters
    ----------
    trainable : bool, default True
        Whether optimizers change the layer's weights; read when a model is compiled.
    dtype : {"float32", "float64"}, optional
        What the layer computes in; `config.floatx()` by default. The layers of a model share one dtype.
    name : str, optional
        By default the class in snake_case, numbered: "dense", "dense_1".
    input_shape : tuple of int, optional
        Shape of a row of the input, for the first layer of a `Sequential`; None for a dimension that may
        vary.
    input_dim : int, optional
        The same for rows of one dimension.
    activity_regularizer, autocast
        Accepted as Keras has them, without effect: no activity regularizer but None.

    Attributes
    ----------
    built : bool
        Whether the weights exist.
    supports_masking : bool
        Whether the mask of the input is that of the output as well.
    """

    def __init__(
        self,
        *,
        trainable: bool = True,
        dtype: str | None = None,
        name: str | None = None,
        input_shape: tuple[int, ...] | None = None,
        input_dim: int | None = None,
        activity_regularizer: None = None,
        autocast: bool = True,
    ) -> None:
        refuse(activity_regularizer=activity_regularizer)
        if input_dim is not None:
            input_shape = (dimension(input_dim, "input_dim"),)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"name: expected a string, got {name!r}")
        if dtype is not None:
            config.check_floatx(dtype, "dtype")
        self.name = name or unique_name(type(self))
        self.dtype = dtype
        self.input_shape: tuple[Any, ...] | None = None if input_shape is None else row_shape(input_shape)
        self.built = False
        self._built_for: Shape | None = None
        self._trainable = bool(trainable)
        self._variables: list[Variable] = []
        self._alone: Sequential | None = None

    # What a layer defines, besides its arguments.

    supports_masking = False

    def emit_mask(self, plan: Plan, x: Value) -> Value | None:
        """Return the mask of the output: that of the input, where the layer `supports_masking`."""
        return x.mask if self.supports_masking else None

    def check_input(self, x: NDArray[np.floating], name: str) -> None:
        """Refuse rows that the layer cannot take, as the first of a model, before anything runs."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        """Make the weights for rows of `input_shape`."""

    def emit(self, plan: Plan, x: Value) -> Value:
        """Append the layer's steps to `plan` and return its output."""
        raise TypeError(f"{type(self).__name__} defines no emit(plan, x): it cannot be part of a model")

    def output_row(self, input_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of a row of the output for rows of `input_shape`."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return what `from_config` makes an equal layer of."""
        config: dict[str, Any] = {"name": self.name, "trainable": self._trainable, "dtype": self.dtype}
        if self.input_shape is not None:
            config["input_shape"] = list(self.input_shape)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a layer of what `get_config` returned; its weights are new."""
        return cls(**config)

    # What a layer gets.

    def add_weight(
        self,
        shape: tuple[int, ...],
        initializer: initializers.InitializerFunction,
        name: str,
        trainable: bool = True,
        regularizer: regularizers.Regularizer | None = None,
    ) -> Variable:
        """Make a weight, or find the one of that name; to be called in `build`."""
        for variable in self._variables:
            if variable.name == name:
                if variable.shape != shape:
                    raise ValueError(f"input: {name!r} has shape {variable.shape}, these rows need {shape}")
                return variable
        value = initial_value(initializer, shape, self.compute_dtype)
        if value.shape != shape:
            raise ValueError(f"{name}_initializer: expected an array of shape {shape}, got {value.shape}")
        variable = Variable(np.array(value, self.compute_dtype), name, trainable, regularizer)
        variable.trainable = trainable and self._trainable
        self._variables.append(variable)
        return variable

    @property
    def compute_dtype(self) -> str:
        """The dtype that the layer computes in."""
        return self.dtype or config.floatx()

    @property
    def trainable(self) -> bool:
        """Whether optimizers change the layer's weights; set it before `compile`."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for variable in self._variables:
            variable.trainable = variable.learns and self._trainable

    @property
    def weights(self) -> list[Variable]:
        """All weights: the trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    variables = weights

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that optimizers change."""
        return [v for v in self._variables if v.trainable]

    trainable_variables = trainable_weights

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that optimizers leave alone."""
        return [v for v in self._variables if not v.trainable]

    non_trainable_variables = non_trainable_weights

    def get_weights(self) -> list[NDArray[np.floating]]:
        """Return copies of all weights, in the order of `weights`."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: list[ArrayLike]) -> None:
        """Set all weights.

        Parameters
        ----------
        weights : list of array_like
            In the order and of the shapes that `get_weights` returns.

        Raises
        ------
        ValueError
            If number or shapes differ; then no weight has changed.
        """
        set_values(self.weights, weights, self.name)

    def count_params(self) -> int:
        """Return the number of elements of all weights.

        Raises
        ------
        ValueError
            If the layer has not been built.
        """
        if not self.built:
            raise ValueError(f"layer {self.name!r} has no weights yet: call it on data or build it first")
        return sum(v.size for v in self._variables)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the output's shape, batch dimension first, for an input's shape."""
        return (input_shape[0], *self.output_of(row_shape(input_shape[1:])))

    def output_of(self, row: Shape) -> Shape:
        """Return `output_row` of a shape with dimensions of None; so are those that depend on them."""
        first, second = (self.output_row(of_length(row, n)) for n in LENGTHS)
        return tuple(m if m == n else None for m, n in zip(first, second, strict=True))

    def build_once(self, input_shape: Shape) -> None:
        """Build for rows of `input_shape`; where weights exist, check that they fit.

        Raises
        ------
        ValueError
            If the rows do not fit, or weights depend on a dimension that is None.
        """
        if None in input_shape:
            self._build_of_any_length(input_shape)
        elif self._built_for != input_shape:
            self.build(input_shape)  # type: ignore[arg-type]
            self._built_for, self.built = input_shape, True

    def _build_of_any_length(self, input_shape: Shape) -> None:
        before = len(self._variables)
        self.build_once(of_length(input_shape, LENGTHS[0]))
        try:
            self.build_once(of_length(input_shape, LENGTHS[1]))
        except ValueError:
            if not before:
                self._variables.clear()
                self._built_for, self.built = None, False
            raise ValueError(
                "its weights depend on a dimension that is None; give the input a fixed size there"
            ) from None

    def append(self, plan: Plan, x: Value) -> Value:
        """Append the layer's steps to `plan`, for rows like x, and return its output with its mask."""
        self.build_once(x.shape)
        mask = self.emit_mask(plan, x)
        y = self.emit(plan, x)
        y.mask = mask
        return y

    def __call__(self, x: ArrayLike, training: bool = False) -> NDArray[np.floating]:
        """Apply the layer to an array, as a model of its own; it is built if need be.

        Parameters
        ----------
        x : array_like
            (rows, ...).
        training : bool, default False
            Whether layers such as `Dropout` act.

        Returns
        -------
        ndarray
        """
        if self._alone is None or self._alone.input_row != np.shape(x)[1:]:
            from ..models import Sequential

            self._alone = Sequential([self], name=self.name)
        return self._alone(x, training=training)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r} built={self.built}>"


def set_values(variables: list[Variable], weights: list[ArrayLike], owner: str) -> None:
    """Assign arrays to variables, all or none."""
    arrays = [np.asarray(w) for w in weights]
    if len(arrays) != len(variables):
        raise ValueError(f"weights: expected {len(variables)} arrays for {owner!r}, got {len(arrays)}")
    for i, (variable, array) in enumerate(zip(variables, arrays, strict=True)):
        if array.shape != variable.shape:
            raise ValueError(
                f"weights[{i}]: expected shape {variable.shape} for {variable.name!r}, got {array.shape}"
            )
        if array.dtype.kind not in "fiub":
            raise TypeError(f"weights[{i}]: expected numbers, got dtype {array.dtype}")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)


registry: Registry[Layer] = Registry("layer", Layer)
