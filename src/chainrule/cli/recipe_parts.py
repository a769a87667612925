"""The parts of a run that a recipe names: network, optimizer, schedule, early stopping."""

from __future__ import annotations

from collections.abc import Collection

from ..data.dataset import Dataset
from ..equations.activations import ACTIVATIONS
from ..equations.losses import LOSSES
from ..equations.network import Network
from ..errors import InputError, named_among
from ..optimizers import LevenbergMarquardt, Optimizer
from ..optimizers.schedules import SCHEDULES, Schedule
from ..optimizers.table import OPTIMIZERS
from ..training.metrics import METRICS
from ..training.stopping import EarlyStopping
from .recipes import Recipe

__all__ = [
    "CLASS_LOSSES",
    "build_network",
    "build_optimizer",
    "build_schedule",
    "build_stopping",
    "require_metrics",
    "require_name",
]

#: Losses of classes, with the output activation of each.
CLASS_LOSSES = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}
#: Of the validation accuracy: one lucky epoch decides nothing.
SMOOTHING = 0.7


def build_network(data: Dataset, recipe: Recipe) -> Network:
    """The network of a recipe: the output activation follows from the loss."""
    require_name("--loss", recipe.loss, LOSSES)
    require_name("--activation", recipe.activation, ACTIVATIONS)
    of_classes = recipe.loss in CLASS_LOSSES
    outputs = len(data.classes) if data.classes else data.y_train.shape[1]
    if of_classes != bool(data.classes):
        names = [
            name for name in LOSSES if (name in CLASS_LOSSES) == bool(data.classes)
        ]
        what = f"{data.preparation.target.names[0]!r}, which has {'classes' if data.classes else 'numbers'}"
        raise InputError(
            f"--loss {recipe.loss} for the target {what}",
            ", ".join(names),
            "Choose one of these.",
        )
    if recipe.loss == "binary_cross_entropy":
        if outputs != 2:
            raise InputError(
                f"--loss binary_cross_entropy for {outputs} classes",
                "2 classes",
                "Use cross_entropy.",
            )
        outputs = 1
    last = CLASS_LOSSES.get(
        recipe.loss, "exp" if recipe.loss == "poisson" else "identity"
    )
    sizes = (data.x_train.shape[1], *recipe.hidden, outputs)
    return Network(
        sizes, (*[recipe.activation] * len(recipe.hidden), last), recipe.loss
    )


def build_optimizer(recipe: Recipe) -> Optimizer:
    """The optimizer of a recipe."""
    require_name("--optimizer", recipe.optimizer, OPTIMIZERS)
    options: dict[str, float] = {}
    one_gradient = getattr(OPTIMIZERS[recipe.optimizer], "one_gradient", True)
    if not one_gradient and recipe.learning_rate is not None:
        raise InputError(
            f"--learning-rate with {recipe.optimizer}",
            f"{recipe.optimizer} without one",
            "Leave it out, or use --optimizer adam.",
        )
    if recipe.learning_rate is not None:
        options["learning_rate"] = recipe.learning_rate
    if recipe.optimizer == "adamw":
        options["weight_decay"] = recipe.weight_decay
    if recipe.optimizer == "sgd":
        options["momentum"] = 0.9
    if recipe.regularization != "none":
        return _bayes(recipe)
    return OPTIMIZERS[recipe.optimizer](**options)


def _bayes(recipe: Recipe) -> Optimizer:
    """The optimizer with the penalty from the data."""
    if recipe.optimizer != LevenbergMarquardt.name or recipe.validation:
        beside = (
            f"--optimizer {recipe.optimizer}"
            if recipe.optimizer != LevenbergMarquardt.name
            else f"--validation {recipe.validation:g}"
        )
        raise InputError(
            f"--regularization {recipe.regularization} with {beside}",
            "--optimizer levenberg_marquardt without rows to validate on",
            "Leave it out.",
        )
    return LevenbergMarquardt(regularization=recipe.regularization, loss_tolerance=1e-6)


def build_schedule(recipe: Recipe) -> Schedule:
    """The schedule of a recipe, as long as the run."""
    require_name("--schedule", recipe.schedule, SCHEDULES)
    lengthy = recipe.schedule in ("cosine", "one_cycle")
    return SCHEDULES[recipe.schedule](
        **({"length_epochs": float(max(1, recipe.epochs))} if lengthy else {})
    )


def build_stopping(data: Dataset, recipe: Recipe) -> EarlyStopping | None:
    """Early stopping of a recipe: by accuracy for classes, by the loss for numbers."""
    if not recipe.early_stopping:
        return None
    if data.classes:
        return EarlyStopping(
            monitor="accuracy", patience=recipe.early_stopping, smoothing=SMOOTHING
        )
    return EarlyStopping(patience=recipe.early_stopping)


def require_metrics(data: Dataset, recipe: Recipe) -> None:
    """Raise unless the metrics that are asked for are there, and the data have what they need."""
    for name in recipe.metrics:
        require_name("--metrics", name, METRICS)
        if name == "accuracy" and not data.classes:
            others = ", ".join(other for other in METRICS if other != name)
            raise InputError(
                f"--metrics accuracy for the target {data.preparation.target.names[0]!r}, which has numbers",
                others,
                "Choose one of these.",
            )


def require_name(option: str, name: str, table: Collection[str]) -> None:
    """Raise unless a table has the name."""
    if name not in table:
        raise InputError(
            f"{option} {name}",
            ", ".join(table),
            named_among(name, table, "Choose one of these."),
        )
