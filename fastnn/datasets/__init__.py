"""Data sets: `digits` is part of fastnn, the others are downloaded once from their public sources."""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".": "boston_housing california_housing cifar10 cifar100 digits fashion_mnist imdb mnist reuters",
    },
)
