"""Dense feed-forward networks trained by backpropagation that is derived by hand."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .activations import ACTIVATIONS
    from .backward_pass import Gradient, backward
    from .callbacks import Callback, Moment
    from .checkpoints import Checkpoint
    from .data import load_data
    from .dataset import Dataset
    from .errors import InputError, NonFiniteError
    from .estimators import MLPClassifier, MLPRegressor
    from .explanation import Explanation, explain
    from .forward_pass import Trace, forward, loss
    from .gradient_check import check_gradient
    from .initializers import INITIALIZERS
    from .losses import LOSSES
    from .metrics import METRICS, Metric
    from .network import Network, Parameters
    from .optimizers import OPTIMIZERS
    from .own_functions import own_activation, own_loss
    from .predictor import Predictor
    from .report import Report
    from .schedules import SCHEDULES
    from .stopping import EarlyStopping, StopReason
    from .storage import Model, load_model, save_model
    from .training import train

_HOME = {
    "ACTIVATIONS": "activations",
    "own_activation": "own_functions",
    "LOSSES": "losses",
    "own_loss": "own_functions",
    "INITIALIZERS": "initializers",
    "Network": "network",
    "Parameters": "network",
    "Trace": "forward_pass",
    "forward": "forward_pass",
    "loss": "forward_pass",
    "Gradient": "backward_pass",
    "backward": "backward_pass",
    "check_gradient": "gradient_check",
    "OPTIMIZERS": "optimizers",
    "SCHEDULES": "schedules",
    "METRICS": "metrics",
    "Metric": "metrics",
    "Callback": "callbacks",
    "Moment": "callbacks",
    "Checkpoint": "checkpoints",
    "EarlyStopping": "stopping",
    "StopReason": "stopping",
    "Predictor": "predictor",
    "train": "training",
    "Report": "report",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "Model": "storage",
    "save_model": "storage",
    "load_model": "storage",
    "Dataset": "dataset",
    "load_data": "data",
    "explain": "explanation",
    "Explanation": "explanation",
    "InputError": "errors",
    "NonFiniteError": "errors",
}

__all__ = [  # noqa: PLE0604
    *_HOME,
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import chainrule` stays cheap."""
    if name not in _HOME:
        raise AttributeError(f"module 'chainrule' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
