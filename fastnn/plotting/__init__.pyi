# Written by tools/public_api.py from the table in __init__.py.

from .boundary import plot_decision_boundary
from .confusion import (
    confusion_matrix,
    plot_confusion_matrix,
)
from .curves import plot_activation
from .filters import plot_filters
from .history import plot_history
from .image_grid import plot_images
from .network import plot_network

__all__ = [
    "confusion_matrix",
    "plot_activation",
    "plot_confusion_matrix",
    "plot_decision_boundary",
    "plot_filters",
    "plot_history",
    "plot_images",
    "plot_network",
]
