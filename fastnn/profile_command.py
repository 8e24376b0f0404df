"""`fastnn profile`: time the steps of a model in a file, on random samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .layers import CategoryEncoding, Embedding
from .layers.base.trainable import flatten_parts
from .models import Model, load_model

if TYPE_CHECKING:
    from .training.profile_table import Profile

__all__ = ["run"]


def run(file: Path, batch_size: int = 32, length: int | None = None, training: bool = False) -> Profile:
    """Profile the model of a file.

    Parameters
    ----------
    file : Path
        As `Model.save` writes it.
    batch_size : int, default 32
        Samples to make.
    length : int, optional
        Of the axes of the inputs that may have any length.
    training : bool, default False
        Whether to time a training step instead of a prediction.

    Returns
    -------
    Profile

    Raises
    ------
    ValueError
        If the file is no model file, or the model cannot be profiled.
    """
    model: Model = load_model(file)
    if not model.built:
        raise ValueError(f"{file}: the model has not been built, so the shape of its input is not known")
    if training and not model.compiled:
        raise ValueError(f"{file}: the model has not been compiled, so it has no training step")
    return model.profile(samples_for(model, batch_size, length), training=training)


def samples_for(model: Model, batch_size: int, length: int | None = None) -> list[Any]:
    """Return random samples for each input of a model.

    They are normal numbers; or small whole ones, if there are layers that look up rows of a table by them.
    """
    rng = np.random.default_rng(0)
    limits = []
    for part in flatten_parts(model):
        if isinstance(part, Embedding):
            limits.append(part.input_dim)
        elif isinstance(part, CategoryEncoding):
            limits.append(part.num_tokens)
    made = []
    for shape in model._sample_shapes:
        if None in shape and length is None:
            raise ValueError(f"--length: expected one, since samples of shape {shape} may have any")
        full = [batch_size, *(size or length or 0 for size in shape)]
        numbers = rng.integers(0, min(limits), full) if limits else rng.standard_normal(full)
        made.append(numbers.astype(model.dtype))
    return made
