"""Whether contenders do the same work: losses after the same steps, or the same predictions.

The judge is plain NumPy in float64. After a case's `check_steps` steps from the same θ on the same
batches, a contender's loss J over the first rows may differ from the judge's by `LOSS_TOLERANCE` of
how far the judge's steps changed it. Predictions may differ by `OUTPUT_TOLERANCE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cases import PIXEL_SCALE, Array, Case, read_inputs
from contenders.numpy_ import Stepper, forward, loss

#: scikit-learn adds Adam's ε before the bias correction, where it counts for √1000 times as much.
LOSS_TOLERANCE = 1e-3
OUTPUT_TOLERANCE = 2e-6
LOOKED_AT = 10_000


@dataclass
class Judge:
    """Of one case; the data as the workers read them."""

    case: Case
    folder: Path

    def __post_init__(self) -> None:
        inputs = read_inputs(self.case, self.folder, "float32")
        if self.case.pixels:  # exact, where the float32 rows are rounded
            pixels = read_inputs(self.case, self.folder, "uint8").x
            self.x: Array = pixels.astype(np.float64) * PIXEL_SCALE
        else:
            self.x = inputs.x
        self.y, theta = inputs.y, inputs.theta.astype(np.float64)
        if self.case.kind == "prediction":
            self.expected = forward(
                self.case, *self.case.split(theta), self.x[:1000].astype(np.float64)
            )[-1]
            return
        stepper = Stepper(self.case, theta)
        for rows in self.case.check_batches():
            stepper.step(self.x[rows].astype(np.float64), self.y[rows])
        self.theta = stepper.theta
        self.start, self.end = self._loss(theta), self._loss(self.theta)
        self.way = float(np.linalg.norm(self.theta - theta))

    def _loss(self, theta: Array) -> float:
        return loss(self.case, theta, self.x[:LOOKED_AT], self.y[:LOOKED_AT])

    def verdict(self, result: Path) -> dict[str, Any]:
        """Of what a contender saved."""
        found = np.load(result)
        if self.case.kind == "prediction":
            difference = float(np.abs(found - self.expected[: len(found)]).max())
            return {
                "equal": bool(difference <= OUTPUT_TOLERANCE),
                "output_difference": difference,
            }
        J = self._loss(found)
        difference = abs(J - self.end) / abs(self.end - self.start)
        return {
            "equal": bool(difference <= LOSS_TOLERANCE),
            "loss_at_start": self.start,
            "loss_of_judge": self.end,
            "loss": J,
            "loss_difference": difference,
            "theta_difference": float(np.linalg.norm(found - self.theta)) / self.way,
        }
