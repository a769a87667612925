"""What the figures were measured on: processor, versions, load, and the peak that it reaches."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np

#: Load average above which figures are not to be trusted.
QUIET = 0.5


def cores() -> int:
    return len(os.sched_getaffinity(0))


def describe() -> dict[str, Any]:
    """Of this machine, now."""
    return {
        "cpu": _cpu_model(),
        "cores": cores(),
        "memory_gib": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1
        ),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average_at_start": round(os.getloadavg()[0], 2),
        "time": time.strftime("%Y-%m-%d %H:%M:%S %z"),
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    found: dict[str, str] = {}
    for line in lines:
        key, _, value = line.partition(":")
        found.setdefault(key.strip(), value.strip())
    if "model name" not in found:
        return platform.processor() or platform.machine()
    return f"{found['model name']} (family {found.get('cpu family')}, model {found.get('model')})"


class Peak:
    """The float32 peak on all cores, in GFLOP/s.

    Independent fused multiply-adds in registers, compiled here for this processor (`peak.c`); where
    there is no compiler, the best large matrix product of NumPy, which is less.
    """

    def __init__(self, folder: Path) -> None:
        compiler = next(
            (path for path in map(shutil.which, ("cc", "gcc", "clang")) if path), None
        )
        self.program, self.measured = folder / "peak", []
        source = Path(__file__).with_name("peak.c")
        command = [
            compiler or "",
            "-O3",
            "-march=native",
            "-pthread",
            str(source),
            "-o",
            str(self.program),
        ]
        self.how = "register-resident float32 FMA loop (peak.c), all cores"
        if (
            compiler is None
            or subprocess.run(command, check=False, capture_output=True).returncode != 0
        ):
            self.program, self.how = (
                None,
                "best of 5 float32 matrix products of 3000 x 3000 (NumPy), all cores",
            )
        self.one_core = self.measure(1) if self.program else None
        self.product = matrix_product()

    def measure(self, threads: int | None = None) -> float:
        """Now; remembered when on all cores."""
        if self.program is None:
            rate = matrix_product()
        else:
            command = [str(self.program), str(threads or cores()), "0.3"]
            rate = float(
                subprocess.run(
                    command, check=True, capture_output=True, text=True
                ).stdout
            )
        if threads is None:
            self.measured.append(rate)
        return rate

    def record(self) -> dict[str, Any]:
        return {
            "how": self.how,
            "gflops": float(np.median(self.measured)),
            "measured_gflops": self.measured,
            "one_core_gflops": self.one_core,
            "matrix_product_gflops": self.product,
        }


def matrix_product(width: int = 3000, repetitions: int = 5) -> float:
    """GFLOP/s of the best of some large float32 products of NumPy, with its own threads."""
    a = np.random.default_rng(0).random((width, width), np.float32)
    best = np.inf
    for _ in range(repetitions):
        began = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - began)
    return float(2 * width**3 / best / 1e9)
