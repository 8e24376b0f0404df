"""Orders of samples: which permutation each pass over the training data uses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..pickling import Picklable
from ..utils.random import next_seed, restarts

__all__ = ["EpochShuffler", "epoch_generator"]


def epoch_generator(seed: int, epoch: int, part: int = 0) -> np.random.Generator:
    """Return a generator of random numbers for a part of an epoch, which depend on nothing else.

    Parameters
    ----------
    seed : int
        From 0 to 2**63 - 1; the key of Philox (Salmon et al. 2011), whose streams the kernels use too.
    epoch, part : int
        Words of the counter.

    Examples
    --------
    >>> epoch_generator(1, 0).permutation(5)
    array([0, 1, 2, 4, 3])
    """
    return np.random.Generator(np.random.Philox(key=seed, counter=[0, 0, part, epoch]))


class EpochShuffler(Picklable):
    """The order of the samples in each pass over the training data of a model.

    The order depends on a seed and on the number of the pass alone. Passes are counted from one `fit` to the
    next, and in files, until `set_random_seed` is called.

    Attributes
    ----------
    number : int
        Of the current pass, or of the next.
    done : int
        Batches of the current pass that have been trained on; 0 between two passes.

    Examples
    --------
    >>> shuffler = EpochShuffler()
    >>> first = shuffler.order(5)
    >>> state = shuffler.get_state()
    >>> again = EpochShuffler()
    >>> again.set_state(state)
    >>> (again.order(5) == first).all()
    np.True_
    """

    def __init__(self) -> None:
        self.number = self.done = 0
        self._seed: int | None = None
        self._restarts = restarts()

    def __getstate__(self) -> dict[str, Any]:
        return self.get_state() | {"current": self._restarts == restarts()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state; the calls of `set_random_seed` are counted anew in another process."""
        self.set_state(state)
        if not state["current"]:
            self._restarts -= 1

    def begin(self) -> None:
        """Start a training at the first batch of a pass, after `set_random_seed` with a new seed."""
        self.done = 0
        if self._restarts != restarts():
            self._seed, self._restarts, self.number = None, restarts(), 0

    def order(self, samples: int) -> NDArray[np.int64]:
        """Return the permutation of the samples in the current pass."""
        if self._seed is None:
            self._seed, self.number = next_seed(), 0
        return epoch_generator(self._seed, self.number).permutation(samples)

    def advance(self, batches: int | None) -> None:
        """Count a batch of a pass of so many, None where that is unknown."""
        self.done += 1
        if self.done == batches:
            self.end_pass()

    def end_pass(self) -> None:
        """Go on to the next pass."""
        self.number, self.done = self.number + 1, 0

    def get_state(self) -> dict[str, int]:
        """Return the state that `set_state` restores."""
        seed = {} if self._seed is None else {"seed": self._seed}
        return seed | {"number": self.number, "done": self.done}

    def set_state(self, state: dict[str, int]) -> None:
        """Restore what `get_state` returned.

        Raises
        ------
        ValueError
            If it holds anything but whole numbers.
        """
        self.number, self.done = (whole_number(state[name], name, 0, 2**62) for name in ("number", "done"))
        self._seed = whole_number(state["seed"], "seed", 0, 2**63 - 1) if "seed" in state else None
        self._restarts = restarts()
