# Written by tools/public_api.py from the table in __init__.py.

from .confusion import (
    confusion_matrix,
    plot_confusion_matrix,
)
from .filters import plot_filters
from .history import plot_history

__all__ = [
    "confusion_matrix",
    "plot_confusion_matrix",
    "plot_filters",
    "plot_history",
]
