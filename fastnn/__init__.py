"""Neural networks on CPUs: Keras' names, trained and served at the speed of the processor.

>>> import fastnn
>>> model = fastnn.Sequential([
...     fastnn.Input((8,)),
...     fastnn.layers.Dense(16, activation="relu"),
...     fastnn.layers.Dense(1, activation="sigmoid"),
... ])
>>> model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
>>> model.count_params()
161
"""

from ._lazy import explain_missing_modules, lazy_exports

try:
    # Imported at once: it checks the variables that set the number of threads, and that the modules have been
    # compiled; and a later import of the module `threads` would replace the function of the same name.
    from .threads import num_threads as num_threads
    from .threads import set_num_threads as set_num_threads
    from .threads import threads as threads
except ImportError as error:
    if error.name != "fastnn.kernels.core":  # `runtime` is missing; if it only fails to load, it is named
        raise
    raise ImportError(
        "fastnn's compiled modules are not beside its Python files: this is a source folder that has not "
        "been built. Install the checkout with `pip install .`, or `pip install -e .` to work on it, and run "
        "Python outside the source folder, or the installed command `fastnn`."
    ) from None
except ValueError as error:  # of a variable of the environment
    from ._command import end_command

    end_command(error)
    raise

__version__ = "0.1.0"

explain_missing_modules()
del explain_missing_modules

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".": (
            "activations autograd backend callbacks config constraints datasets distributed initializers "
            "keras layers losses metrics models optimizers plotting preprocessing regularizers saving utils"
        ),
        ".autograd": "Tensor",
        ".initializers": "Initializer",
        ".layers": "Input Layer",
        ".losses": "Loss",
        ".metrics": "Metric",
        ".models": "Model Sequential",
        ".optimizers": "Optimizer",
        ".regularizers": "Regularizer",
        ".threads": "num_threads set_num_threads threads",
        ".variables": "Variable",
        ".warning": "FastnnWarning",
    },
)
