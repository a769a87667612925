"""`save` and `load`: an estimator as a model file, safetensors with a checksum; never a pickle.

The file is one of `save_model`'s, so `load_model` reads it too. Stored are the weights, the parameters, the classes
and what the fit left in numbers. Not stored, as no text can hold them: callbacks, and a `random_state` that is a
generator; and the optimiser's state, for which there is pickle.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ..equations.activation import Activation
from ..equations.activations import ACTIVATIONS
from ..equations.losses import LOSSES, Loss
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..files.container import unreadable
from ..files.json_text import json_ready
from ..files.schema import fitted, made_of
from ..files.storage import load_model, save_model
from ..optimizers import OPTIMIZERS, Optimizer
from ..optimizers.schedules import SCHEDULES, Schedule
from .live_weights import as_coefs

__all__ = ["ModelFile"]

NUMBERS = (
    *(
        "n_iter_",
        "t_",
        "loss_",
        "best_loss_",
        "best_validation_score_",
        "loss_curve_",
        "validation_loss_curve_",
    ),
    *("validation_scores_", "n_features_in_", "out_activation_"),
)
LABELS = ("classes_", "feature_names_in_")
#: kind → table; what is stored of a thing is its name and parameters.
TABLES: tuple[tuple[type, Mapping[str, Any]], ...] = (
    (Activation, ACTIVATIONS),
    (Loss, LOSSES),
    (Optimizer, OPTIMIZERS),
    (Schedule, SCHEDULES),
)
LEFT_OUT = ("callbacks",)


@dataclass(frozen=True)
class LabelsText:
    """Labels, and the dtype of their array."""

    values: list[str | int | float | bool]
    dtype: str

    def __post_init__(self) -> None:
        if not re.fullmatch(
            r"[<>|=]?[UObiuf?]\d{0,6}|bool|object|u?int\d+|float\d+", self.dtype
        ):
            raise ValueError(f"labels of dtype {self.dtype!r:.40}")

    def array(self) -> np.ndarray[Any, Any]:
        """The array, as wide as the labels need, whatever the dtype says."""
        made = np.array(self.values, dtype=object)
        return made.astype(np.str_) if "U" in self.dtype else made.astype(self.dtype)


@dataclass(frozen=True)
class EstimatorText:
    """The notes of a model file that an estimator wrote."""

    estimator: str
    parameters: dict[str, Any]
    numbers: dict[str, int | float | str | list[int | float | str | None] | None]
    labels: dict[str, LabelsText]
    many_labels: bool
    sparse_labels: bool

    def __post_init__(self) -> None:
        if not (set(self.numbers) <= set(NUMBERS) and set(self.labels) <= set(LABELS)):
            raise ValueError("attributes that no estimator has")

    def require_fit(self, network: Network) -> None:
        """Raise `ValueError` unless the inputs and the classes are as many as the network's."""
        inputs, outputs = network.sizes[0], network.sizes[-1]
        names = self.labels.get("feature_names_in_")
        counts = [
            self.numbers.get("n_features_in_", inputs)
        ]  # not there if set by hand
        counts += [len(names.values)] if names is not None else []
        if any(count != inputs for count in counts):
            raise ValueError(f"{counts} features for {inputs} inputs")
        classes = self.labels.get("classes_")
        if classes is not None and not (
            len(classes.values) == outputs or (len(classes.values), outputs) == (2, 1)
        ):
            raise ValueError(f"{len(classes.values)} classes for {outputs} outputs")


class ModelFile:
    """Methods of an estimator that write and read it."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator to a file.

        Parameters
        ----------
        path : path
            Replaced only when the new file is whole.

        Raises
        ------
        InputError
            A parameter or a class that cannot be stored.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> from chainrule import MLPClassifier
        >>> model = MLPClassifier((2,), solver="lbfgs", random_state=0).fit([[0.0], [1.0]], ["no", "yes"])
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
        >>> model.save(file)
        >>> MLPClassifier.load(file).predict([[1.0]]).tolist()
        ['yes']
        """
        estimator: Any = self
        network, parameters = estimator._fitted_network()
        given = {
            name: _stored(name, value)
            for name, value in estimator.get_params(deep=False).items()
        }
        random, binarizer = (
            given.get("random_state"),
            getattr(self, "_label_binarizer", None),
        )
        notes = {
            "estimator": type(self).__name__,
            "parameters": given
            | {"random_state": random if isinstance(random, int) else None},
            "numbers": json_ready(
                {name: getattr(self, name) for name in NUMBERS if hasattr(self, name)}
            ),
            "labels": {
                name: _stored_labels(name, getattr(self, name))
                for name in LABELS
                if hasattr(self, name)
            },
            "many_labels": getattr(binarizer, "y_type_", "") == "multilabel-indicator",
            "sparse_labels": bool(getattr(binarizer, "sparse_input_", False)),
        }
        save_model(path, network, parameters, notes)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read an estimator that `save` wrote.

        Parameters
        ----------
        path : path

        Raises
        ------
        InputError
            Not such a file, altered, or of the other estimator.
        """
        model = load_model(path)
        kind = model.notes.get("estimator", "a network")
        if kind != cls.__name__:
            raise unreadable(path, f"{kind!s:.100}, not {cls.__name__}, in it")
        try:
            notes = fitted(EstimatorText, model.notes, "notes")
            estimator: Any = cls(
                **{name: _restored(value) for name, value in notes.parameters.items()}
            )
            estimator._validate_params()
            notes.require_fit(model.network)
            estimator._restore(model.network, model.parameters, notes)
            if estimator._fitted_network()[0] != model.network:
                raise ValueError("parameters of another network than that beside them")
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise unreadable(
                path, f"contents that do not fit together ({error})"
            ) from error
        return estimator  # type: ignore[no-any-return]

    def _restore(
        self, network: Network, parameters: Parameters, notes: EstimatorText
    ) -> None:
        estimator: Any = self
        estimator.coefs_, estimator.intercepts_ = as_coefs(parameters)
        estimator.n_layers_, estimator.n_outputs_ = (
            len(network.sizes),
            network.sizes[-1],
        )
        for name, value in notes.numbers.items():
            setattr(self, name, _number(value))
        for name, stored in notes.labels.items():
            setattr(self, name, stored.array())
        if notes.many_labels:
            estimator._label_binarizer = estimator._binarizer_of(
                np.zeros((2, network.sizes[-1]), dtype=int)
            )
            estimator._label_binarizer.sparse_input_ = notes.sparse_labels


def _stored(name: str, value: Any) -> Any:
    """A parameter as JSON."""
    for kind, _ in TABLES:
        if isinstance(value, kind):
            if getattr(value, "own", False):
                raise InputError(
                    f"{name} = {value!r}, a function of your own",
                    "functions from the tables",
                    "Pickle the estimator, or save coefs_ and intercepts_ with numpy.savez.",
                )
            return {"kind": kind.__name__, **value.specification()}  # type: ignore[attr-defined]
    if name in LEFT_OUT or (
        name == "random_state" and not isinstance(value, int | np.integer)
    ):
        return None
    if isinstance(value, dict):
        return {
            "kind": "dict",
            "items": [[_plain(k), _plain(v)] for k, v in value.items()],
        }
    if isinstance(value, tuple):
        return {"kind": "tuple", "items": [_stored(name, item) for item in value]}
    if isinstance(value, list | np.ndarray):
        return [_stored(name, item) for item in value]
    plain = _plain(value)
    return {"kind": "float", "value": "inf"} if plain == float("inf") else plain


def _restored(value: Any) -> Any:
    """What `_stored` made JSON of; arrays become lists."""
    if isinstance(value, list):
        return [_restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    parts = dict(value)
    kind = parts.pop("kind", None)
    if kind == "dict":
        return dict(fitted(list[tuple[Any, Any]], parts.get("items")))
    if kind == "tuple":
        return tuple(map(_restored, fitted(list[Any], parts.get("items"))))
    if kind == "float":
        return float(fitted(str, parts.get("value")))
    table = next((table for of, table in TABLES if of.__name__ == kind), {})
    return made_of(parts, table, f"{kind!r:.40}")


def _plain(value: Any) -> Any:
    """A NumPy scalar as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _stored_labels(name: str, labels: Any) -> dict[str, Any]:
    labels = np.asarray(labels)  # set by hand, they may be a list
    values = labels.tolist()
    if not all(isinstance(value, str | int | float | bool) for value in values):
        raise InputError(
            f"{name} of {labels.dtype}",
            "text or numbers",
            "Pickle the estimator, or rename them.",
        )
    return {"values": values, "dtype": str(labels.dtype)}


def _number(value: Any) -> Any:
    """NaN and infinity are text in JSON."""
    if isinstance(value, list):
        return [_number(item) for item in value]
    return float(value) if value in ("nan", "inf", "-inf") else value
