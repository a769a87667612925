"""The losses of the table `LOSSES`, by name: `losses.pinball((0.1, 0.9))`."""

from __future__ import annotations

from .equations.loss import Loss
from .equations.losses import LOSSES

__all__ = [
    "Loss",
    "absolute_error",
    "binary_cross_entropy",
    "cross_entropy",
    "huber",
    "log_cosh",
    "pinball",
    "poisson",
    "squared_error",
]

squared_error = LOSSES["squared_error"]
cross_entropy = LOSSES["cross_entropy"]
binary_cross_entropy = LOSSES["binary_cross_entropy"]
absolute_error = LOSSES["absolute_error"]
huber = LOSSES["huber"]
log_cosh = LOSSES["log_cosh"]
pinball = LOSSES["pinball"]
poisson = LOSSES["poisson"]
