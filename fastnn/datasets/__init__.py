"""Data sets: `digits` comes with fastnn, the others are fetched once from their public homes."""

from . import cifar10, digits, fashion_mnist, mnist

__all__ = ["cifar10", "digits", "fashion_mnist", "mnist"]
