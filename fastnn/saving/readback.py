"""Trial readings: what is written can be read."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..custom_objects import CustomObjectScope
from ..naming import separate_names
from ..utils.random import separate_seeds
from .configurations import check_size

__all__ = ["check_readable"]


def check_readable(
    document: dict[str, Any], tensors: dict[str, NDArray[Any]], custom_objects: Mapping[str, Any]
) -> None:
    """Check that a model can be read from what is to be written.

    Where only classes of fastnn are described, tests have shown that. Classes of the program are tried.

    Parameters
    ----------
    document, tensors
        What the file is going to hold.
    custom_objects : dict
        The classes and functions of the program that the document names.

    Raises
    ------
    ValueError
        If the model cannot be read.
    TypeError
        If JSON cannot hold the document.
    """
    from .models import restored_model

    check_size(document["model"])
    if not custom_objects:
        return
    described = json.loads(json.dumps(document))
    try:
        with _without_traces(), CustomObjectScope(custom_objects):
            restored_model(described, tensors, compile=True)
    except Exception as error:
        names = ", ".join(sorted(custom_objects))
        raise ValueError(
            f"model: it could not be read back, so it has not been written: {type(error).__name__}: {error} "
            f"(its own classes and functions: {names:.200}; from_config has to take what get_config returns)"
        ) from error


@contextmanager
def _without_traces() -> Iterator[None]:
    """Leave the program's names and random numbers as they are."""
    python, global_numpy = random.getstate(), np.random.get_state()
    try:
        with separate_names(), separate_seeds():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(global_numpy)
