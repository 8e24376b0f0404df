# Written by tools/public_api.py from the table in __init__.py.

from . import (
    activations as activations,
    autograd as autograd,
    callbacks as callbacks,
    config as config,
    constraints as constraints,
    datasets as datasets,
    initializers as initializers,
    layers as layers,
    losses as losses,
    metrics as metrics,
    models as models,
    optimizers as optimizers,
    plotting as plotting,
    regularizers as regularizers,
    saving as saving,
    utils as utils,
)
from .autograd import Tensor as Tensor
from .initializers import Initializer as Initializer
from .layers import (
    Input as Input,
    Layer as Layer,
)
from .losses import Loss as Loss
from .metrics import Metric as Metric
from .models import (
    Model as Model,
    Sequential as Sequential,
)
from .optimizers import Optimizer as Optimizer
from .regularizers import Regularizer as Regularizer
from .threads import (
    num_threads as num_threads,
    set_num_threads as set_num_threads,
    threads as threads,
)
from .variables import Variable as Variable

__version__: str
