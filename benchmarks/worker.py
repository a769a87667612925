"""The process of one contender: commands come on standard input, one JSON line each, and so do the answers.

`prepare` loads the library and the case's data, does the steps that are compared, warms up, and finds
how many units make a repetition long enough; `run` does one timed repetition; `quit` ends it.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

#: Rows whose predictions are compared.
CHECKED_ROWS = 1000


def status_bytes(name: str) -> int:
    """VmRSS or VmHWM of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def reset_high_water() -> bool:
    """Start VmHWM anew from the present; whether the system lets us."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


class Worker:
    def __init__(self) -> None:
        self.contender: Any = None
        self.units = 1

    def prepare(
        self,
        contender: str,
        form: str,
        threads: int,
        case: dict[str, Any],
        folder: str,
        seconds: float,
    ) -> dict[str, Any]:
        import numpy as np
        from cases import Case, read_inputs
        from contenders import held_dtype, load

        this = Case.from_dict(case)
        began = time.perf_counter()
        make = load(contender)
        imported = time.perf_counter()
        inputs = read_inputs(this, Path(folder), held_dtype(contender, this, form))
        gc.collect()
        before, anew = status_bytes("VmRSS"), reset_high_water()
        loaded = time.perf_counter()
        self.contender = make(this, form, threads, inputs)
        result = Path(folder) / this.key / f"{contender} {form} {threads}.npy"
        if this.kind == "memory":
            self.contender.work(5)
            peak = status_bytes("VmHWM")
            np.save(result, self.contender.theta_after(this.check_batches()))
            return {
                "result": str(result),
                "bytes_before": before,
                "bytes_peak": peak,
                "high_water_reset": anew,
                "versions": self.contender.versions(),
                **self.contender.details(),
            }
        checked = min(this.rows, CHECKED_ROWS)
        outcome = (
            self.contender.theta_after(this.check_batches())
            if this.kind == "training"
            else self.contender.output(checked)
        )
        np.save(result, outcome)
        self.contender.work(1)
        warm = time.perf_counter()
        self.units = self._calibrate(seconds)
        if self.units > 1:
            self.contender.seconds(self.units)  # once as it will be timed
        return {
            "result": str(result),
            "import_seconds": imported - began,
            "warm_up_seconds": warm - loaded,
            "units": self.units,
            "bytes_before": before,
            "bytes_peak": status_bytes("VmHWM"),
            "versions": self.contender.versions(),
            **self.contender.details(),
        }

    def _calibrate(self, seconds: float) -> int:
        """Units that take about so many seconds."""
        units = 1
        while True:
            taken = max(self.contender.seconds(units), 1e-9)
            if taken >= seconds / 2 or units >= 10**6:
                return (
                    max(1, math.ceil(units * seconds / taken))
                    if taken < seconds
                    else units
                )
            units = min(10**6, math.ceil(units * min(20, 1.2 * seconds / taken)))

    def run(self) -> dict[str, Any]:
        gc.collect()
        return {"seconds": self.contender.seconds(self.units) / self.units}

    def details(self) -> dict[str, Any]:
        return dict(self.contender.details())


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print is no answer
    cores = sorted(os.sched_getaffinity(0))
    threads = int(sys.argv[1])
    if threads < len(
        cores
    ):  # for libraries that count cores; the last are the least busy with others
        os.sched_setaffinity(0, cores[-threads:])
    worker = Worker()
    for line in sys.stdin:
        command = json.loads(line)
        name = command.pop("do")
        if name == "quit":
            break
        try:
            answer = getattr(worker, name)(**command)
        except Exception:  # the runner reports it and goes on without this contender
            answer = {"error": traceback.format_exc(limit=-4)}
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
