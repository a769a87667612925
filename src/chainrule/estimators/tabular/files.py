"""`save` and `load`: encoding and members in one file, safetensors with a checksum; never a pickle."""

from __future__ import annotations

import os
from abc import ABC
from dataclasses import asdict, dataclass, field
from typing import Any, Self, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ...equations.network import Network, Parameters
from ...files.container import fits_together, read_file, unreadable, write_file
from ...files.exportable import Exportable
from ...files.json_text import json_ready, versions
from ...files.schema import fitted
from ...files.storage import AVERAGE, build_network, describe_network
from ..files import LabelsText, restored, stored, stored_labels
from .columns import KINDS
from .encoding import DATE_PARTS, Encoding, Number, Projection
from .members import Member
from .recipe import Recipe

__all__ = ["TabularFile", "made_again", "write_tabular"]

T = TypeVar("T")

LABELS = ("classes_", "feature_names_in_")
NUMBERS = ("target_center_", "target_width_", "target_low_", "target_high_")


@dataclass(frozen=True)
class MemberText:
    """A member without its weights; NaN is text in JSON."""

    seed: int
    epoch: int
    epochs: int
    score: float | str
    curve: tuple[float | str, ...]


@dataclass(frozen=True)
class TabularText:
    """The JSON text of a file, beside format and versions."""

    estimator: str
    parameters: dict[str, Any]
    network: dict[str, Any]
    encoding: Encoding
    recipe: Recipe
    members: tuple[MemberText, ...]
    labels: dict[str, LabelsText]
    targets: dict[str, list[float]]
    one_output: bool
    target_log: bool
    n_features: int
    notes: list[str]
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (set(self.labels) <= set(LABELS) and set(self.targets) <= set(NUMBERS)):
            raise ValueError("attributes that no estimator has")
        if not self.members:
            raise ValueError("no members")


class TabularFile(Exportable, BaseEstimator, ABC):
    """The methods that write and read a fitted estimator."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted estimator, its preparation of raw rows included, to one file.

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
        >>> from chainrule import TabularClassifier
        >>> X, y = [[0.0, "a"], [1.0, "b"], [2.0, "b"], [3.0, None]] * 5, ["no", "yes", "yes", "no"] * 5
        >>> model = TabularClassifier(preset="fast", epochs=5).fit(X, y)
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "model.safetensors"
        >>> model.save(file)
        >>> again = TabularClassifier.load(file)
        >>> bool((again.predict_proba(X) == model.predict_proba(X)).all())
        True
        """
        write_tabular(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read an estimator that `save` wrote; its predictions are the same to the bit.

        Parameters
        ----------
        path : path

        Raises
        ------
        InputError
            Not such a file, altered, or of the other estimator.
        """
        content, tensors = read_file(path, AVERAGE)
        kind = content.get("estimator", "nothing")
        if kind != cls.__name__:
            raise unreadable(path, f"{kind!s:.100}, not {cls.__name__}, in it")
        return made_again(cls, path, content, tensors)


def write_tabular(
    path: str | os.PathLike[str], model: Any, extra: dict[str, Any] | None = None
) -> None:
    """Write a fitted estimator, with what a command notes beside it."""
    check_is_fitted(model)
    found = model.__dict__
    members = found["members_"]
    parameters = {n: stored(n, v) for n, v in model.get_params(deep=False).items()}
    content = {
        "estimator": type(model).__name__,
        "parameters": parameters,
        "network": describe_network(found["network_"]),
        "encoding": asdict(found["encoding_"]),
        "recipe": found["recipe_"].as_dict(),
        "members": [
            {
                "seed": m.seed,
                "epoch": m.epoch,
                "epochs": m.epochs,
                "score": m.score,
                "curve": list(m.curve),
            }
            for m in members
        ],
        "labels": {n: stored_labels(n, found[n]) for n in LABELS if n in found},
        "targets": {n: found[n].tolist() for n in NUMBERS if n in found},
        "one_output": bool(found.get("_one_output", True)),
        "target_log": bool(found.get("target_log_", False)),
        "n_features": found["n_features_in_"],
        "notes": found["notes_"],
        "extra": extra or {},
    }
    tensors = {f"theta{k}": m.parameters.theta for k, m in enumerate(members)}
    text = {**json_ready(content), "versions": versions()}
    write_file(path, AVERAGE, text, tensors)


def made_again(
    kind: type[T],
    path: str | os.PathLike[str],
    content: dict[str, Any],
    tensors: dict[str, Any],
) -> T:
    """The estimator that content and weights of a file describe."""
    with fits_together(path, also=(TypeError, OverflowError, RecursionError)):
        text = fitted(TabularText, content)
        network = build_network(text.network)
        _require_fit(text, network, tensors)
        made: Any = kind(**{n: restored(v) for n, v in text.parameters.items()})
        made._validate_params()
        made.__dict__.update(_attributes(text, network, tensors))
    found: T = made
    return found


def _require_fit(text: TabularText, network: Network, tensors: dict[str, Any]) -> None:
    """Raise `ValueError` unless encoding, network and weights are of each other."""
    encoding = text.encoding
    counts = {len(encoding.names), len(encoding.kinds), text.n_features}
    if len(counts) > 1 or len(encoding.inputs) != network.sizes[0]:
        raise ValueError(
            f"{sorted(counts)} columns, {len(encoding.inputs)} inputs of a network of {network.sizes[0]}"
        )
    if not set(encoding.kinds) <= set(KINDS) or len(set(encoding.names)) < len(
        encoding.names
    ):
        raise ValueError(f"columns of the kinds {', '.join(encoding.kinds)!s:.100}")
    places = {number.column for number in encoding.numbers}
    places |= {category.column for category in encoding.categories}
    sums = {p for one in encoding.projections for p in (one.first, one.second)}
    if not (
        places <= set(range(len(encoding.names)))
        and sums <= set(range(len(encoding.numbers)))
    ):
        raise ValueError("inputs of columns that are not there")
    for number in encoding.numbers:
        kind = encoding.kinds[number.column]
        if kind == "category" or number.part not in (
            DATE_PARTS if kind == "date" else ("",)
        ):
            raise ValueError(f"{number.part!r:.40} of a column of the kind {kind}")
    if any(encoding.kinds[c.column] != "category" for c in encoding.categories):
        raise ValueError("categories of a column of numbers")
    binned: list[Number | Projection] = [*encoding.numbers, *encoding.projections]
    for part in binned:
        if any(b <= a for a, b in zip(part.edges, part.edges[1:], strict=False)):
            raise ValueError(f"edges of {part.name!r:.60} that do not ascend")
    if set(tensors) != {f"theta{k}" for k in range(len(text.members))}:
        raise ValueError(f"{len(tensors)} networks for {len(text.members)} members")
    outputs = network.sizes[-1]
    classes = text.labels.get("classes_")
    widths = [len(values) for values in text.targets.values()]
    widths += [] if classes is None else [len(classes.values)]
    if not widths or any(width != outputs for width in widths):
        raise ValueError(f"{widths} classes or targets for {outputs} outputs")
    if text.target_log and not all(
        low > 0 for low in text.targets.get("target_low_", [])
    ):
        raise ValueError("logarithms of targets that are not positive")
    wanted = set(NUMBERS) if classes is None else set()
    if set(text.targets) != wanted:
        raise ValueError(f"targets with {', '.join(text.targets) or 'nothing'}")


def _attributes(
    text: TabularText, network: Network, tensors: dict[str, Any]
) -> dict[str, Any]:
    """Name → value, as a fitted estimator has them."""
    members = []
    for k, member in enumerate(text.members):
        parameters = Parameters(network.sizes, tensors[f"theta{k}"])
        network.require(parameters)
        curve = tuple(float(loss) for loss in member.curve)
        members.append(
            Member(
                parameters,
                member.seed,
                member.epoch,
                member.epochs,
                float(member.score),
                curve,
            )
        )
    found: dict[str, Any] = {
        "network_": network,
        "encoding_": text.encoding,
        "recipe_": text.recipe,
        "members_": tuple(members),
        "epochs_": [member.epochs for member in members],
        "notes_": text.notes,
        "n_features_in_": text.n_features,
        **{name: labels.array() for name, labels in text.labels.items()},
        **{name: np.array(values) for name, values in text.targets.items()},
    }
    if "classes_" in found:
        return found
    return {**found, "_one_output": text.one_output, "target_log_": text.target_log}
