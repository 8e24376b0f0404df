"""Where a training is: what the loop of `fit` goes by, so that another can go on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import whole_number

if TYPE_CHECKING:
    from ..callbacks import Callback
    from ..data.batches import Feed
    from ..utils.random import Walks


class Progress:
    """The position of a `fit`, beside the state of its model.

    Parameters
    ----------
    feed : Feed
        Where the batches come from.
    walks : Walks
        The orders of the rows.
    callbacks : list of Callback
    epoch : int
        The epoch to start at.

    Attributes
    ----------
    epoch, step : int
        Epochs that are done, and batches of the next.
    """

    def __init__(self, feed: Feed, walks: Walks, callbacks: list[Callback], epoch: int) -> None:
        self.epoch, self.step = epoch, 0
        self.walks = walks
        self._feed = feed
        self._callbacks = callbacks

    def get_state(self) -> dict[str, Any]:
        """Return what `set_state` goes on from: numbers, texts, arrays, in lists and dictionaries."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "walks": self.walks.get_state(),
            "totals": self._feed.totals.states(),
            "callbacks": [[type(c).__name__, c.get_state()] for c in self._callbacks],
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what `get_state` of another `fit` returned.

        Callbacks find their states by their classes, in order.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is no such state.
        """
        self.epoch, self.step = (whole_number(state[name], name) for name in ("epoch", "step"))
        self.walks.set_state(state["walks"])
        if self.step:
            self._feed.go_on(state["totals"])
        states = [(name, found) for name, found in state["callbacks"]]
        for callback in self._callbacks:
            for i, (name, found) in enumerate(states):
                if name == type(callback).__name__:
                    callback.set_state(found)
                    del states[i]
                    break
