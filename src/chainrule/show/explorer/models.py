"""A model for a page: its network, its rows as the loss takes them, its classes and names, and its rules."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...engines.rows import Data
from ...equations.arrays import as_numpy
from ...equations.network import Network, Parameters
from ...errors import InputError, type_of
from ...estimators import MLPClassifier, MLPRegressor
from ...estimators.rules import optimizer_of
from ...explanation.request import resolved
from ...files.storage import Model, load_model
from ...optimizers.rules import Rules
from ...training.given_rows import checked_data
from ...training.report import Report

__all__ = ["Brought", "brought"]

Array = np.ndarray[Any, Any]
#: Rules of a run that the steps of a page do not have, and what stands for none.
LEFT_OUT = {"clip_value": None, "clip_norm": None, "max_norm": None}


@dataclass(frozen=True)
class Brought:
    """A model and its rows.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    data : Data
    classes, names : list of str or None
        Of the outputs and of the inputs, where the model knows them.
    rules : Rules or None
        Those of its run.
    remark : str
        What of these a page leaves out.
    """

    network: Network
    parameters: Parameters
    data: Data
    classes: list[str] | None = None
    names: list[str] | None = None
    rules: Rules | None = None
    remark: str = ""


def brought(
    model: Any, parameters: Parameters | None, x: Any, y: Any, sample_weight: Any
) -> Brought:
    """A model with rows for a page.

    Raises
    ------
    InputError
        No model, no rows, or rows that do not fit; weights that are 0; numbers that float32 does not have.
    """
    known: dict[str, Any] = {}
    if isinstance(model, str | os.PathLike):
        model = load_model(model)
    if x is None or y is None:
        raise InputError(
            f"{type_of(model)} without rows",
            "the model, x and y",
            "Pass the rows that the page is to show: explore(model, x, y).",
        )
    if isinstance(model, MLPClassifier | MLPRegressor):
        network, fitted = model._fitted_network()
        x, y = model._rows(x), model._known_targets(y)
        known = of_estimator(model, network, len(x))
    else:
        network, fitted = resolved(model, parameters)
        if isinstance(model, Model):
            known = of_notes(model.notes, network)
        if isinstance(model, Report):
            known = of_run(model.settings)
        y = class_numbers(y, known.get("labels"))
    known.pop("labels", None)
    data = checked_data(network, fitted, x, y, sample_weight)
    require_held(data, fitted)
    return Brought(network, fitted, data, **known)


def of_estimator(model: Any, network: Network, rows: int) -> dict[str, Any]:
    """The classes, names and rules of a fitted estimator."""
    optimizer = optimizer_of(model)
    batch = min(200, rows) if model.batch_size == "auto" else int(model.batch_size)
    l2 = float(model.l2 + model.alpha / batch)
    rules = Rules(optimizer, l1=float(model.l1), l2=l2, batch_rows=batch)
    return {
        "classes": listed(getattr(model, "classes_", None), network.sizes[-1]),
        "names": listed(getattr(model, "feature_names_in_", None), network.sizes[0]),
        "rules": rules,
        "remark": remark_of(rules),
    }


def of_notes(notes: Mapping[str, Any], network: Network) -> dict[str, Any]:
    """The labels and names in a file of an estimator, or of an import."""
    labels = notes.get("labels")
    found = labels if isinstance(labels, Mapping) else {}
    values = {
        name: one.get("values") for name, one in found.items() if isinstance(one, dict)
    }
    return {
        "labels": values.get("classes_"),
        "classes": listed(values.get("classes_"), network.sizes[-1]),
        "names": listed(values.get("feature_names_in_"), network.sizes[0]),
    }


def of_run(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of a run."""
    rules = Rules.from_specification(settings)
    return {"rules": rules, "remark": remark_of(rules)}


def remark_of(rules: Rules) -> str:
    """A sentence on what the steps of a page leave out; empty for nothing."""
    found = [
        f"{name} = {getattr(rules, name):g}"
        for name, none in LEFT_OUT.items()
        if getattr(rules, name) != none
    ]
    if not rules.optimizer.one_gradient:
        found.insert(0, f"the optimizer {rules.optimizer.name}")
    if len(set(rules.dropout[1:])) > 1 or any(rules.dropout[:1]):
        found.append(f"dropout = {list(rules.dropout)}")
    if not found:
        return ""
    return (
        f"The model was trained with {', '.join(found)}, which the steps of this page do not have: "
        "explain shows such a step."
    )


def listed(values: Any, count: int) -> list[str] | None:
    """Names as text, where there is one for each."""
    if values is None or len(values) != count:
        return None
    return [str(value) for value in values]


def class_numbers(y: Any, labels: Sequence[Any] | None) -> Any:
    """Targets that are labels of a model's own as class numbers; others as they are."""
    if labels is None or hasattr(y, "__array_namespace_info__"):
        return y
    given, known = np.asarray(y), np.asarray(labels)
    if given.ndim != 1 or (given.dtype.kind in "US") != (known.dtype.kind in "US"):
        return y
    if not np.isin(given, known).all():
        return y
    return np.argsort(known)[np.searchsorted(np.sort(known), given)]


def require_held(data: Data, parameters: Parameters) -> None:
    """Raise for what a page in float32 cannot hold, and for rows without weight."""
    arrays = {"x": data.inputs(), "y": data.y, "the parameters": parameters.theta}
    for name, array in arrays.items():
        with np.errstate(over="ignore"):
            narrow = np.asarray(as_numpy(array)).astype(np.float32)
        if not np.isfinite(narrow).all():
            raise InputError(
                f"{name} with numbers beyond float32",
                f"up to {np.finfo(np.float32).max:.1e}, in which the page computes",
                "Scale the columns, to a deviation of 1 say.",
            )
    if data.sample_weight is not None and not np.all(as_numpy(data.sample_weight) > 0):
        raise InputError(
            "sample_weight with zeros",
            "weights above 0: a page steps by batches, of which none may weigh nothing",
            "Leave the rows of weight 0 out.",
        )
