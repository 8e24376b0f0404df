"""Models: layers that are trained and predict."""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".model": "Model",
        ".sequential": "Sequential",
        "..saving": "clone_model load_model model_from_json save_model",
    },
)
