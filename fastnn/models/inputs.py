"""How the inputs of a model are arranged: in lists, tuples, dicts and arguments of `call`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import Parameter, signature
from typing import Any

from ..conversion import as_numbers, shape_of
from ..data.validation import is_structure, ordered_inputs, split_inputs
from ..graph.graph import SymbolicTensor, flat_keys, leaves, mapped, rebuilt
from ..layers import Layer
from ..layers.base.custom_layer import tensor_shapes, tensors_in_call
from ..layers.base.shapes import check_sample_shape, is_shape
from ..pickling import Picklable

# Arguments of `call` that are no inputs.
_NO_INPUTS = ("training", "mask")


@dataclass(frozen=True)
class InputStructure(Picklable):
    """The places of a model's inputs, with the name of each in its place.

    Parameters
    ----------
    first : str, or list, tuple or dict of them, nested at will
        What the model is called on.
    others : dict
        The same for further arguments of `call`, by their names.
    argument : str, default "x"
        The name of the first argument.

    Examples
    --------
    >>> places = InputStructure({"image": "image", "rest": ("first", "second")})
    >>> places.names
    ['image', 'first', 'second']
    >>> places.arranged([1, 2, 3])
    ({'image': 1, 'rest': (2, 3)}, {})
    >>> places.flat({"rest": [2, 3], "image": 1}), places.flat([1, 2, 3])
    ([1, 2, 3], [1, 2, 3])
    """

    first: Any
    others: dict[str, Any] = field(default_factory=dict)
    argument: str = "x"

    @classmethod
    def of_shapes(cls, input_shape: Any, options: Mapping[str, Any], argument: str) -> InputStructure:
        """Make the structure of a call on inputs of this shape with these other arguments."""
        others = {
            key: named_places(tensor_shapes(value), key) for key, value in other_inputs(options).items()
        }
        return cls(named_places(input_shape, argument if others else ""), others, argument)

    @classmethod
    def of_tensors(cls, inputs: Any) -> InputStructure:
        """Make the structure of symbolic inputs: keys of a dict are their names, or else the layers'."""
        named = mapped(lambda tensor: tensor.name, inputs)
        if isinstance(inputs, dict):
            named = {
                key: str(key) if isinstance(inputs[key], SymbolicTensor) else part
                for key, part in named.items()
            }
        return cls(named)

    @property
    def names(self) -> list[str]:
        """The names of the inputs in their order."""
        return list(leaves(self.whole))

    @property
    def whole(self) -> Any:
        """The structure of all inputs: a dict by arguments if there are several."""
        return {self.argument: self.first, **self.others} if self.others else self.first

    @property
    def keys(self) -> tuple[Any, ...] | None:
        """The keys by which a dict without others inside gives the inputs; None where they are nested."""
        return flat_keys(self.whole)

    def arranged(self, parts: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
        """Return what stands for the inputs in the first argument of a call, and in the others by name."""
        rest = iter(parts)
        x, options = mapped(lambda _: next(rest), [self.first, self.others], str)
        return x, options

    def flat(self, x: Any) -> list[Any]:
        """Return symbolic tensors, values of a plan or shapes in the order of the inputs.

        They may be arranged as in the structure, or be a list, or a dict by the names of inputs.

        Raises
        ------
        ValueError
            If they are neither.
        """
        found = _along(self.whole, x)
        if found is not None and not (isinstance(self.whole, str) and isinstance(x, (list, dict))):
            return found
        return self._in_order(x)

    def takes(self, x: Any) -> bool:
        """Return whether x may be all inputs, rather than the first argument of a `call` that takes more."""
        if not self.others or _along(self.whole, x) is not None:
            return True
        return isinstance(x, (dict, list, tuple)) and len(x) == len(self.names)

    def split(self, x: Any, ndims: list[int]) -> list[Any]:
        """Return array-likes in the order of the inputs, arranged as for `flat`; numbers may be in lists.

        Parameters
        ----------
        x : array_like, or structure of them
        ndims : list of int
            Dimensions of a sample of each input.
        """
        names = self.names
        if isinstance(x, dict) or (len(names) > 1 and isinstance(x, (list, tuple))):
            found = None if isinstance(self.whole, str) else _along(self.whole, x)
            return self._in_order(x) if found is None else found
        return split_inputs(x, names, ndims)

    def _in_order(self, x: Any) -> list[Any]:
        """Return what a flat list, or a dict by the names of inputs, holds."""
        try:
            return ordered_inputs(list(x) if isinstance(x, tuple) and not is_shape(x) else x, self.names)
        except ValueError as error:
            whole = self.whole
            parts = whole.values() if isinstance(whole, dict) else whole
            if isinstance(whole, str) or all(isinstance(part, str) for part in parts):
                raise
            raise ValueError(f"{error}; they are arranged as {whole}") from None


def other_inputs(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call, besides the first, that hold tensors."""
    return {key: value for key, value in options.items() if key not in _NO_INPUTS and tensors_in_call(value)}


def spread(model: Layer, x: Any) -> tuple[Any, dict[str, Any]]:
    """Return inputs as the arguments of a `call` that requires several: the first, and others by name.

    Lists are taken by position and dicts by name, as by `fit`, which has one x for all inputs.

    Parameters
    ----------
    model : Layer
        With a `call` of its own.
    x : structure of arrays, tensors or shapes
    """
    parameters = list(signature(type(model).call).parameters.values())[1:]
    named = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in named and p.name not in _NO_INPUTS]
    required = [p.name for p in parameters if p.name in names and p.default is Parameter.empty]
    if len(required) > 1:
        if isinstance(x, dict) and set(required) <= x.keys() <= set(names):
            return x[names[0]], {name: x[name] for name in names[1:] if name in x}
        several = isinstance(x, (list, tuple)) and not is_shape(x)
        if several and len(required) <= len(x) <= len(names):
            return x[0], dict(zip(names[1:], x[1:], strict=False))
    return x, {}


def as_inputs(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of a call with arrays in the place of rows of numbers that are written as lists."""
    return {
        key: as_numbers(value, key) if _is_table(value) and key not in _NO_INPUTS else value
        for key, value in options.items()
    }


def sample_shapes_of(x: Any) -> Any:
    """Return the shapes of samples of arrays in lists, tuples and dicts.

    Raises
    ------
    ValueError
        If there is something without samples.
    """
    if isinstance(x, dict):
        return {key: sample_shapes_of(part) for key, part in x.items()}
    if is_structure(x):
        return rebuilt(x, [sample_shapes_of(part) for part in x])
    shape = shape_of(x, "x")
    if not shape:
        raise ValueError(f"x: expected rows, got {x!r:.80}")
    return check_sample_shape(shape[1:], "x")


def _is_table(value: Any) -> bool:
    """Return whether a value is a list of lists of numbers."""
    rows = value if isinstance(value, list) else [None]
    return bool(rows) and all(isinstance(row, list) for row in rows) and not tensors_in_call(value)


def named_places(shapes: Any, path: str) -> Any:
    """Return a structure with a name for each shape: its keys and numbers behind the path."""
    if is_shape(shapes):
        return path or "input_0"
    if isinstance(shapes, dict):
        before = f"{path}_" if path else ""
        return {key: named_places(part, f"{before}{key}") for key, part in shapes.items()}
    return rebuilt(shapes, [named_places(part, f"{path or 'input'}_{i}") for i, part in enumerate(shapes)])


def _along(form: Any, given: Any) -> list[Any] | None:
    """Return the parts of what is arranged like a structure, in its order; None if it is not."""
    if isinstance(form, str):
        return [given]
    if isinstance(form, dict) and isinstance(given, dict):
        pairs: Iterator[Any] = ((part, given.get(key)) for key, part in form.items())
        if not form.keys() <= given.keys():
            return None
    elif isinstance(given, (list, tuple)) and len(given) == len(form) and not is_shape(given):
        pairs = zip(form.values() if isinstance(form, dict) else form, given, strict=True)
    else:
        return None
    found: list[Any] = []
    for part, value in pairs:
        parts = _along(part, value)
        if parts is None:
            return None
        found += parts
    return found
