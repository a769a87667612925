"""An epoch in calls of the compiled engine, and the search for the step that became non-finite."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, Self

import numpy as np

from ..errors import NonFiniteError
from ..optimizers.rules import Rules
from ..optimizers.state import State
from .interface import AfterStep, Pause, Workspace
from .reference import Reference
from .rows import Data, EpochPart, batches_per_epoch

__all__ = ["NativeEpoch", "all_finite"]


@dataclass(frozen=True)
class NativeEpoch:
    """An epoch, or a part of it, as the compiled engine takes it.

    Parameters
    ----------
    compiled : object
        The engine, with its memory.
    workspace : Workspace
        That it is in.
    rules : Rules
    data : Data
    order : ndarray of int or None
        The rows in their order; None where it is drawn there, or rows are taken as they lie.
    drawn : bool
        Whether it is drawn there.
    first, last, count : int
        The batches [first, last) have their rows here, of `count` in the epoch.
    part : EpochPart or None
    """

    compiled: Any
    workspace: Workspace
    rules: Rules
    data: Data
    order: np.ndarray[Any, Any] | None
    drawn: bool
    first: int
    last: int
    count: int
    part: EpochPart | None

    @classmethod
    def of(
        cls,
        compiled: Any,
        workspace: Workspace,
        rules: Rules,
        data: Data,
        state: State,
        part: EpochPart | None,
    ) -> Self:
        """The one that `state` is in, or a part of it."""
        what = compiled, workspace, rules, data
        if part is not None:
            last = part.last(rules.batch_rows)
            return cls(*what, part.order, False, part.first, last, part.count, part)
        count = batches_per_epoch(data.rows, rules.batch_rows)
        given = rules.order is not None
        order = rules.rows_in_order(data.rows, state.epoch) if given else None
        drawn = not given and rules.batch_rows < data.rows
        return cls(*what, order, drawn, 0, count, count, None)

    def run(
        self, state: State, after_step: AfterStep, pause: Callable[[], Pause]
    ) -> State:
        """The steps that are left of it; the parameters are those of `Engine.run_epoch`."""
        while state.step_in_epoch < self.last:
            before = state
            state, finite, error = self._call(before, pause())
            if not finite:
                self._replay(before, after_step, state.steps + 1)
            if state.step_in_epoch > before.step_in_epoch:
                after_step(state)
            if error is not None:
                raise error
        return state

    def _replay(self, before: State, after_step: AfterStep, suspected: int) -> NoReturn:
        """Name the quantity that became non-finite, from the state before; continue to the step before it."""
        found = NonFiniteError("J", suspected)
        try:
            Reference().run_epoch(
                self.workspace,
                self.rules,
                self.data,
                before,
                lambda new: None,
                part=self.part,
            )
        except NonFiniteError as error:
            found = error
        good = (found.step or suspected) - 1
        if good > before.steps:
            state, finite, _ = self._call(before, Pause(steps=good))
            if finite:
                after_step(state)
        raise found

    def _call(
        self, state: State, pause: Pause
    ) -> tuple[State, bool, BaseException | None]:
        """The state after one call, whether its numbers are finite, and an error that ended it."""
        rules, data, first, last = self.rules, self.data, state.step_in_epoch, self.last
        theta = np.array(state.theta, order="C")
        slots = (
            [np.array(slot, order="C") for slot in state.slots]
            if rules.optimizer.remembered
            else []
        )
        if rules.is_steady(state):
            rates = np.full(last - first, rules.learning_rate(state, self.count))
        else:
            steps = range(first, last)
            rates = np.array(
                [rules.learning_rate_at(state, step, self.count) for step in steps]
            )
        passed, steps, loss, weight, finite, error = self.compiled.run(
            x=data.x,
            y=data.y,
            w=data.sample_weight,
            order=self.order,
            draws_order=self.drawn,
            batch_rows=rules.batch_rows,
            first=first,
            last=last,
            rates=rates,
            theta=theta,
            slots=slots,
            steps_before=state.steps,
            step_limit=pause.steps_left(state.steps),
            seconds=pause.seconds_left(),
            loss_sum=state.loss_sum,
            weight_sum=state.weight_sum,
            seed=rules.seed,
            epoch=state.epoch,
            before=self.first,
        )
        finite = finite and all_finite(theta)
        moved = State(
            theta,
            tuple(slots) or state.slots,
            state.schedule,
            state.epoch,
            step_in_epoch=first + passed,
            steps=state.steps + steps,
            loss_sum=loss,
            weight_sum=weight,
        )
        return moved, finite, error


def all_finite(array: np.ndarray[Any, Any]) -> bool:
    """Return whether no entry is NaN or infinite; the sum, which is faster, may overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(float(array.sum())) or bool(np.isfinite(array).all())
