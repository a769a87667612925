"""The table of optimizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from .first_order import (
    SGD,
    Adagrad,
    Adam,
    AdamW,
    FoldedAdam,
    GradientDescent,
    RMSprop,
)
from .interface import Optimizer
from .lbfgs import LBFGS
from .levenberg_marquardt import LevenbergMarquardt

__all__ = ["OPTIMIZERS"]

#: name → the class that makes the optimizer, from its parameters.
OPTIMIZERS: Mapping[str, Callable[..., Optimizer]] = MappingProxyType(
    {
        o.name: o
        for o in (
            GradientDescent,
            SGD,
            RMSprop,
            Adagrad,
            Adam,
            FoldedAdam,
            AdamW,
            LBFGS,
            LevenbergMarquardt,
        )
    }
)
