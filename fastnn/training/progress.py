"""The position of a running `fit`, which backups save and restore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import whole_number

if TYPE_CHECKING:
    from ..callbacks import Callback
    from ..data.batches import Batches
    from ..data.shuffle import EpochShuffler


class Progress:
    """The position of a `fit`, beside the state of its model.

    Parameters
    ----------
    batches : Batches
    shuffler : EpochShuffler
        The orders of the samples.
    callbacks : list of Callback
    epoch : int
        The epoch to start at.

    Attributes
    ----------
    epoch, step : int
        Epochs that are done, and batches of the next.
    batches : Batches
    loss_is_finite : bool
        Whether no batch so far has had a loss that is NaN or infinite.
    """

    loss_is_finite = True

    def __init__(
        self, batches: Batches, shuffler: EpochShuffler, callbacks: list[Callback], epoch: int
    ) -> None:
        self.epoch, self.step = epoch, 0
        self._shuffler = shuffler
        self.batches = batches
        self._callbacks = callbacks

    def get_state(self) -> dict[str, Any]:
        """Return the state that `set_state` restores: numbers, texts and arrays in lists and dicts."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "layout": self.batches.layout,
            "shuffler": self._shuffler.get_state(),
            "data": self.batches.data_state(),
            "totals": self.batches.totals.get_state(),
            "callbacks": [[type(c).__name__, c.get_state()] for c in self._callbacks],
        }

    def obstacle(self, state: dict[str, Any]) -> str:
        """Return why this `fit` cannot go on from what `get_state` of another one returned; "" if it can.

        In the middle of an epoch, or of a pass through the data, both need the same steps.
        """
        layout = self.batches.layout
        before = state.get("layout", layout)
        if before == layout or not (state["step"] or state["shuffler"]["done"]):
            return ""
        counts = "; ".join(f"{before.get(name)} {name}, now {count}" for name, count in layout.items())
        return (
            f"the training was interrupted in the middle of an epoch with {counts}; up to the end of an "
            "epoch it needs the same data, batch_size and ranks"
        )

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the position that `get_state` of another `fit` returned.

        Callbacks are matched by class, in their order.

        Raises
        ------
        ValueError, TypeError, KeyError
            If it is no such state.
        """
        self.epoch, self.step = (whole_number(state[name], name, 0, 2**62) for name in ("epoch", "step"))
        self._shuffler.set_state(state["shuffler"])
        self.batches.set_data_state(state["data"])
        if self.step:
            self.batches.resume(state["totals"])
        states = [(name, found) for name, found in state["callbacks"]]
        for callback in self._callbacks:
            for i, (name, found) in enumerate(states):
                if name == type(callback).__name__:
                    callback.set_state(found)
                    del states[i]
                    break
