"""Optimizers: Keras' names, defaults and update rules, each one pass over flat memory.

>>> optimizer = get("adam")
>>> optimizer.learning_rate = 0.01
>>> optimizer
<Adam learning_rate=0.01>
"""

from . import schedules
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam
from .adamax import Adamax
from .adamw import AdamW
from .base import Optimizer, registry
from .ftrl import Ftrl
from .lamb import Lamb
from .lion import Lion
from .nadam import Nadam
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "registry",
    "schedules",
    "serialize",
]

# Names are looked up in any case.
get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize
