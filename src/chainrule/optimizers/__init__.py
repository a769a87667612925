"""The optimizers of the table `OPTIMIZERS`, by class: `optimizers.Adam(learning_rate=0.01)`.

Beside them the folder has what moves θ with them: schedules, constraints, the rules of a run, and the step.
"""

from __future__ import annotations

from .first_order import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    FirstOrder,
    FoldedAdam,
    GradientDescent,
    RMSprop,
)
from .interface import Optimizer
from .lbfgs import LBFGS
from .levenberg_marquardt import LevenbergMarquardt

__all__ = [
    "LBFGS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "FirstOrder",
    "FoldedAdam",
    "GradientDescent",
    "LevenbergMarquardt",
    "Optimizer",
    "RMSprop",
]
