"""The schedules of the table `SCHEDULES`, by class: `schedules.OneCycle(length_epochs=50)`."""

from __future__ import annotations

from .optimizers.schedules import (
    Adaptive,
    Constant,
    Cosine,
    Exponential,
    InverseScaling,
    OneCycle,
    Schedule,
    Step,
)

__all__ = [
    "Adaptive",
    "Constant",
    "Cosine",
    "Exponential",
    "InverseScaling",
    "OneCycle",
    "Schedule",
    "Step",
]
