"""Models and weights to files and back."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from ..checks import refuse
from ..custom_objects import CustomObjectScope
from ..variables import values_follow
from .container import ModelFileError, Path, _name, parse, read, write
from .names import NamedWeight, named_weights
from .objects import deserialized, serialized
from .state import RESERVED, get_state, set_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..registry import Registry

__all__ = [
    "LoadReport",
    "clone_model",
    "load_model",
    "load_weights",
    "model_from_json",
    "save_model",
    "save_weights",
    "to_json",
]

# Calls of layers in a model that is read: models in models could make any number of a few bytes.
CALLS = 20_000

# What the constructors of known classes raise where a config is not theirs.
_BAD_CONFIG = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, RecursionError, TypeError,
    ValueError,
)  # fmt: skip


def save_model(model: Any, filepath: Path, overwrite: bool = True) -> None:
    """Write a model to a file: its configuration, weights, and all that its training depends on.

    The file is replaced in one step, when everything is on the disk; until then the old one stays. Any reader
    of safetensors files can read the weights.

    Parameters
    ----------
    model : Model
        Built. If it has been compiled, so will be what `load_model` makes.
    filepath : str, path or binary file object
        Any name will do: "digits.fastnn".
    overwrite : bool, default True
        Whether to replace a file that is there.

    Raises
    ------
    ValueError
        If the model has not been built.
    TypeError
        If the configuration holds what JSON cannot, such as a lambda.
    FileExistsError
        If there is a file and `overwrite` is False.
    OSError
        If it cannot be written.

    Examples
    --------
    >>> import fastnn, numpy as np, pathlib, tempfile
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2, name="first")])
    >>> file = pathlib.Path(tempfile.mkdtemp(), "small.fastnn")
    >>> save_model(model, file)
    >>> again = load_model(file)
    >>> np.array_equal(again.get_weights()[0], model.get_weights()[0])
    True
    """
    document, tensors = described(model)
    write(filepath, document, tensors, overwrite)


def described(model: Any) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return what a file says of a model."""
    document, tensors = weights_of(model)
    state, kept = get_state(model)
    document |= {
        "kind": "model",
        "model": model_config(model),
        "rows": [list(row) for row in model._sample_shapes],
        "compile": compile_config(model),
        "state": state,
    }
    return document, tensors | kept


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
    document, tensors = weights_of(model)
    write(filepath, document | {"kind": "weights"}, tensors, overwrite)


def weights_of(model: Any) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    from .. import __version__

    if not model.built:
        raise ValueError(f"model {model.name!r} has not been built: call it on data, or build(input_shape)")
    weights = named_weights(model)
    for weight in weights:
        if weight.path.startswith(RESERVED):
            raise ValueError(f"name: layers may not be called {RESERVED!r}, got {weight.path!r}")
    names = [[weight.path, weight.structure] for weight in weights]
    return {"fastnn": __version__, "weights": names}, {w.path: w.variable.value for w in weights}


def load_model(
    filepath: Path,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Return the model of a file, in the state in which it was saved.

    The file cannot name code: no function, module, path or address, only classes of fastnn and those passed.

    Parameters
    ----------
    filepath : str, path or binary file object
    custom_objects : dict, optional
        Classes and functions of the program's own that the model uses, by name.
    compile : bool, default True
        Whether to compile the model, if it was, with the state of its optimizer: training goes on bit for
        bit.
    safe_mode : bool, default True
        Accepted for Keras' sake: there is no unsafe mode.

    Returns
    -------
    Model

    Raises
    ------
    ModelFileError
        If it is not a model file as it was written, or names a class that is not known.
    OSError
        If there is no such file, or it may not be read.

    Examples
    --------
    >>> import tempfile
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2, name="last")])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.fastnn")
    ...     again = fastnn.models.load_model(f"{folder}/model.fastnn")
    >>> again.layers[0].name
    'last'
    """
    document, tensors = read(filepath)
    with CustomObjectScope(custom_objects), refusing(filepath):
        if document["kind"] != "model":
            raise ModelFileError("it holds weights and no model; make the model and use load_weights")
        return model_of(document, tensors, compile)


def model_of(document: dict[str, Any], tensors: dict[str, NDArray[Any]], compile: bool) -> Any:
    """Return the model that a file describes."""
    names = [(path, structure) for path, structure in document["weights"]]
    with values_follow(sum(tensors[path].size for path, _ in names)):
        model = model_of_config(document["model"])
        if not model.built:  # its own `call` says what it is made of
            shapes = [(None, *row) for row in document["rows"]]
            model.build(shapes if len(shapes) > 1 else shapes[0])
    weights = named_weights(model)
    report = fitting(weights, names, tensors, "structure")
    if report.differs:
        raise ModelFileError(f"its weights are not those of its model: {report}")
    stored = {structure: tensors[path] for path, structure in names}
    for weight in weights:
        weight.variable.assign(stored[weight.structure])
    compiles = compile and document["compile"] is not None
    if compiles:
        compile_from_config(model, document["compile"])
    set_state(model, document["state"], tensors, compiles)
    return model


@contextmanager
def refusing(filepath: Path) -> Iterator[None]:
    """Turn what known classes say to a config that is not theirs into one error."""
    try:
        yield
    except _BAD_CONFIG as error:
        if isinstance(error, ModelFileError):
            text = str(error)
        else:
            text = f"what it describes is no model: {type(error).__name__}: {error}"
        if "unknown name" in text:
            text += " A class of your own is passed as custom_objects={name: class}."
        raise ModelFileError(f"{_name(filepath)}: {text}") from error


# ---- weights by name ------------------------------------------------------------------------------------


@dataclass
class LoadReport:
    """What became of the weights of a file.

    Attributes
    ----------
    loaded : list of str
        The model's weights that have been set.
    missing : list of str
        Those that the file does not have.
    unexpected : list of str
        What the file has besides.
    mismatched : list of str
        The model's weights that have another shape in the file, each with both shapes.
    """

    loaded: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    mismatched: list[str] = field(default_factory=list)

    @property
    def differs(self) -> bool:
        """Whether anything did not fit."""
        return bool(self.missing or self.unexpected or self.mismatched)

    def __str__(self) -> str:
        kinds = {
            "not in the file": self.missing,
            "not in the model": self.unexpected,
            "of another shape": self.mismatched,
        }
        return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names) or "all fit"


def load_weights(
    model: Any, filepath: Path, skip_mismatch: bool = False, by_name: bool = False
) -> LoadReport:
    """Set the weights of a model to those of a file, written by `save_weights` or `save_model`.

    Layers that were given no name are found by their number among those of their class, so that a model made
    by the same code fits whatever else has been made before; others by their names.

    Parameters
    ----------
    model : Model
        Built.
    filepath : str, path or binary file object
    skip_mismatch : bool, default False
        Whether to set what fits and warn of the rest, rather than to set nothing and raise an error.
    by_name : bool, default False
        Whether to go by the names of all layers, and leave out what only the file or only the model has.

    Returns
    -------
    LoadReport
        What has been set and what has not.

    Raises
    ------
    ValueError
        If weights do not fit, in which case none has changed, or the model has not been built.
    ModelFileError
        If it is not a file as it was written.
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
    document, tensors = read(filepath)
    if not model.built:
        raise ValueError(f"model {model.name!r} has not been built: call it on data, or build(input_shape)")
    with refusing(filepath):
        names = [(path, structure) for path, structure in document["weights"] if path in tensors]
        weights = named_weights(model)
        report = fitting(weights, names, tensors, "path" if by_name else "structure")
    wrong = bool(report.mismatched) if by_name else report.differs
    if wrong and not skip_mismatch:
        raise ValueError(f"{_name(filepath)}: the weights are not those of {model.name!r}: {report}")
    if report.differs and skip_mismatch:
        warnings.warn(f"{_name(filepath)}: not all weights were set: {report}", stacklevel=3)
    where = {names[0 if by_name else 1]: names[0] for names in names}
    for weight in weights:
        if weight.path in report.loaded:
            weight.variable.assign(tensors[where[weight.path if by_name else weight.structure]])
    return report


def fitting(
    weights: list[NamedWeight],
    names: list[tuple[str, str]],
    tensors: Mapping[str, NDArray[Any]],
    key: str,
) -> LoadReport:
    """Compare the weights of a model with those of a file, by "path" or by "structure"."""
    report = LoadReport()
    index = 0 if key == "path" else 1
    in_file = {name[index]: tensors[name[0]] for name in names}
    for weight in weights:
        found = in_file.pop(getattr(weight, key), None)
        if found is None:
            report.missing.append(weight.path)
        elif found.shape != weight.variable.shape or found.dtype.kind not in "fiub":
            shapes = f"{weight.variable.shape}, in the file {found.shape}"
            report.mismatched.append(f"{weight.path} {shapes}")
        else:
            report.loaded.append(weight.path)
    report.unexpected.extend(in_file)
    return report


# ---- configurations -------------------------------------------------------------------------------------


def model_config(model: Any) -> dict[str, Any]:
    """Return what `model_of_config` makes an equal model of, with other weights."""
    from ..layers.base.layer import registry

    config: dict[str, Any] = registry.serialize(model)
    return config


def model_of_config(config: Any) -> Any:
    """Return the model that a configuration describes."""
    from ..layers.base.layer import registry
    from ..models import Model

    if calls_in(config) > CALLS:
        raise ValueError(f"expected a model of at most {CALLS} calls of layers, got {calls_in(config)}")
    model = registry.deserialize(config)
    if not isinstance(model, Model):
        raise ValueError(f"expected the configuration of a model, got that of {model!r:.80}")
    return model


def calls_in(config: Any) -> int:
    """Return how many calls of layers a configuration makes: a model inside counts at each of its calls."""
    if isinstance(config, list):
        return sum(map(calls_in, config))
    if not isinstance(config, dict):
        return 0
    if "nodes" not in config:
        return ("class_name" in config) + sum(map(calls_in, config.values()))
    of_layer = {described["config"]["name"]: calls_in(described) for described in config["layers"]}
    return sum(of_layer[node["layer"]] for node in config["nodes"])


# What a model keeps of the arguments of `compile`, beside the optimizer.
_COMPILED = ("loss", "loss_weights", "metrics", "weighted_metrics")


def compile_config(model: Any) -> dict[str, Any] | None:
    """Return what `compile_from_config` compiles an equal model with, None for one that has not been."""
    from .. import losses, metrics, optimizers

    if model._compile_spec is None:
        return None
    tables: dict[str, Registry[Any]] = {"loss": losses.registry, "metric": metrics.registry}
    return {
        "optimizer": optimizers.serialize(model._compile_spec.optimizer),
    } | {
        name: serialized(value, tables)
        for name, value in ((name, getattr(model._compile_spec, name)) for name in _COMPILED)
    }


def compile_from_config(model: Any, config: dict[str, Any]) -> None:
    """Compile a model as another has been."""
    from .. import losses, metrics, optimizers

    tables: dict[str, Registry[Any]] = {"loss": losses.registry, "metric": metrics.registry}
    optimizer = optimizers.deserialize(config["optimizer"])
    model.compile(optimizer, **{name: deserialized(config[name], tables) for name in _COMPILED})


def to_json(model: Any, **kwargs: Any) -> str:
    """Return the configuration of a model, without its weights.

    Parameters
    ----------
    model : Model
    **kwargs
        See `json.dumps`.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)])
    >>> text = model.to_json(indent=2)
    >>> fastnn.models.model_from_json(text).count_params()
    8
    """
    return json.dumps(model_config(model), **kwargs)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return a model of the configuration that `to_json` returned; its weights are new.

    Parameters
    ----------
    json_string : str
    custom_objects : dict, optional
        Classes and functions of the program's own that the model uses, by name.

    Raises
    ------
    ModelFileError
        If it is no such configuration, or names a class that is not known.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
    >>> model_from_json(to_json(model)).output_shape
    (None, 2)
    """
    with CustomObjectScope(custom_objects), refusing("json_string"):
        return model_of_config(parse(json_string.encode("utf-8", "surrogatepass")))


def clone_model(
    model: Any, input_tensors: None = None, clone_function: Callable[[Any], Any] | None = None
) -> Any:
    """Return a model of the same configuration, with layers and weights of its own.

    Parameters
    ----------
    model : Model
    input_tensors
        Accepted as Keras has it, at its default only: call the clone on other tensors instead.
    clone_function : callable, optional
        From a layer of the model to that of the clone; by default ``layer.from_config(layer.get_config())``.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
    >>> clone_model(model).layers[0] is model.layers[0]
    False
    """
    from ..layers.base import custom_layer
    from ..models import Model

    def copied(layer: Any) -> Any:
        inner = isinstance(layer, Model)
        return clone_model(layer) if inner else type(layer).from_config(layer.get_config())

    refuse(input_tensors=input_tensors)
    config = model.get_config()
    if custom_layer.is_written(model):
        return type(model).from_config(config)
    return type(model)._of_layers(config, [(clone_function or copied)(layer) for layer in model._sublayers])
