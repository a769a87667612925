"""Dense feed-forward networks trained by backpropagation that is derived by hand."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .data.dataset import Dataset
    from .data.load import load_data
    from .engines.predictor import Predictor
    from .equations.activations import ACTIVATIONS
    from .equations.backward_pass import Gradient, backward
    from .equations.custom import custom_activation, custom_loss
    from .equations.forward_pass import Trace, forward, objective
    from .equations.gradient_check import check_gradient
    from .equations.initializers import INITIALIZERS
    from .equations.jacobians import jacobian
    from .equations.losses import LOSSES
    from .equations.network import Network, Parameters
    from .errors import InputError, NonFiniteError
    from .estimators import MLPClassifier, MLPRegressor
    from .explanation import Explanation, explain
    from .files.storage import Model, load_model, save_model
    from .optimizers import OPTIMIZERS
    from .optimizers.schedules import SCHEDULES
    from .training.callbacks import Callback, Moment
    from .training.checkpoints import Checkpoint
    from .training.entry import train
    from .training.metrics import METRICS, Metric
    from .training.report import Report
    from .training.stopping import EarlyStopping, StopReason

_HOME = {
    "ACTIVATIONS": "equations.activations",
    "custom_activation": "equations.custom",
    "LOSSES": "equations.losses",
    "custom_loss": "equations.custom",
    "INITIALIZERS": "equations.initializers",
    "Network": "equations.network",
    "Parameters": "equations.network",
    "Trace": "equations.forward_pass",
    "forward": "equations.forward_pass",
    "objective": "equations.forward_pass",
    "Gradient": "equations.backward_pass",
    "backward": "equations.backward_pass",
    "jacobian": "equations.jacobians",
    "check_gradient": "equations.gradient_check",
    "OPTIMIZERS": "optimizers",
    "SCHEDULES": "optimizers.schedules",
    "METRICS": "training.metrics",
    "Metric": "training.metrics",
    "Callback": "training.callbacks",
    "Moment": "training.callbacks",
    "Checkpoint": "training.checkpoints",
    "EarlyStopping": "training.stopping",
    "StopReason": "training.stopping",
    "Predictor": "engines.predictor",
    "train": "training.entry",
    "Report": "training.report",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "Model": "files.storage",
    "save_model": "files.storage",
    "load_model": "files.storage",
    "Dataset": "data.dataset",
    "load_data": "data.load",
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
