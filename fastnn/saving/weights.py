"""Files of weights, and the weights in files of models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from ..interop.formats import format_by_name, format_of
from ..kernels.core.weight_access import replace_values
from ..warning import warn
from .container import contents, write
from .errors import ModelFileError, Path, file_name, named_errors, wrapped_errors
from .files import opened, write_bytes
from .names import NamedWeight, named_weights
from .state import RESERVED

__all__ = [
    "LoadReport",
    "assign_weights",
    "compare_weights",
    "load_weights",
    "save_weights",
    "weight_names",
    "weights_document",
]


@dataclass
class LoadReport:
    """Which weights of a model have been set from a file.

    Attributes
    ----------
    loaded : list of str
        The model's weights that have been set.
    missing : list of str
        Those that the file does not have.
    unexpected : list of str
        Those of the file that the model does not have.
    mismatched : list of str
        The model's weights that have another shape in the file, each with both shapes.
    """

    loaded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether any weight did not fit."""
        return bool(self.missing or self.unexpected or self.mismatched)

    def __str__(self) -> str:
        kinds = {
            "not in the file": self.missing,
            "not in the model": self.unexpected,
            "of another shape": self.mismatched,
        }
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names) or "all fit"


def save_weights(model: Any, filepath: Path, overwrite: bool = True) -> None:
    """Write the weights of a model to a file, and nothing else.

    Parameters
    ----------
    model : Model
        Built.
    filepath, overwrite
        See `save_model`.

    Raises
    ------
    ValueError, FileExistsError, OSError
        As `save_model`.

    Examples
    --------
    >>> import tempfile
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2, name="last")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save_weights(f"{folder}/model.weights")
    ...     report = model.load_weights(f"{folder}/model.weights")
    >>> report.loaded
    ['last/kernel', 'last/bias']
    """
    model._refuse_unbuilt()
    if not model._ranks.writes(filepath):
        return
    if (format := format_by_name(filepath)) is not None:
        write_bytes(filepath, format.packed_weights(model), overwrite)
        return
    document, tensors = weights_document(model)
    write(filepath, document | {"kind": "weights"}, tensors, overwrite)


def load_weights(
    model: Any, filepath: Path, skip_mismatch: bool = False, by_name: bool = False
) -> LoadReport:
    """Set the weights of a model from a file that `save_weights` or `save_model` has written.

    A safetensors file of another program is read, too. Its tensors are those weights that have their names,
    such as "features/kernel" or "features.kernel". So are files of Keras: see `fastnn.interop.keras`.

    Layers without a name of their own are matched by their number among the layers of their class, so that a
    file fits any model that the same code makes; others are matched by name. Which weights are trainable
    stays as it is.

    Parameters
    ----------
    model : Model
        Built.
    filepath : str, path or binary file object
        Of `save_weights`, or of a model.
    skip_mismatch : bool, default False
        Whether to set the weights that fit and warn about the others, instead of raising an error.
    by_name : bool, default False
        Whether to match all layers by name, and ignore those that only the file or only the model has.

    Returns
    -------
    LoadReport
        Which weights have been set and which have not.

    Raises
    ------
    ValueError
        If weights do not fit, in which case none has changed, or the model has not been built.
    ModelFileError
        If the file is no safetensors file, or one of fastnn that has been altered.
    OSError
        If there is no such file, or it may not be read.

    Examples
    --------
    >>> import fastnn, io
    >>> layers = fastnn.layers
    >>> def make(classes):
    ...     return fastnn.Sequential(
    ...         [fastnn.Input((4,)), layers.Dense(8, name="features"), layers.Dense(classes, name="head")]
    ...     )
    >>> file = io.BytesIO()
    >>> save_weights(make(10), file)
    >>> _ = file.seek(0)
    >>> load_weights(make(3), file)
    Traceback (most recent call last):
    ...
    ValueError: ... of another shape: head/kernel (8, 3), in the file (8, 10), head/bias (3,), in ...
    """
    with named_errors(filepath), opened(filepath) as file:
        format = format_of(filepath, file)
        if format is not None:
            model._refuse_unbuilt()
            report = format.fit_weights(model, file.read_rest(), by_name, by_name or skip_mismatch)
            _check_report(report, model, filepath, skip_mismatch, by_name)
            return report
        document, tensors = contents(file)
    model._refuse_unbuilt()
    with wrapped_errors(filepath):
        weights = named_weights(model)
        if document is None:
            tensors = _by_path(tensors, weights)
            names = [(path, path) for path in tensors]
        else:
            names = weight_names(document, tensors)
        paths = by_name or document is None
        report = compare_weights(weights, names, tensors, paths)
    _check_report(report, model, filepath, skip_mismatch, by_name)
    fitting = set(report.loaded)
    assign_weights([weight for weight in weights if weight.path in fitting], names, tensors, paths)
    return report


def _check_report(report: LoadReport, model: Any, filepath: Path, skip_mismatch: bool, by_name: bool) -> None:
    """Raise a `ValueError` or warn, if not all weights fit."""
    wrong = bool(report.mismatched) if by_name else report.differs
    if wrong and not skip_mismatch:
        raise ValueError(f"{file_name(filepath)}: the weights are not those of {model.name!r}: {report}")
    if report.differs and skip_mismatch:
        warn(f"{file_name(filepath)}: not all weights were set: {report}")


def weight_names(document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> list[tuple[str, str]]:
    """Return path and structure of each weight that the document of a file lists.

    Raises
    ------
    ModelFileError
        If a weight is not in the file, or is listed more than once: the memory that a file can ask for is
        bounded by its tensors.
    """
    names = [(path, structure) for path, structure in document["weights"]]
    for kind, listed in zip(("path", "structure"), zip(*names, strict=True), strict=False):
        if len(set(listed)) < len(listed):
            raise ModelFileError(
                f"weights: expected each {kind} once, got {Counter(listed).most_common(1)!r:.80}"
            )
    missing = [path for path, _ in names if path not in tensors]
    if missing:
        raise ModelFileError(f"weights: {missing[0]!r:.80} is not in the file")
    return names


def _by_path(tensors: Mapping[str, NDArray[Any]], weights: list[NamedWeight]) -> dict[str, NDArray[Any]]:
    """Return the tensors of another program by the paths of weights, where dots may separate the names."""
    path_of = {weight.path.replace("/", "."): weight.path for weight in weights}
    return {path_of.get(name, name): tensor for name, tensor in tensors.items()}


def weights_document(model: Any) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the part of a file's document that lists the weights, and the weights by name."""
    from .. import __version__

    weights = named_weights(model)
    if weights and not model.built:
        raise ValueError(
            f"model {model.name!r} has not been built, though {weights[0].path!r} has: call it on data, or "
            "build(input_shape)"
        )
    for weight in weights:
        if weight.path.startswith(RESERVED):
            raise ValueError(f"name: layers may not be called {RESERVED!r}, got {weight.path!r}")
    names = [[weight.path, weight.structure] for weight in weights]
    return {"fastnn": __version__, "weights": names}, {w.path: w.variable.value for w in weights}


def compare_weights(
    weights: list[NamedWeight],
    names: list[tuple[str, str]],
    tensors: Mapping[str, NDArray[Any]],
    by_name: bool = False,
) -> LoadReport:
    """Compare the weights of a model with those of a file.

    Parameters
    ----------
    weights : list of NamedWeight
        Of the model.
    names : list of (path, structure)
        Of the weights in the file.
    tensors : dict of ndarray
        The file's tensors by path.
    by_name : bool, default False
        Whether to match weights by path instead of structure.
    """
    report = LoadReport()
    in_file = {path if by_name else structure: tensors[path] for path, structure in names}
    for weight in weights:
        found = in_file.pop(weight.path if by_name else weight.structure, None)
        if found is None:
            report.missing.append(weight.path)
        elif found.shape != weight.variable.shape or found.dtype.kind not in "fiub":
            shapes = f"{weight.variable.shape}, in the file {found.shape}"
            report.mismatched.append(f"{weight.path} {shapes}")
        else:
            report.loaded.append(weight.path)
    report.unexpected.extend(in_file)
    return report


def assign_weights(
    weights: list[NamedWeight],
    names: list[tuple[str, str]],
    tensors: Mapping[str, NDArray[Any]],
    by_name: bool = False,
) -> None:
    """Set weights that have been compared with those of a file."""
    path_of = {path if by_name else structure: path for path, structure in names}
    replace_values(
        [weight.variable for weight in weights],
        [tensors[path_of[weight.path if by_name else weight.structure]] for weight in weights],
    )
