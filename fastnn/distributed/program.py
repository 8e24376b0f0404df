"""`distribute`: train and evaluate a model on all ranks of an MPI program."""

from __future__ import annotations

import atexit
import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from ..extras import extra
from ..training.alone import ALONE

if TYPE_CHECKING:
    from ..models import Model
    from .ranks import Ranks

M = TypeVar("M", bound="Model")

_guarded: list[Ranks] = []  # whose program ends as a whole: at first MPI's own, then those of models
_shared: list[Any] = []  # the communicator of models that all ranks train


def _world() -> Any:
    """Return MPI's communicator of all ranks, which an error on one of them ends from now on."""
    with extra("mpi", "fastnn.distributed needs mpi4py", "mpi4py"):
        from mpi4py import MPI
    if MPI.COMM_WORLD.Get_size() > 1 and not _guarded:
        from .ranks import Ranks

        _end_together(Ranks(MPI.COMM_WORLD))
    return MPI.COMM_WORLD


def rank() -> int:
    """Return the number of this process among those that ``mpiexec`` has started; 0 for a single one.

    Raises
    ------
    ImportError
        Without the package mpi4py.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.distributed.rank()  # doctest: +SKIP
    0
    """
    return int(_world().Get_rank())


def size() -> int:
    """Return the number of processes that ``mpiexec`` has started; 1 without it.

    Raises
    ------
    ImportError
        Without the package mpi4py.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.distributed.size()  # doctest: +SKIP
    1
    """
    return int(_world().Get_size())


def distribute(model: M, communicator: Any = None) -> M:
    """Train, evaluate and predict with a model on all ranks; every rank has to call this, and do the same.

    `batch_size` is that of one rank: N ranks with batches of B train as one process with batches of N B does,
    to rounding, and all end with the same bits. They begin with weights and state of the first rank. See
    the page "More than one machine" of the documentation for data, seeds, callbacks and errors.

    Parameters
    ----------
    model : Model
        Compiled; it is changed.
    communicator : mpi4py.MPI.Comm, optional
        The ranks; all that ``mpiexec`` has started by default.

    Returns
    -------
    Model
        The same one. With one rank it trains as it did before.

    Raises
    ------
    ImportError
        Without the package mpi4py.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> model = fastnn.distributed.distribute(model)  # doctest: +SKIP
    """
    from .ranks import Ranks

    world = _world()
    found = world if communicator is None else communicator
    if found.Get_size() == 1:
        model._ranks = ALONE
        return model
    if not _shared and _is_congruent(found, world):
        Ranks(world).agree("distribute")
        _shared.append(world.Dup())
        _guarded[:] = [Ranks(_shared[0])]
    ranks = Ranks(_shared[0] if _is_congruent(found, world) else found.Dup())
    ranks.agree("distribute")
    ranks.begin()
    model._ranks = ranks
    model._forget_own_plans()
    return model


def _is_congruent(communicator: Any, other: Any) -> bool:
    """Return whether communicators have the same ranks in the same order."""
    from mpi4py import MPI

    return MPI.Comm.Compare(communicator, other) in (MPI.IDENT, MPI.CONGRUENT)


def _end_together(ranks: Ranks) -> None:
    """Let an error that nobody handles on one rank end all of them, and none end while others go on."""
    _guarded.append(ranks)
    report = sys.excepthook

    def end(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        report(kind, error, traceback)
        _guarded[0].abort(error)

    sys.excepthook = end
    atexit.register(lambda: _guarded[0].agree("the end of the program"))
