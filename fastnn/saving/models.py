"""Files of models: configuration, weights, and the state of training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from ..custom_objects import CustomObjectScope, noted_custom_objects
from ..interop.formats import format_by_name, format_of
from ..variables import values_follow
from .configurations import compile_config, compile_from_config, model_config, model_from_config
from .container import model_contents, write
from .errors import ModelFileError, Path, named_errors, wrapped_errors
from .files import opened, write_bytes
from .inner_models import get_inner_models, set_inner_models
from .metadata import get_metadata, set_metadata
from .names import named_weights
from .readback import check_readable
from .state import get_state, set_state
from .trainability import set_frozen_parts
from .values import described_config, restored_config
from .weights import assign_weights, compare_weights, weight_names, weights_document

__all__ = ["load_model", "restored_model", "save_model"]


def save_model(
    model: Any,
    filepath: Path,
    overwrite: bool = True,
    zipped: None = None,
    include_optimizer: bool = True,
) -> None:
    """Write a model to a file: its configuration, its weights, and the state of its training.

    Classes and functions of the program are named in the file, and not part of it: they are registered where
    it is read, or passed as `custom_objects`. A model with such parts is made once more from what is to be
    written, before it is: a file that is there can be read.

    The file is replaced in one step, after everything is on the disk; until then the old one stays. Any
    reader of safetensors files can read the weights.

    Parameters
    ----------
    model : Model
        If it has been compiled, so is the model that `load_model` returns, as are models inside of it.
    filepath : str, path or binary file object
        With any extension: "digits.fastnn". Names that end in ".keras" or ".h5" get a file of Keras, which
        needs h5py: see `fastnn.interop.keras`; those in ".onnx" what `Model.export` writes. Of the ranks that
        `fastnn.distributed` trains a model on, only the first writes to a path; the others go on at once.
    overwrite : bool, default True
        Whether to replace an existing file.
    zipped
        Ignored; kept for Keras compatibility: a model is one file.
    include_optimizer : bool, default True
        Whether the file holds the arguments of `compile` and the state of the optimizer. Without them it is
        a third of the size after training with Adam, and the model of the file has not been compiled.

    Raises
    ------
    ValueError
        If the model could not be read back: it is too large a graph, or what `get_config` of a class of the
        program returns does not make an equal object.
    TypeError
        If the configuration holds something that a file cannot, such as a lambda.
    NotImplementedError
        If a class of the program needs a `get_config` to be described.
    FileExistsError
        If the file exists and `overwrite` is False.
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
    from ..models import Model

    if not isinstance(model, Model):
        raise TypeError(f"model: expected a model, got {model!r:.80}")
    if not model._ranks.writes(filepath):
        return
    if (format := format_by_name(filepath)) is not None:
        write_bytes(filepath, format.packed_model(model, include_optimizer), overwrite)
        return
    with noted_custom_objects() as custom_objects:
        document, tensors = weights_document(model)
        state, state_tensors = get_state(model, include_optimizer)
        inner, inner_tensors = get_inner_models(model) if include_optimizer else ({}, {})
        state_tensors |= inner_tensors
        document |= {
            "kind": "model",
            "model": model_config(model),
            "build": described_config(model.get_build_config(), model.name) if model.built else None,
            "compile": compile_config(model) if include_optimizer else None,
            "state": state,
            "models": inner,
            "metadata": get_metadata(model),
        }
    check_readable(document, tensors | state_tensors, custom_objects)
    write(filepath, document, tensors | state_tensors, overwrite)


def load_model(
    filepath: Path,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """Return the model of a file, in the state in which it was saved.

    Files of Keras, ".keras" and ".h5", are recognized by what is in them: see `fastnn.interop.keras`.

    A file cannot name code: it names no function, module, path or address, only classes of fastnn and those
    that the program passes.

    Parameters
    ----------
    filepath : str, path or binary file object
        Its content says which format it has.
    custom_objects : dict, optional
        The program's own classes and functions that the model uses, by name.
    compile : bool, default True
        Whether to compile the model, if it was, and restore the state of its optimizer: training continues
        bit for bit.
    safe_mode : bool, default True
        Ignored; kept for Keras compatibility: there is no unsafe mode.

    Returns
    -------
    Model
        The model, compiled as it was when it was saved.

    Raises
    ------
    ModelFileError
        If the file is no model file of fastnn, has been altered, or names an unknown class.
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
    with named_errors(filepath), opened(filepath) as file:
        format = format_of(filepath, file)
        if format is None:
            document, tensors = model_contents(file)
        else:
            data = file.read_rest()
    with CustomObjectScope(custom_objects), wrapped_errors(filepath):
        if format is not None:
            return format.model(data, compile)
        if document["kind"] != "model":
            raise ModelFileError("it holds weights and no model; make the model and use load_weights")
        return restored_model(document, tensors, compile)


def restored_model(document: dict[str, Any], tensors: dict[str, NDArray[Any]], compile: bool) -> Any:
    """Return the model that a file describes."""
    names = weight_names(document, tensors)
    with values_follow(sum(tensors[path].size for path, _ in names)):
        model = model_from_config(document["model"])
        if not model.built and document["build"] is not None:  # its own `call` determines its weights
            model.build_from_config(restored_config(document["build"]))
    weights = named_weights(model)
    report = compare_weights(weights, names, tensors)
    if report.differs:
        raise ModelFileError(f"its weights are not those of its model: {report}")
    assign_weights(weights, names, tensors)
    state = document["state"]
    if compile:
        set_inner_models(model, document.get("models", {}), tensors)
    compiles = compile and document["compile"] is not None
    if compiles:
        if "frozen_at_compile" in state:
            set_frozen_parts(model, state["frozen_at_compile"])
        compile_from_config(model, document["compile"])
    set_state(model, state, tensors, compiles)
    set_metadata(model, document.get("metadata", {}))
    return model
