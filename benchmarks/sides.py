"""The two sides of `base_against_head.py`: how a commit prepares a case and does one repetition of it."""

from __future__ import annotations

import selectors
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from cases import CASES, Case, read_inputs
from judge import Judge
from processes import HERE, Worker, WorkerError, environment

if TYPE_CHECKING:
    from commits import Build

#: Share of the rows of iris that a fit must have learned.
LEARNED = 0.95


@dataclass(frozen=True)
class Variant:
    """A case in one form on so many threads."""

    case: Case
    form: str
    threads: int

    def __str__(self) -> str:
        return f"{self.case.key} {self.form}, threads: {self.threads}"


class Side(Protocol):
    """A commit with one variant."""

    def prepare(self, seconds: float, *, check: bool) -> None:
        """Get ready for repetitions of so many seconds; raise `WorkerError` where that fails or is wrong."""

    def seconds(self) -> float:
        """The time of one unit, by one repetition."""

    def end(self) -> None:
        """End the process."""


def side_of(built: Build, variant: Variant, folder: Path) -> Side:
    """Make the side that does a variant."""
    if variant.case.kind == "process":
        return ScriptSide(built, variant, folder)
    return WorkerSide(built, variant, folder)


def variables(threads: int, scripts: Path) -> dict[str, str]:
    """The environment of a process that runs a script of that folder."""
    return {**environment(threads), "PYTHONPATH": str(scripts)}


class WorkerSide(Worker):
    """A commit's own `worker.py` and contender; of the estimators, the worker that stands beside this file."""

    def __init__(self, built: Build, variant: Variant, folder: Path) -> None:
        self.variant, self.folder = variant, folder
        self.log = folder / f"{built.source.parent.name}.log"
        own = variant.case.key in CASES
        self.contender = "chainrule" if own else "estimator"
        scripts = built.source / "benchmarks" if own else HERE
        script = scripts / ("worker.py" if own else "estimator_worker.py")
        with self.log.open("ab") as errors:
            self.process = subprocess.Popen(
                [str(built.python), str(script), str(variant.threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=variables(variant.threads, scripts),
            )
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)  # type: ignore[arg-type]

    def prepare(self, seconds: float, *, check: bool) -> None:
        answer = self.ask(
            "prepare",
            contender=self.contender,
            form=self.variant.form,
            threads=self.variant.threads,
            case=self.variant.case.as_dict(),
            folder=str(self.folder),
            seconds=seconds,
        )
        if check:
            require_right(self.variant.case, self.folder, Path(answer["result"]))

    def seconds(self) -> float:
        return float(self.ask("run")["seconds"])


class ScriptSide:
    """A whole process: the commit's script in `whole_process`."""

    def __init__(self, built: Build, variant: Variant, folder: Path) -> None:
        scripts = built.source / "benchmarks"
        self.table, self.model = folder / "table.csv", folder / "model"
        script = scripts / "whole_process" / "chainrule_.py"
        self.command = [
            str(built.python),
            str(script),
            str(self.table),
            str(self.model),
        ]
        self.variables = variables(variant.threads, scripts)
        self.case, self.folder = variant.case, folder

    def prepare(self, seconds: float, *, check: bool) -> None:
        inputs = read_inputs(self.case, self.folder, "float32")
        rows = np.column_stack([inputs.x, inputs.y])
        np.savetxt(self.table, rows, delimiter=",", header="a,b,c,d,kind", comments="")
        self.seconds()  # fills the disk's cache

    def seconds(self) -> float:
        began = time.perf_counter()
        done = subprocess.run(
            self.command,
            capture_output=True,
            text=True,
            check=False,
            env=self.variables,
        )
        taken = time.perf_counter() - began
        if done.returncode or not self.model.is_file():
            raise WorkerError(done.stderr[-1500:])
        self.model.unlink()
        return taken

    def end(self) -> None:
        pass


def require_right(case: Case, folder: Path, result: Path) -> None:
    """Raise `WorkerError` unless a commit computes what it should, as nothing else is timed."""
    if case.data == "iris":
        classes = read_inputs(case, folder, "float32").y
        share = float(np.mean(np.argmax(np.load(result), axis=1) == classes))
        verdict: dict[str, Any] = {"equal": share > LEARNED, "accuracy": share}
    else:
        verdict = Judge(case, folder).verdict(result)
    if not verdict["equal"]:
        raise WorkerError(f"computes something else: {verdict}")
