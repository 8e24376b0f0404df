"""`Embedding`: a learned vector for each of a number of things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..checks import refuse
from ..conversion import as_numbers
from .base.layer import Layer, registry
from .base.shapes import Shape, dimension
from .base.weight_spec import WeightSpec, spec_attributes, specs_config

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

EXACT = {"float32": 2**24, "float64": 2**53}  # whole numbers up to here are exact in inputs


@registry.add
class Embedding(Layer):
    """y = table[x]: the row of a learned table for each whole number of the input.

    Parameters
    ----------
    input_dim : int
        Rows of the table: inputs are from 0 to input_dim - 1.
    output_dim : int
        Width of the table.
    embeddings_initializer : default "uniform"
        Initializer of the table (input_dim, output_dim).
    embeddings_regularizer : default None
        A penalty added to the loss.
    embeddings_constraint : default None
        Projection applied after each update, see `fastnn.constraints`.
    lora_rank, lora_alpha, quantization_config : None
        Kept for Keras compatibility; only the defaults are accepted.
    mask_zero : bool, default False
        Whether a 0 stands for a step that does not count: then layers that take a mask leave it out.
    weights : array_like, optional
        The table to start from, (input_dim, output_dim), or a list of it.
    **kwargs
        See `Layer`.

    Raises
    ------
    ValueError
        If an input is not a whole number from 0 to input_dim - 1; then nothing has been read or changed. If
        input_dim is more than the dtype of the inputs tells apart: 2**24 in float32.

    Notes
    -----
    Input is (rows, ...) whole numbers, in any dtype, output (rows, ..., output_dim). Only the rows of
    the table that occur in a batch get gradients.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.Embedding(3, 2, weights=[[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]])
    >>> layer(np.array([[2, 1]]))
    array([[[3., 4.],
            [1., 2.]]], dtype=float32)
    """

    _stepwise = True

    embeddings_initializer, embeddings_regularizer, embeddings_constraint = spec_attributes()
    lora_rank = lora_alpha = quantization_config = None

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: None = None,
        lora_alpha: None = None,
        quantization_config: None = None,
        **kwargs: Any,
    ) -> None:
        length = kwargs.pop("input_length", None)
        if length is not None:
            kwargs["input_shape"] = (length,)
        super().__init__(**kwargs)
        refuse(
            lora_rank=lora_rank,
            lora_alpha=lora_alpha,
            quantization_config=quantization_config,
        )
        self.input_dim = dimension(input_dim, "input_dim")
        self.output_dim = dimension(output_dim, "output_dim")
        WeightSpec(embeddings_initializer, embeddings_regularizer, embeddings_constraint).set_on(
            self, "embeddings"
        )
        self.mask_zero = self.supports_masking = bool(mask_zero)
        self._initial = None if weights is None else self._table(weights)

    def _table(self, weights: Any) -> NDArray[np.floating]:
        table = as_numbers(weights, "weights").astype(float)
        table = table[0] if table.ndim == 3 and len(table) == 1 else table
        if table.shape != (self.input_dim, self.output_dim):
            raise ValueError(
                f"weights: expected shape ({self.input_dim}, {self.output_dim}), got {table.shape}"
            )
        return table

    def build(self, input_shape: Shape | None = None) -> None:
        """Make `embeddings` (input_dim, output_dim)."""
        limit = EXACT[self.compute_dtype]
        if self.input_dim > limit:
            raise ValueError(
                f"input_dim: expected at most {limit} in {self.compute_dtype}, got {self.input_dim}; "
                "inputs are numbers of that dtype, and it does not tell larger ones apart"
            )
        self.embeddings = WeightSpec.of(self, "embeddings").add_to(
            self, (self.input_dim, self.output_dim), "embeddings"
        )
        if self._initial is not None:
            self.embeddings.assign(self._initial)
            self._initial = None

    def _check_input(self, x: NDArray[np.floating], name: str) -> None:
        """Refuse what is not a number of a row of the table."""
        from ..kernels.ops import embedding

        embedding.check(x, self.input_dim, name)

    def _emit_mask(self, plan: Plan, x: Value) -> Value | None:
        """Return 1 where the input is not 0, with `mask_zero`."""
        from ..kernels.ops import masking

        return masking.emit_mask(plan, x, 0.0, 1) if self.mask_zero else None

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the rows of the table."""
        from ..kernels.ops import embedding

        return embedding.emit(plan, x, self.embeddings)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Add the width of the table."""
        return (*input_shape, self.output_dim)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, but `weights`."""
        return (
            super().get_config()
            | specs_config(self, "embeddings")
            | {
                "input_dim": self.input_dim,
                "output_dim": self.output_dim,
                "mask_zero": self.mask_zero,
            }
        )
