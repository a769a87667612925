"""Dense feed-forward networks trained by backpropagation that is derived by hand."""

from __future__ import annotations

import importlib

from .renamed import hint

__version__ = "0.2.0"

TYPE_CHECKING = (
    False  # importing typing would cost three times as much as all else here
)
if TYPE_CHECKING:
    from typing import Any

    from . import activations, initializers, losses, metrics, optimizers, schedules
    from .data.dataset import Dataset
    from .data.load import load_data
    from .data.stream_making import stream
    from .data.streams import Stream
    from .engines.predictor import Predictor
    from .equations.activation import Activation
    from .equations.activations import ACTIVATIONS
    from .equations.backward_pass import Gradient, backward
    from .equations.check_result import ArrayCheck, GradientCheck
    from .equations.custom import custom_activation, custom_loss
    from .equations.forward_pass import Trace, forward, objective
    from .equations.function_check import check_function_gradient
    from .equations.gradient_check import check_gradient
    from .equations.initializers import INITIALIZERS
    from .equations.jacobians import jacobian
    from .equations.loss import Loss
    from .equations.losses import LOSSES
    from .equations.network import Network, Parameters
    from .errors import InputError, NonFiniteError
    from .estimators import (
        MLPClassifier,
        MLPRegressor,
        TabularClassifier,
        TabularRegressor,
    )
    from .explanation import Explanation, explain
    from .files.storage import Model, load_model, save_model
    from .interchange.check import ExportCheck, check_export
    from .interchange.onnx_in import from_onnx
    from .interchange.sklearn_in import from_sklearn
    from .interchange.stamp import Stamp
    from .interchange.torch_in import from_torch
    from .optimizers.interface import Optimizer
    from .optimizers.schedules import SCHEDULES, Schedule
    from .optimizers.table import OPTIMIZERS
    from .show.explorer import Explorer, explore
    from .training.callbacks import Callback, Moment
    from .training.checkpoints import Checkpoint
    from .training.diagnostics import Diagnosis
    from .training.entry import train
    from .training.metrics import METRICS, Metric
    from .training.report import Epoch, Report
    from .training.stopping import EarlyStopping, StopReason

#: The modules of what a table has, by name: `optimizers.Adam(learning_rate=0.01)`.
_NAMESPACES = (
    "activations",
    "losses",
    "initializers",
    "optimizers",
    "schedules",
    "metrics",
)
_HOME = {
    "ACTIVATIONS": "equations.activations",
    "Activation": "equations.activation",
    "custom_activation": "equations.custom",
    "LOSSES": "equations.losses",
    "Loss": "equations.loss",
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
    "check_function_gradient": "equations.function_check",
    "GradientCheck": "equations.check_result",
    "ArrayCheck": "equations.check_result",
    "OPTIMIZERS": "optimizers.table",
    "Optimizer": "optimizers.interface",
    "SCHEDULES": "optimizers.schedules",
    "Schedule": "optimizers.schedules",
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
    "Epoch": "training.report",
    "Diagnosis": "training.diagnostics",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "TabularClassifier": "estimators",
    "TabularRegressor": "estimators",
    "Model": "files.storage",
    "save_model": "files.storage",
    "load_model": "files.storage",
    "Dataset": "data.dataset",
    "load_data": "data.load",
    "Stream": "data.streams",
    "stream": "data.stream_making",
    "from_sklearn": "interchange.sklearn_in",
    "from_torch": "interchange.torch_in",
    "from_onnx": "interchange.onnx_in",
    "check_export": "interchange.check",
    "ExportCheck": "interchange.check",
    "Stamp": "interchange.stamp",
    "explain": "explanation",
    "Explanation": "explanation",
    "explore": "show.explorer",
    "Explorer": "show.explorer",
    "InputError": "errors",
    "NonFiniteError": "errors",
}

__all__ = [  # noqa: PLE0604
    *_NAMESPACES,
    *_HOME,
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `import chainrule` stays cheap."""
    if name in _NAMESPACES:
        return importlib.import_module(f".{name}", __name__)
    if name not in _HOME:
        raise AttributeError(
            f"module 'chainrule' has no attribute {name!r}{hint(name)}"
        )
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
