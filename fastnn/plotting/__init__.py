"""Plots of trainings, networks and data, with matplotlib (extra ``plot``).

Each function returns a new figure: a notebook shows it, `figure.savefig("x.png")` writes it to a file.
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".boundary": "plot_decision_boundary",
        ".confusion": "confusion_matrix plot_confusion_matrix",
        ".curves": "plot_activation",
        ".filters": "plot_filters",
        ".history": "plot_history",
        ".image_grid": "plot_images",
        ".network": "plot_network",
    },
)
