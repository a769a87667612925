"""A trained model as the formats see it: raw columns, their preparation, networks, and what becomes of the outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..data.encoding import inputs
from ..data.preparation import Preparation
from ..data.tables import Table
from ..engines.predictor import Predictor
from ..equations.network import Network, Parameters
from ..errors import InputError, type_of
from ..estimators import (
    MLPClassifier,
    MLPRegressor,
    TabularClassifier,
    TabularRegressor,
)
from ..estimators.files import LabelsText
from ..estimators.tabular.columns import (
    Column,
    Rows,
    columns_of,
    is_frame,
    named_columns,
)
from ..estimators.tabular.encoding import Encoding, encode
from ..estimators.tabular.members import average
from ..files.schema import fitted
from ..files.storage import Model, describe_network
from ..training.report import Report
from .parts import Part, RawColumn, columns_and_parts, parts_of_encoding

__all__ = [
    "LARGEST_LOG",
    "Deployment",
    "Finish",
    "Matrix",
    "deployment_of",
    "without_preparation",
]

Matrix = np.ndarray[Any, Any]
#: Beyond it an exponential overflows, as the regressor has it.
LARGEST_LOG = 700.0


@dataclass(frozen=True)
class Finish:
    """All that becomes of A[L], shape (N, n_L).

    Parameters
    ----------
    kind : str
        "outputs": nothing; "classes": probabilities of each class; "labels": probabilities of many labels each yes or
        no; "numbers": targets in their units.
    classes : ndarray or None
        In the order of the probabilities.
    wide : bool
        Whether it is computed in float64 whatever the network's dtype is: of averages, and of targets in their units.
    normalized : bool
        Whether probabilities are divided by their sum.
    center, width : ndarray or None
        Of numbers: a · width + center.
    log : bool
        Whether a · width + center is the logarithm of a number.
    low, high : ndarray or None
        Of numbers: where they are cut.
    """

    kind: str
    classes: Matrix | None = None
    wide: bool = False
    normalized: bool = False
    center: Matrix | None = None
    width: Matrix | None = None
    log: bool = False
    low: Matrix | None = None
    high: Matrix | None = None

    def applied(self, a: Matrix) -> Matrix:
        """Probabilities or numbers, shape (N, columns), of A[L]."""
        if self.wide:
            a = a.astype(np.float64)
        if self.kind == "classes" and a.shape[1] == 1:
            a = np.hstack([1 - a, a])
        if self.normalized:
            a = a / a.sum(axis=1, keepdims=True)
        if self.width is not None and self.center is not None:
            a = a * self.width + self.center
        if self.log:
            a = np.exp(np.minimum(a, LARGEST_LOG))
        if self.low is not None and self.high is not None:
            a = np.clip(a, self.low, self.high)
        return a

    def names(self, outputs: int) -> tuple[str, ...]:
        """The meaning of each column, for a reader."""
        if self.kind == "classes" and self.classes is not None:
            return tuple(f"probability of {c}" for c in self.classes.tolist())
        if self.kind == "labels":
            return tuple(f"probability of label {k}" for k in range(outputs))
        word = "prediction" if self.kind == "numbers" else "output"
        return tuple(f"{word} {k}" for k in range(outputs)) if outputs > 1 else (word,)


@dataclass(frozen=True)
class Deployment:
    """A model taken apart.

    Parameters
    ----------
    network : Network
    members : tuple of Parameters
        Of the networks that are averaged.
    finish : Finish
    columns : tuple of RawColumn
        Of raw rows; empty where rows are matrices.
    parts : tuple of Part
    scale : float
        What rows that are matrices are multiplied by.
    source : Preparation, Encoding or None
        Where the columns and parts came from.
    left_out : bool
        Whether there is a preparation that was left out by choice.
    """

    network: Network
    members: tuple[Parameters, ...]
    finish: Finish
    columns: tuple[RawColumn, ...] = ()
    parts: tuple[Part, ...] = ()
    scale: float = 1.0
    source: Preparation | Encoding | None = None
    left_out: bool = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the networks."""
        return np.dtype(str(self.members[0].theta.dtype))

    @property
    def width(self) -> int:
        """The number of columns of the outputs."""
        n = self.network.sizes[-1]
        return 2 if self.finish.kind == "classes" and n == 1 else n

    def rows_of(self, given: Any) -> Any:
        """Rows as a mapping of columns where there are columns, else a matrix; checked."""
        if not self.columns:
            rows = np.asarray(given)
            if rows.ndim != 2 or rows.shape[1] != self.network.sizes[0]:
                raise InputError(
                    f"rows of shape {rows.shape}",
                    f"shape (N, {self.network.sizes[0]})",
                    "Pass rows as the network takes them.",
                )
            return rows.astype(np.float64 if self.scale != 1 else self.dtype)
        names = [column.name for column in self.columns]
        if isinstance(given, Mapping):
            require_columns(given, names)
            kinds = [column.kind for column in self.columns]
            return {
                name: _as_kind(np.asarray(given[name]), kind)
                for name, kind in zip(names, kinds, strict=True)
            }
        kinds = [column.kind for column in self.columns]
        if isinstance(self.source, Preparation) and is_frame(given):
            given = Rows({name: c for name, c in named_columns(given) if name in names})
            require_columns(given.columns, names)
            given = Rows({name: given.arrays[name] for name in names})
        found = columns_of(
            given if hasattr(given, "shape") else np.asarray(given, object),
            kinds=kinds,
        )
        return {name: c.values for name, c in zip(names, found, strict=True)}

    def inputs_of(self, rows: Any) -> Matrix:
        """A[0] of rows, as the model has it, shape (N, n_0)."""
        if not self.columns:
            if self.scale == 1:
                return np.asarray(rows)
            return np.asarray((rows * self.scale).astype(self.dtype))
        if isinstance(self.source, Encoding):
            made = [Column(c.name, c.kind, rows[c.name]) for c in self.columns]
            return encode(self.source, made)
        assert isinstance(self.source, Preparation)
        found, _ = inputs(self.source, Table("rows", rows), unseen="ignore")
        return found

    def network_outputs(self, x: Matrix) -> Matrix:
        """A[L] of inputs, the mean of the members."""
        if self.finish.wide and isinstance(self.source, Encoding):
            return average(self.network, self.members, x, threads=None)
        if len(self.members) > 1:
            total = sum(
                Predictor(self.network, p)(x).astype(np.float64) for p in self.members
            )
            return np.asarray(total / len(self.members))
        return np.asarray(Predictor(self.network, self.members[0])(x))

    def outputs_of(self, rows: Any) -> Matrix:
        """The outputs of the model itself, shape (N, columns)."""
        return self.finish.applied(self.network_outputs(self.inputs_of(rows)))


def require_columns(given: Iterable[str], names: Iterable[str]) -> None:
    """Raise where a column of training is not given."""
    there = set(given)
    gone = [name for name in names if name not in there]
    if gone:
        raise InputError(
            f"rows without the columns {', '.join(gone[:10])}",
            "the columns of training",
            "Add or rename them.",
        )


def _as_kind(values: Matrix, kind: str) -> Matrix:
    if kind == "category":
        return values.astype(object)
    if values.dtype.kind == "M":
        days = (values.astype("datetime64[us]") - np.datetime64(0, "us")) / (
            np.timedelta64(1, "D")
        )
        return np.where(np.isnat(values), np.nan, days)
    return values.astype(np.float64)


def without_preparation(deployment: Deployment) -> Deployment:
    """A deployment that takes prepared rows."""
    if deployment.source is None:
        return deployment
    finish = deployment.finish
    return replace(
        deployment,
        columns=(),
        parts=(),
        scale=1.0,
        source=None,
        left_out=True,
        finish=finish,
    )


def deployment_of(model: Any, classes: Any = None) -> Deployment:
    """A model taken apart.

    Parameters
    ----------
    model : fitted estimator, Report or Model
    classes : sequence of str, optional
        The names of the classes, where a tabular classifier learned their numbers.

    Raises
    ------
    InputError
        Not such a thing, a function of one's own in the network, notes that do not fit.
    """
    if isinstance(model, MLPClassifier | MLPRegressor):
        found = _of_perceptron(model)
    elif isinstance(model, TabularClassifier | TabularRegressor):
        found = _of_tabular(model, classes)
    elif isinstance(model, Report):
        found = Deployment(model.network, (model.parameters,), Finish("outputs"))
    elif isinstance(model, Model):
        found = _of_model(model)
    else:
        raise InputError(
            f"a model that is {type_of(model)}",
            "a fitted estimator of chainrule, a Report, or what load_model returns",
            "Import others first: from_sklearn, from_torch, from_onnx.",
        )
    describe_network(found.network)  # refuses functions of one's own
    for parameters in found.members:
        found.network.require(parameters)
    members = tuple(
        Parameters(p.sizes, np.ascontiguousarray(np.asarray(p.theta)))
        for p in found.members
    )
    if members[0].theta.dtype not in (np.float32, np.float64):
        raise InputError(
            f"parameters of dtype {members[0].theta.dtype}",
            "float32 or float64",
            "Convert theta to one of these.",
        )
    return replace(found, members=members)


def _of_perceptron(model: MLPClassifier | MLPRegressor) -> Deployment:
    network, parameters = model.network_, model.parameters_
    if isinstance(model, MLPRegressor):
        return Deployment(network, (parameters,), Finish("numbers"))
    found = np.asarray(model.classes_)
    finish = _finish_of_classes(network, found)
    return Deployment(network, (parameters,), finish)


def _finish_of_classes(network: Network, classes: Matrix) -> Finish:
    """Classes of a softmax, or of one sigmoid; else many labels."""
    outputs = network.sizes[-1]
    softmax = network.activations[-1].name == "softmax"
    one_of_many = softmax or (outputs == 1 and len(classes) == 2)
    return Finish("classes" if one_of_many else "labels", classes)


def _of_tabular(
    model: TabularClassifier | TabularRegressor, classes: Any
) -> Deployment:
    columns, parts = parts_of_encoding(model.encoding_)
    if isinstance(model, TabularClassifier):
        known = model.classes_ if classes is None else np.asarray(classes)
        finish = Finish("classes", np.asarray(known), wide=True, normalized=True)
    else:
        finish = Finish(
            "numbers",
            wide=True,
            center=np.asarray(model.target_center_),
            width=np.asarray(model.target_width_),
            log=bool(model.target_log_),
            low=np.asarray(model.target_low_),
            high=np.asarray(model.target_high_),
        )
    members = tuple(member.parameters for member in model.members_)
    return Deployment(
        model.network_, members, finish, columns, parts, source=model.encoding_
    )


def _of_model(model: Model) -> Deployment:
    network, parameters, notes = model.network, model.parameters, model.notes
    try:
        labels = (notes.get("labels") or {}).get("classes_")
        if "preparation" in notes:
            made = Preparation.from_dict(notes["preparation"])
            found = _of_preparation(network, parameters, made)
            if labels is None:
                return found
            # of an import, which knows whether they are numbers
            classes = fitted(LabelsText, labels, "classes_").array()
            return replace(found, finish=replace(found.finish, classes=classes))
        if labels is not None:
            classes = fitted(LabelsText, labels, "classes_").array()
            finish = (
                Finish("labels", classes)
                if notes.get("many_labels")
                else _finish_of_classes(network, classes)
            )
            return Deployment(network, (parameters,), finish)
    except (ValueError, AttributeError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"a model whose notes do not fit ({error})",
            "notes as chainrule writes them",
            "Load the model again, or train again.",
        ) from error
    numbers = notes.get("estimator") == "MLPRegressor"
    return Deployment(
        network, (parameters,), Finish("numbers" if numbers else "outputs")
    )


def _of_preparation(
    network: Network, parameters: Parameters, made: Preparation
) -> Deployment:
    if len(made.inputs) != network.sizes[0]:
        raise ValueError(f"{len(made.inputs)} inputs for a network of {network.sizes}")
    target = made.target
    if target.classes:
        finish = replace(
            _finish_of_classes(network, np.array(target.classes)), wide=True
        )
    else:
        center, width = np.array(target.mean), np.array(target.std)
        finish = Finish("numbers", wide=True, center=center, width=width)
    whole = Deployment(network, (parameters,), finish, source=made)
    if made.scale is not None:
        return replace(whole, scale=made.scale)
    columns, parts = columns_and_parts(made)
    return replace(whole, columns=columns, parts=parts)
