"""`Optimizer`, the base of all optimizers, and the table of their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..absent import no_attribute
from ..autograd.graph import last_reached
from ..checks import ArgumentError, positive_number, real_number
from ..configurable import Configurable
from ..constraints import compiled
from ..conversion import as_numbers
from ..kernels.core.optimizer import Update
from ..kernels.core.weight_access import replace_values
from ..naming import unique_name
from ..registry import Registry, refuse_unknown
from ..variables import Variable
from ..warning import renamed, warn
from . import state as states
from .rate import LearningRate
from .schedules.schedule import deserialize as deserialize_schedule
from .schedules.schedule import rate_of
from .schedules.schedule import serialize as serialize_schedule
from .settings import Check, CommonArguments, Rule, Settings


class Optimizer(Configurable):
    """Base of all optimizers.

    The learning rate may be assigned at any time. All other arguments, such as `weight_decay`, `clipnorm`,
    `use_ema` or `momentum`, are read from the attributes by `compile`, or by `build` in a loop written by
    hand; assigned later, they take effect at the next one. A file of a model holds those in effect.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        A number; or a schedule of `fastnn.optimizers.schedules`, or a function of nothing or of the number of
        steps done, which returns the number for each step.
    weight_decay : float, optional
        Weights lose `learning_rate * weight_decay` of themselves before each step (Loshchilov & Hutter 2019).
    clipnorm : float, optional
        Limit of the norm of each weight's gradient.
    clipvalue : float, optional
        Each element of the gradients is clipped to [-clipvalue, clipvalue].
    global_clipnorm : float, optional
        Limit of the norm of all gradients together.
    use_ema : bool, default False
        Whether to keep a running average of the weights, which replaces them at the end of `fit`, or by
        `finalize_variable_values` (Polyak & Juditsky 1992).
    ema_momentum : float, default 0.99
        The share of the average that a step keeps.
    ema_overwrite_frequency : int, optional
        The average also replaces the weights after every so many updates.
    loss_scale_factor : float, optional
        `scale_loss` multiplies by it, and gradients given to `apply` and `step` are divided by it; without
        effect in `fit`.
    gradient_accumulation_steps : int, optional
        At least 2: weights are updated after every so many steps, by the mean of their gradients.
        `iterations` counts updates then, schedules see steps.
    name : str, optional
        By default the class in lower case, numbered: "adam", "adam_1".

    Examples
    --------
    A loop written by hand:

    >>> import fastnn, numpy as np
    >>> w = fastnn.variables.Variable(np.array([1.0, 2.0]), "w")
    >>> optimizer = fastnn.optimizers.SGD(0.5)
    >>> optimizer.apply([np.array([1.0, -1.0])], [w])
    >>> w.numpy()
    array([0.5, 2.5])
    """

    if not TYPE_CHECKING:  # which would take any attribute to be there

        def __getattr__(self, name: str) -> Any:
            """Raise an error that names the missing attribute."""
            raise no_attribute(self, name)

    _kernel: str
    _correction: str | None = None
    _arguments: ClassVar[dict[str, Check]] = {}  # checks of the arguments beside the common ones

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **unknown: Any,
    ) -> None:
        learning_rate = renamed(unknown, "lr", "learning_rate", learning_rate)
        if "decay" in unknown and real_number(unknown["decay"], "decay"):
            raise ArgumentError(
                f"decay: got {unknown['decay']!r}; expected a schedule instead, "
                f"learning_rate=schedules.InverseTimeDecay({learning_rate!r}, 1, {unknown['decay']!r})"
            )
        unknown.pop("decay", None)
        refuse_unknown(type(self), Optimizer, unknown)
        self.weight_decay, self.clipnorm, self.clipvalue = weight_decay, clipnorm, clipvalue
        self.global_clipnorm, self.use_ema, self.ema_momentum = global_clipnorm, use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._settings = Settings.of(self)
        self._show_settings()
        self.loss_scale_factor = (
            None if loss_scale_factor is None else positive_number(loss_scale_factor, "loss_scale_factor")
        )
        self.name = name or unique_name(type(self).__name__.lower())
        self.built = False
        self._exempt: tuple[list[Variable], str | None] = ([], None)
        self._schedule: Callable[..., Any] | None = None
        self._set_pickle_defaults()
        self._update = self._new_update()
        self.learning_rate = learning_rate

    def _rule(self, given: Mapping[str, Any]) -> Rule:
        """Return what the kernel needs, from the checked arguments."""
        raise NotImplementedError(f"{type(self).__name__}: optimizers extend one of fastnn.optimizers")

    def _show_settings(self) -> None:
        """Set the attributes to the arguments as they have been checked."""
        for name, value in self._settings.arguments.items():
            setattr(self, name, value)

    def _new_update(self) -> Update:
        """Return the update rule, for no variables yet."""
        update = Update(self._kernel, self._correction)
        self._settings.configure(update)
        return update

    def _compile_for(self, model: object) -> None:
        """Update the weights of a model from now on, with the settings that the attributes hold now."""
        settings = Settings.of(self)
        self._serve(model)
        if settings != self._settings:
            with self._update.claim:
                self._configure(settings)

    def _configure(self, settings: Settings) -> None:
        """Use these settings until the next `compile` or `build`."""
        settings.configure(self._update)
        self._settings = settings
        self._show_settings()

    @property
    def _outdated_arguments(self) -> dict[str, Any]:
        """The arguments in effect that others have been assigned to since the last `compile` or `build`."""
        return {name: v for name, v in self._settings.arguments.items() if getattr(self, name) != v}

    # ---- pickling -----------------------------------------------------------------------------------

    _model: ReferenceType[object] | None  # that the optimizer serves
    _gradients: NDArray[Any] | None
    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = {"_model": NoneType, "_gradients": NoneType}

    def _pickle_attributes(self) -> dict[str, Any]:
        update = self._update
        state = {"variables": update.variables, "state": self.get_state(), "known": update.known}
        return super()._pickle_attributes() | {"_update": state, "_settings": self._settings.arguments}

    def __setstate__(self, state: Any) -> None:
        """Create the update rule again, for the same variables and in the same state."""
        super().__setstate__(state)
        known: dict[str, Any] = vars(self)["_update"]
        self._settings = Settings.of(self, vars(self)["_settings"])
        self._update = self._new_update()
        if self._schedule is not None:
            self._update.schedule = rate_of(self._schedule)
        if self.built:
            self._bind(known["variables"])
        self._set_state(known["state"])
        self._update.known.update(known["known"])

    # ---- learning rate ------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The step size now, before Adam's bias correction; a float also for a schedule.

        Raises
        ------
        TypeError
            If a number is assigned and the optimizer has a schedule.
        """
        rate = self._update.schedule
        now = self._update.learning_rate if rate is None else rate(self._update.iterations)
        return LearningRate.of(self, now)

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value):
            self._schedule, self._update.schedule = value, rate_of(value)
        elif self._schedule is not None:
            raise ArgumentError(
                f"learning_rate: this optimizer was created with a schedule, {self._schedule!r:.80}, which "
                f"{value!r:.40} cannot replace; create it with a number to set others later"
            )
        else:
            self._update.learning_rate = real_number(value, "learning_rate", 0)

    lr = learning_rate

    @property
    def iterations(self) -> int:
        """The number of updates done."""
        return self._update.iterations // self._update.accumulation

    # ---- what is updated ----------------------------------------------------------------------------

    @property
    def _served(self) -> object | None:
        """The model that the optimizer serves, if it still exists."""
        return None if self._model is None else self._model()

    def _serve(self, model: object) -> None:
        """Update the weights of this model from now on.

        Raises
        ------
        ValueError
            If the optimizer serves another model: its state belongs to the weights of that model.
        """
        served = self._served
        if served is not None and served is not model:
            raise ValueError(
                f"optimizer: {self!r} serves another model, {served!r}; give each one of its own"
            )
        self._model = ref(model)

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Exempt some weights from `weight_decay`; before the optimizer is built.

        Parameters
        ----------
        var_list : iterable of Variable, optional
            These weights.
        var_names : iterable of str, optional
            And those with a name that one of these regular expressions is found in, such as ["bias"].

        Raises
        ------
        ValueError
            If the optimizer has been built.

        Examples
        --------
        >>> import fastnn
        >>> optimizer = fastnn.optimizers.AdamW()
        >>> optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        """
        if self.built:
            raise ValueError("exclude_from_weight_decay: the optimizer is built already; call it before")
        names = list(var_names or ())
        pattern = "|".join(names)
        re.compile(pattern)
        self._exempt = (list(var_list or ()), pattern or None)

    def build(self, variables: Sequence[Variable]) -> None:
        """Prepare to update these variables; their state of earlier steps is kept.

        Parameters
        ----------
        variables : sequence of Variable
            Variables of one dtype.

        Raises
        ------
        ValueError
            If there is none, or their dtypes differ.
        RuntimeError
            If the optimizer is in use, by a `fit` for example.
        """
        with self._update.claim:
            self._build(variables)

    def _build(self, variables: Sequence[Variable]) -> None:
        """Prepare to update these variables, for a caller that has claimed the optimizer."""
        if self._served is None:
            self._configure(Settings.of(self))
        self._bind(variables)

    def _bind(self, variables: Sequence[Variable]) -> None:
        variables = list(variables)
        if not variables:
            raise ValueError("variables: expected at least one trainable variable, got none")
        dtypes = {v.dtype for v in variables}
        if len(dtypes) > 1:
            raise ValueError(f"variables: expected one dtype, got {' and '.join(sorted(dtypes))}")
        self._update.bind(
            variables,
            self._exempted(variables),
            [(v, c, compiled(c, v.shape)) for v in variables if (c := v.constraint) is not None],
        )
        self.built = True

    def _exempted(self, variables: Sequence[Variable]) -> frozenset[Variable]:
        """Return those of these variables that `weight_decay` leaves alone."""
        named, pattern = self._exempt
        return frozenset(
            v for v in variables if any(v is n for n in named) or (pattern and re.search(pattern, v.name))
        )

    # ---- a loop written by hand ---------------------------------------------------------------------

    def step(self, variables: Iterable[Variable] | None = None) -> None:
        """Update the variables that the optimizer was built for by their gradients.

        Variables whose `grad` is None stay as they are.

        Parameters
        ----------
        variables : iterable of Variable, optional
            What to build the optimizer for if that has not been done. By default those that the last
            `backward` has reached; of networks that are trained against each other, say which.

        Raises
        ------
        ValueError
            If no variable has a gradient.
        """
        if not self.built:
            chosen = _reached() if variables is None else list(variables)
            if not chosen:
                raise ValueError(
                    "step: which variables? backward() has reached none; call it first, or name them: "
                    "optimizer.step(model.trainable_variables)"
                )
            self.build(chosen)
        self._apply([(v.grad, v) for v in self._update.variables])

    def zero_grad(self) -> None:
        """Forget the gradients of the variables that the optimizer was built for.

        Before it is built, these are those that the last `backward` has reached.
        """
        for variable in self._update.variables if self.built else _reached():
            variable.grad = None

    def apply_gradients(self, grads_and_vars: Iterable[tuple[ArrayLike | None, Variable]]) -> int:
        """Update variables by gradients, given in pairs.

        Parameters
        ----------
        grads_and_vars : iterable of (array_like, Variable)
            Such as ``zip(gradients, variables)``.

        Returns
        -------
        int
            The number of updates done.
        """
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self.iterations

    def apply(
        self, grads: Iterable[ArrayLike | None], trainable_variables: Iterable[Variable] | None = None
    ) -> None:
        """Update variables by gradients.

        Parameters
        ----------
        grads : iterable of array_like
            Arrays of the shapes of the variables; None for one that stays as it is, with a warning.
        trainable_variables : iterable of Variable, optional
            By default those that the optimizer was built for; if it has not been, it is for these.

        Raises
        ------
        ValueError
            If gradients do not fit the variables, there is none, or a variable is new to the optimizer.
        RuntimeError
            If the optimizer is in use, by a `fit` for example.
        """
        gradients = list(grads)
        if not gradients:
            return
        if trainable_variables is None:
            variables = self._require_built("apply without variables")
        else:
            variables = list(trainable_variables)
            if not self.built:
                self.build(variables)
            known = {id(v) for v in self._update.variables}
            for variable in variables:
                if id(variable) not in known:
                    raise ValueError(f"trainable_variables: {variable!r} is none that {self!r} was built for")
        if len(gradients) != len(variables):
            raise ValueError(f"grads: expected {len(variables)} gradients, got {len(gradients)}")
        missing = [v.name for g, v in zip(gradients, variables, strict=True) if g is None]
        if missing and len(missing) < len(variables):
            warn(f"grads: no gradients for {', '.join(missing)}, which stay as they are")
        self._apply(list(zip(gradients, variables, strict=True)))

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times `loss_scale_factor`, if there is one."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def _require_built(self, what: str) -> list[Variable]:
        if not self.built:
            raise ValueError(f"{what}: the optimizer has to be built first: optimizer.build(variables)")
        return self._update.variables

    def _apply(self, pairs: Sequence[tuple[ArrayLike | None, Variable]]) -> None:
        with self._update.claim:
            self._apply_claimed(pairs)

    def _apply_claimed(self, pairs: Sequence[tuple[ArrayLike | None, Variable]]) -> None:
        layout = self._update.layout
        assert layout is not None
        if self._gradients is None or len(self._gradients) != layout.size:
            self._gradients = layout.zeros()
        chosen = []
        for gradient, variable in pairs:
            part = layout.part(self._gradients, variable)
            if gradient is None:
                part[...] = 0
                continue
            array = as_numbers(gradient, "grads")
            if array.shape != variable.shape:
                raise ValueError(
                    f"grads: expected shape {variable.shape} for {variable.name!r}, got {array.shape}"
                )
            np.divide(array, self.loss_scale_factor or 1.0, out=part, casting="same_kind")
            chosen.append(variable)
        if not chosen:
            raise ValueError("grads: none of the variables has a gradient; has backward() been called?")
        self._update.step(self._gradients, chosen)

    # ---- averages of weights ------------------------------------------------------------------------

    def finalize_variable_values(self, var_list: Iterable[Variable] | None = None) -> None:
        """Replace the weights by their averages, if the optimizer keeps them, as at the end of `fit`.

        Parameters
        ----------
        var_list : iterable of Variable, optional
            By default all that the optimizer was built for.
        """
        if self._settings.arguments["use_ema"] and self.built:
            bound = {id(v) for v in self._update.variables}
            averaged = self._update.variables if var_list is None else var_list
            averaged = [variable for variable in averaged if id(variable) in bound]
            replace_values(averaged, [self._slot("average", variable) for variable in averaged])

    def swap_averages(self) -> None:
        """Exchange the weights and their averages; a second call undoes it.

        Raises
        ------
        ValueError
            If the optimizer keeps no averages, or has not been built.
        """
        if not self._settings.arguments["use_ema"]:
            raise ValueError("use_ema: expected True to swap averages, got False")
        for variable in self._require_built("swap_averages"):
            average, value = self._slot("average", variable), variable.numpy()
            variable.assign(average)
            average[...] = value

    def _slot(self, name: str, variable: Variable) -> NDArray[Any]:
        return states.slot(self._update, name, variable)

    # ---- state --------------------------------------------------------------------------------------

    @property
    def trainable_variables(self) -> list[Variable]:
        """The weights that the optimizer was built for, in that order; none before."""
        return list(self._update.variables)

    @property
    def variables(self) -> list[Variable]:
        """The state of each weight, such as its momentum, as variables of its shape."""
        return [
            Variable(self._slot(name, v), f"{v.name}_{name}", trainable=False)
            for v in self.trainable_variables
            for name in self._update.slots
        ]

    def get_state(self) -> dict[str, NDArray[Any]]:
        """Return a copy of the state of the optimizer.

        Returns
        -------
        dict of str to ndarray
            "iterations", the steps done; "learning_rate", unless a schedule sets it; and "<slot>/<i>" for the
            variable number i of those that the optimizer was built for, such as "momentum/0".
        """
        return states.read(self._update)

    def set_state(self, state: Mapping[str, ArrayLike]) -> None:
        """Set the state that `get_state` returned, of an optimizer for variables of the same shapes.

        Parameters
        ----------
        state : dict of str to array_like
            What `get_state` returned.

        Raises
        ------
        ValueError
            If the optimizer has not been built, or something is missing, unknown or of another shape; then
            nothing has changed.
        """
        self._require_built("set_state")
        self._set_state(state)

    def _set_state(self, state: Mapping[str, ArrayLike]) -> None:
        rate = states.write(self._update, state)
        if rate is not None and self._schedule is None:
            self.learning_rate = rate

    def get_config(self) -> dict[str, Any]:
        """Return the arguments.

        Raises
        ------
        TypeError
            If the learning rate is a function without a name, such as a lambda.
        """
        schedule = self._schedule
        rate = float(self.learning_rate) if schedule is None else serialize_schedule(schedule)
        names = (*CommonArguments.__annotations__, *self._arguments)
        return {"learning_rate": rate} | {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make an optimizer of what `get_config` returned; it starts anew."""
        rate = config.get("learning_rate")
        if isinstance(rate, Mapping):
            config = config | {"learning_rate": deserialize_schedule(rate)}
        return super().from_config(config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} learning_rate={self.learning_rate:g}>"


class _AnyCase(Registry[Optimizer]):
    """Names in any case: "adam", "Adam", "RMSprop"."""

    def _find(self, name: str) -> type[Optimizer] | None:
        return super()._find(name) or super()._find(name.lower())


registry = _AnyCase("optimizer", Optimizer, "fastnn.optimizers")

get = registry.get  # names in any case
serialize = registry.serialize
deserialize = registry.deserialize


def _reached() -> list[Variable]:
    """Return the variables that the last call of `backward` has given a gradient."""
    return [tensor for tensor in last_reached() if isinstance(tensor, Variable)]
