"""Training on several processes and machines over MPI (extra ``mpi``).

One line more makes a program run on any number of ranks, ``mpiexec -n 4 python train.py``:

>>> import fastnn, numpy as np
>>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
>>> model.compile("adam", "mse")
>>> model = fastnn.distributed.distribute(model)  # doctest: +SKIP
>>> history = model.fit(np.ones((8, 3)), np.ones(8), verbose=0)
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".program": "distribute rank size",
    },
)
