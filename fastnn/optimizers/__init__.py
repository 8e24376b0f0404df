"""Optimizers: Keras' names, defaults and update rules, each one pass over flat memory.

>>> import fastnn
>>> optimizer = fastnn.optimizers.get("adam")
>>> optimizer.learning_rate = 0.01
>>> optimizer
<Adam learning_rate=0.01>
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".": "schedules",
        ".adadelta": "Adadelta",
        ".adagrad": "Adagrad",
        ".adam": "Adam",
        ".adamax": "Adamax",
        ".adamw": "AdamW",
        ".base": "Optimizer deserialize get registry serialize",
        ".ftrl": "Ftrl",
        ".lamb": "Lamb",
        ".lion": "Lion",
        ".nadam": "Nadam",
        ".rmsprop": "RMSprop",
        ".sgd": "SGD",
    },
)
