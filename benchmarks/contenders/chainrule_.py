"""chainrule: through `train`, and one level below through the engine's `run_epoch`."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from cases import PIXEL_SCALE, SEED, Array

import chainrule
from chainrule import OPTIMIZERS, Callback, Network, Parameters, Predictor, train
from chainrule.engines import choose_engine
from chainrule.engines.interface import Pause
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State
from chainrule.training.entry import checked_data

from . import interface


class _Clock(Callback):
    """When each epoch was over."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_epoch(self, moment: Any) -> bool:
        self.times.append(time.perf_counter())
        return False


class Contender(interface.Contender):
    """Forms "train" (times are taken between epochs, set-up apart), "run_epoch" and "Predictor"."""

    def set_up(self) -> None:
        case, inputs = self.case, self.inputs
        self.network = Network(case.sizes, case.activations, case.loss)
        self.start = Parameters(case.sizes, inputs.theta)
        self.scale = PIXEL_SCALE if case.pixels else None
        self.extra: dict[str, Any] = {}
        if case.kind == "prediction":
            self.predict = Predictor(self.network, self.start, threads=self.threads)
            self.rows = inputs.x[: case.batch_rows]
            self.extra["engine"] = self.predict.engine
            return
        self.optimizer = OPTIMIZERS[case.optimizer](learning_rate=case.learning_rate)
        if self.form == "run_epoch":
            self.rules = Rules(
                self.optimizer,
                batch_rows=case.batch_rows,
                dropout=(0.0,) * (len(case.sizes) - 1),
                seed=SEED,
            )
            self.data = checked_data(
                self.network, self.start, inputs.x, inputs.y, None, self.scale
            )
            self.engine, _ = choose_engine(
                "native", self.network, self.rules, inputs.theta
            )
            self.workspace = self.engine.prepare(
                self.network, self.rules, inputs.theta.dtype, self.threads, self.scale
            )
            compiled = self.workspace.compiled  # type: ignore[attr-defined]
            self.extra |= {
                "engine": "native",
                "threads_used": compiled.threads,
                "workspace_bytes": compiled.bytes,
            }
            self.state = State(inputs.theta, self.optimizer.init(inputs.theta))

    def _train(self, **limits: Any) -> chainrule.Report:
        case = self.case
        report = train(
            self.network,
            self.inputs.x,
            self.inputs.y,
            parameters=self.start,
            optimizer=self.optimizer,
            batch_rows=None
            if case.optimizer == "gradient_descent"
            else case.batch_rows,
            seed=SEED,
            input_scale=self.scale,
            threads=self.threads,
            progress=False,
            engine="native",
            **limits,
        )
        self.extra["engine"] = report.engine
        return report

    def theta_after(self, batches: list[Array]) -> Array:
        # the batches are those of seed 0, which chainrule draws itself
        if self.form == "train":
            epochs = len(batches) if self.case.full_batch else 1
            return self._train(max_steps=len(batches), max_epochs=epochs).last.theta
        state = State(self.inputs.theta, self.optimizer.init(self.inputs.theta))
        if self.case.full_batch:
            for _ in batches:
                state = self.engine.run_epoch(
                    self.workspace, self.rules, self.data, state, lambda new: None
                ).next_epoch()
            return state.theta

        class _EnoughError(Exception):
            pass

        def stop(new: State) -> None:
            self.seen = new
            if new.steps >= len(batches):
                raise _EnoughError

        with contextlib.suppress(_EnoughError):
            self.engine.run_epoch(
                self.workspace,
                self.rules,
                self.data,
                state,
                stop,
                lambda: Pause(steps=len(batches)),
            )
        return self.seen.theta

    def output(self, rows: int) -> Array:
        return self.predict(self.inputs.x[:rows])

    def work(self, units: int) -> None:
        if self.case.kind == "prediction":
            predict, rows = self.predict, self.rows
            for _ in range(units):
                predict(rows)
        elif self.form == "train":
            self._train(max_epochs=units)
        else:
            for _ in range(units):
                self.state = self.engine.run_epoch(
                    self.workspace, self.rules, self.data, self.state, lambda new: None
                ).next_epoch()

    def seconds(self, units: int) -> float:
        if self.form != "train":
            return super().seconds(units)
        clock = _Clock()
        began = time.perf_counter()
        self._train(max_epochs=units + 1, callbacks=[clock])
        whole = time.perf_counter() - began
        elapsed = (
            clock.times[-1] - clock.times[0]
        )  # the first epoch has the caches to fill, as a warm-up
        self.extra["set_up_seconds"] = whole - elapsed * (units + 1) / units
        return elapsed

    def versions(self) -> dict[str, str]:
        from chainrule.engines import native

        return {
            "chainrule": chainrule.__version__,
            "chainrule instruction set": native.instruction_set(),
        }

    def details(self) -> dict[str, Any]:
        return {"notes": self.notes, **self.extra}
