"""`save` and `load`: an estimator as a model file, safetensors with a checksum; never a pickle.

The file is one of `save_model`'s, so `load_model` reads it too. Stored are the weights, the parameters, the classes
and what the fit left in numbers. Not stored, as no text can hold them: callbacks, and a `random_state` that is a
generator; and the optimizer's state, for which there is pickle.
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
from ..files.container import fits_together, unreadable
from ..files.exportable import Exportable
from ..files.json_text import json_ready
from ..files.schema import fitted, made_of
from ..files.storage import load_model, save_model
from ..optimizers import Optimizer
from ..optimizers.schedules import SCHEDULES, Schedule
from ..optimizers.table import OPTIMIZERS
from .fitted_network import FittedNetwork
from .network import as_coefs

__all__ = ["LabelsText", "ModelFile", "restored", "stored", "stored_labels"]

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

    def attributes(self, network: Network, parameters: Parameters) -> dict[str, Any]:
        """Name → value, as the estimator has them."""
        coefs, intercepts = as_coefs(parameters)
        return {
            "coefs_": coefs,
            "intercepts_": intercepts,
            "n_layers_": len(network.sizes),
            "n_outputs_": network.sizes[-1],
            **{name: _number(value) for name, value in self.numbers.items()},
            **{name: labels.array() for name, labels in self.labels.items()},
        }


class ModelFile(Exportable, FittedNetwork):
    """The methods of an estimator that write and read it."""

    def _labels_form(self) -> tuple[bool, bool]:
        """Return whether each row has many labels, and whether they are sparse."""
        return False, False

    def _know_many_labels(self, outputs: int, *, sparse: bool) -> None:
        """Predict so many labels for each row."""

    def _beside(self) -> tuple[dict[str, Any], Mapping[str, Any]]:
        """Notes and arrays that stand beside the weights."""
        return {}, {}

    def _take_beside(self, notes: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
        """Take what `_beside` gave; `ValueError` where it does not fit."""
        if arrays:
            raise ValueError(f"arrays {', '.join(arrays)} of another estimator")

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
        network, parameters = self._fitted_network()
        given = {
            name: stored(name, value)
            for name, value in self.get_params(deep=False).items()
        }
        random, found = given.get("random_state"), self.__dict__
        many_labels, sparse_labels = self._labels_form()
        notes = {
            "estimator": type(self).__name__,
            "parameters": given
            | {"random_state": random if isinstance(random, int) else None},
            "numbers": json_ready({n: found[n] for n in NUMBERS if n in found}),
            "labels": {n: stored_labels(n, found[n]) for n in LABELS if n in found},
            "many_labels": many_labels,
            "sparse_labels": sparse_labels,
        }
        beside, arrays = self._beside()
        save_model(path, network, parameters, notes | beside, arrays)

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
        with fits_together(path, also=(TypeError, OverflowError, RecursionError)):
            notes = fitted(EstimatorText, model.notes, "notes")
            made = cls(**{n: restored(value) for n, value in notes.parameters.items()})
            made._validate_params()
            notes.require_fit(model.network)
            made.__dict__.update(notes.attributes(model.network, model.parameters))
            made._take_beside(model.notes, model.arrays)
            if notes.many_labels:
                outputs = model.network.sizes[-1]
                made._know_many_labels(outputs, sparse=notes.sparse_labels)
            if made._fitted_network()[0] != model.network:
                raise ValueError("parameters of another network than that beside them")
        return made


def stored(name: str, value: Any) -> Any:
    """A parameter as JSON."""
    for kind, _ in TABLES:
        if isinstance(value, kind):
            if getattr(value, "custom", False):
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
        return {"kind": "tuple", "items": [stored(name, item) for item in value]}
    if isinstance(value, list | np.ndarray):
        return [stored(name, item) for item in value]
    plain = _plain(value)
    return {"kind": "float", "value": "inf"} if plain == float("inf") else plain


def restored(value: Any) -> Any:
    """The value that `stored` made JSON of; arrays become lists."""
    if isinstance(value, list):
        return [restored(item) for item in value]
    if not isinstance(value, dict):
        return value
    parts = dict(value)
    kind = parts.pop("kind", None)
    if kind == "dict":
        return dict(fitted(list[tuple[Any, Any]], parts.get("items")))
    if kind == "tuple":
        return tuple(map(restored, fitted(list[Any], parts.get("items"))))
    if kind == "float":
        return float(fitted(str, parts.get("value")))
    table = next((table for of, table in TABLES if of.__name__ == kind), {})
    return made_of(parts, table, f"{kind!r:.40}")


def _plain(value: Any) -> Any:
    """A NumPy scalar as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def stored_labels(name: str, labels: Any) -> dict[str, Any]:
    """Labels as JSON, with the dtype of their array."""
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
