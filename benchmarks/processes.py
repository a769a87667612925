"""Worker processes, seen from the runner."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Variant:
    """A contender in one form on so many threads."""

    contender: str
    form: str
    threads: int


class WorkerError(Exception):
    """A worker that failed, died or took too long; says what it said."""


def environment(threads: int) -> dict[str, str]:
    """Of a worker on so many threads."""
    libraries = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {
        **os.environ,
        **{name: str(threads) for name in libraries},
        "JAX_PLATFORMS": "cpu",
        "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1",  # else the warm-up of a second run says nothing
        "PYTHONWARNINGS": "ignore",
        "PYTHONPATH": str(HERE),
    }


class Worker:
    """One process; see worker.py for the commands."""

    def __init__(self, threads: int, log: Path) -> None:
        self.log = log
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, str(HERE / "worker.py"), str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(threads),
            )
        self.selector = selectors.DefaultSelector()
        assert self.process.stdout is not None
        self.selector.register(self.process.stdout, selectors.EVENT_READ)

    def ask(
        self, command: str, timeout: float = 900.0, **arguments: Any
    ) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(
                json.dumps({"do": command, **arguments}).encode() + b"\n"
            )
            self.process.stdin.flush()
        except OSError as error:
            raise WorkerError(self._last_words()) from error
        if not self.selector.select(timeout):
            self.end()
            raise WorkerError(f"no answer to {command} within {timeout:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def _last_words(self) -> str:
        said = self.log.read_text(errors="replace")[-1500:]
        return f"the process ended with status {self.process.wait()}: {said}"

    def end(self) -> None:
        """End it, gently first."""
        if self.process.poll() is None:
            try:
                assert self.process.stdin is not None
                self.process.stdin.write(b'{"do": "quit"}\n')
                self.process.stdin.close()
                self.process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        self.selector.close()
