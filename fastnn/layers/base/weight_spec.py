"""`WeightSpec`: initializer, regularizer and constraint of a weight as one object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from ... import constraints, initializers, regularizers

if TYPE_CHECKING:
    from ...variables import Variable
    from .layer import Layer
    from .shapes import Shape

# The fields of a spec, and where each is looked up and serialized.
TABLES: dict[str, Any] = {
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}


class WeightSpec:
    """Initializer, regularizer and constraint of a weight.

    An object of which it describes a weight has the three as attributes, such as `kernel_initializer`,
    `kernel_regularizer` and `kernel_constraint`, which users may set before the weight is made.

    Parameters
    ----------
    initializer : str, callable or Initializer
    regularizer : str, callable or Regularizer, optional
    constraint : str, callable or Constraint, optional

    Examples
    --------
    >>> import fastnn
    >>> layer = fastnn.layers.Dense(2, kernel_regularizer="l2")
    >>> WeightSpec.of(layer, "kernel").regularizer is layer.kernel_regularizer
    True
    """

    def __init__(self, initializer: Any, regularizer: Any = None, constraint: Any = None) -> None:
        self.initializer = initializers.get(initializer)
        self.regularizer = regularizers.get(regularizer)
        self.constraint = constraints.get(constraint)

    @classmethod
    def of(cls, owner: Any, prefix: str) -> Self:
        """Return the spec that the attributes of a layer or cell make.

        Parameters
        ----------
        owner : Layer or Cell
        prefix : str
            What the names of the attributes begin with: "kernel".
        """
        return cls(**{field: getattr(owner, f"{prefix}_{field}") for field in TABLES})

    def set_on(self, owner: Any, prefix: str) -> None:
        """Set the attributes of a layer or cell, in its constructor."""
        vars(owner).update({f"{prefix}_{field}": getattr(self, field) for field in TABLES})

    def add_to(self, layer: Layer, shape: Shape, name: str, initializer: Any = None) -> Variable:
        """Make a weight of a layer, or return the one that it has of that name.

        Parameters
        ----------
        layer : Layer
        shape : tuple of int
        name : str
        initializer : callable, optional
            Used instead of that of the spec.
        """
        return layer.add_weight(
            shape,
            initializer or self.initializer,
            name,
            regularizer=self.regularizer,
            constraint=self.constraint,
        )


class SpecAttribute:
    """An attribute of a layer or cell that is a field of a `WeightSpec`; checked when it is set."""

    def __set_name__(self, cls: type, name: str) -> None:
        self._name, self._table = name, TABLES[name.rpartition("_")[2]]

    def __get__(self, owner: Any, cls: type | None = None) -> Any:
        if owner is None:
            return self
        try:
            return vars(owner)[self._name]
        except KeyError:
            raise AttributeError(f"{type(owner).__name__!r} object has no attribute {self._name!r}") from None

    def __set__(self, owner: Any, value: Any) -> None:
        vars(owner)[self._name] = self._table.get(value)


def spec_attributes() -> tuple[SpecAttribute, SpecAttribute, SpecAttribute]:
    """Return the attributes for initializer, regularizer and constraint of a weight."""
    return SpecAttribute(), SpecAttribute(), SpecAttribute()


def specs_config(owner: Any, *prefixes: str) -> dict[str, Any]:
    """Return the arguments of a constructor that specs stand for.

    Parameters
    ----------
    owner : Layer or Cell
    *prefixes : str
        What the names of the attributes begin with: "kernel", "bias".
    """
    return {
        f"{prefix}_{field}": table.serialize(getattr(owner, f"{prefix}_{field}"))
        for prefix in prefixes
        for field, table in TABLES.items()
    }
