"""Plans of a model: one for each purpose and each shape of rows, compiled when it is first needed."""

from __future__ import annotations

from abc import abstractmethod
from threading import RLock, get_ident
from typing import Any, TypeVar

from .. import activations, regularizers
from ..kernels.core import tape
from ..kernels.core.optimizer import Update
from ..kernels.core.plan import Plan
from ..layers.base.layer import Shape
from ..variables import ParameterLayout, Variable
from .compile_spec import Weighted
from .loop import Trainer

# Rows of one piece of a prediction: enough for the large products to be efficient; a plan of so many rows
# whose arena would pass the limit takes fewer.
CAPACITY = 256
ARENA_BYTES = 1 << 26

# Shapes of rows that there is a plan for, of each purpose: the ones used last.
LENGTHS = 16

Rows = tuple[tuple[int, ...], ...]

T = TypeVar("T")

_compiling = RLock()  # plans of models that share layers move weights about


def keep(known: dict[Rows, T], rows: Rows, found: T) -> None:
    """Keep what was found for these shapes, and for the `LENGTHS` - 1 others used last."""
    while len(known) >= LENGTHS:
        del known[next(iter(known))]
    known[rows] = found


class Planned(Trainer):
    """What models inherit: plans."""

    # What a model provides.

    @property
    @abstractmethod
    def weights(self) -> list[Variable]:
        """All weights."""

    @property
    @abstractmethod
    def trainable_variables(self) -> list[Variable]:
        """The weights that training changes."""

    @property
    @abstractmethod
    def _sample_shapes(self) -> list[Shape]:
        """Shape of a row of each input."""

    @abstractmethod
    def _emit(self, plan: Plan, x: Any) -> Any:
        """Append the steps of all layers."""

    @abstractmethod
    def _as_called(self, parts: list[Any]) -> Any:
        """Return the one part of a list, or the list."""

    # ---- plans --------------------------------------------------------------------------------------

    _predict: Plan | None = None
    _plans: dict[tuple[Any, ...], dict[Rows, Plan]]
    _output_rows: dict[Rows, list[tuple[int, ...]]]

    def _forget_plans(self) -> None:
        """Compile anew at the next run."""
        self._plans, self._output_rows = {}, {}
        self._predict = self._train = None

    def plan(
        self,
        purpose: str,
        capacity: int | None = None,
        weighted: Weighted = (),
        rows: Rows | None = None,
    ) -> Plan:
        """Return the plan for a purpose, compiled if need be; of plans that test, each thread has its own.

        Parameters
        ----------
        purpose : {"predict", "sample", "train", "test"}
            "sample" is a prediction in which `Dropout` and its like act.
        capacity : int, optional
            Rows of one run; by default as many as are efficient.
        weighted : tuple of (tuple of int or None), optional
            For each output the shape of the sample weights of a row; None where there are none, as for all by
            default.
        rows : tuple of tuple of int, optional
            Shape of a row of each input; what the model was built for by default. Plans for the `LENGTHS`
            shapes used last are kept; they share weights and the optimizer's state.
        """
        with _compiling:
            rows = self._fixed_rows() if rows is None else rows
            weighted = () if all(shape is None for shape in weighted) else weighted
            key = purpose, weighted, get_ident() if purpose == "test" else None
            plans = self._plans.setdefault(key, {})
            plan = plans.pop(rows, None)
            if plan is None:
                plan = self._compile(purpose, capacity or CAPACITY, weighted, rows)
            keep(plans, rows, plan)
            if capacity is not None and capacity > plan.capacity:
                plan.reshape(capacity)
            return plan

    def _fixed_rows(self) -> Rows:
        """Return the shapes of rows of the inputs, if there is but one of each."""
        rows = self._sample_shapes
        for row in rows:
            if None in row:
                raise ValueError(f"rows: rows of shape {row} may have any length; say which")
        return tuple(rows)  # type: ignore[arg-type]

    def _enlarged(self, purpose: str, capacity: int, rows: Rows) -> Plan:
        """Put a plan of more rows a run in the place of one that other threads may be running."""
        with _compiling:
            old = self.plan(purpose, rows=rows)
            plan = self._compile(purpose, capacity, (), rows)
            plan.samples = old.samples
            self._plans[purpose, (), None][rows] = plan
            return plan

    def _compile(self, purpose: str, capacity: int, weighted: Weighted, rows: Rows) -> Plan:
        update: Update | None = None
        if purpose == "train":
            assert self.optimizer is not None
            self.optimizer.build(self.trainable_variables)
            update = self.optimizer._update
        plan = Plan(
            self.dtype,
            list(rows),
            training=purpose == "train",
            stochastic=purpose in ("train", "sample"),
            layout=None if update is None else update.layout,
        )
        scored = purpose in ("train", "test")
        if scored:
            plan.total("loss")
            for variable in self.trainable_variables:
                regularizers.emit(plan, variable)
        made = self._emit(plan, self._as_called(plan.inputs))
        outputs = made if isinstance(made, list) else [made]
        if scored:
            self._emit_scores(plan, outputs, weighted)
            outputs = []
        plan.finish(_results(plan, outputs), capacity, update)
        if plan.arena_size > ARENA_BYTES and purpose != "train" and not plan.whole:
            plan.reshape(max(1, capacity * ARENA_BYTES // plan.arena_size))
        return plan

    def _tape_plan(self, rows: Rows, wants: tuple[bool, ...], training: bool, capacity: int) -> Plan:
        """Return the plan of the model as a node of a tape; runs of it may be waiting for their backward."""
        with _compiling:
            plans = self._plans.setdefault(("tape", training, wants), {})
            plan = plans.pop(rows, None)
            if plan is None or plan.capacity < capacity:
                drawn = 0 if plan is None else plan.samples
                layout = ParameterLayout(self.trainable_variables, self.dtype)
                plan = Plan(self.dtype, list(rows), training=True, stochastic=training, layout=layout)
                plan.samples = drawn
                inputs = [
                    tape.emit_input(plan, i) if wanted else plan.inputs[i] for i, wanted in enumerate(wants)
                ]
                made = self._emit(plan, self._as_called(inputs))
                for y in made if isinstance(made, list) else [made]:
                    tape.emit_output(plan, y)
                plan.finish([], capacity)
            keep(plans, rows, plan)
            return plan


def _results(plan: Plan, outputs: list[Any]) -> list[Any]:
    """Return the outputs of a plan, copied where two share memory or it is not the plan's own."""
    results: list[Any] = []
    for y in outputs:
        taken = not plan.is_result(y) or any(y.root is other.root for other in results)
        results.append(activations.linear.emit(plan, y) if taken else y)
    return results
