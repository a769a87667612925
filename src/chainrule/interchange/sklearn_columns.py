"""scikit-learn's scalers, imputers and one-hot encoders as a `Preparation` of raw columns, and a map that follows it.

Every column that a network of scikit-learn sees is (u - center) / width, u being a number, whether it is missing, or
whether it is of one category. A `Preparation` makes inputs of its own form of the same columns; so the network's first
layer takes them after W[1] and b[1] are multiplied by a matrix, which only reorders where the forms agree.
"""

from __future__ import annotations

import math
from collections import UserList
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..data.preparation import Feature
from ..errors import InputError
from ..estimators.tabular.columns import text_of
from .deployment import Matrix

__all__ = ["SCALERS", "Columns", "columns_behind", "is_missing", "scaling_of_step"]

SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")
ALLOWED = f"{', '.join(SCALERS)}, SimpleImputer, OneHotEncoder, and ColumnTransformer or Pipeline of these"
#: Widths by which two numbers differ that are the same but for rounding.
SAME = 1e-9


@dataclass
class Source:
    """A column of raw rows, and how it is read."""

    name: str
    place: int
    fill: Any = None
    given: tuple[Any, ...] = ()  # categories as scikit-learn has them
    categories: list[Any] | None = None  # those that have an input
    missing: bool = False
    others: bool = False
    takes_new: bool = False

    @property
    def takes_missing(self) -> bool:
        """Return whether scikit-learn takes a missing value here."""
        return self.missing or self.fill is not None or self.takes_new


@dataclass
class Value:
    """A column at a step: (u - center) / width, of the number of a source, or of whether it is one of `which`.

    `which` has categories of the source by their places, "missing" and "others"; None of a number.
    """

    source: Source
    which: tuple[int | str, ...] | None = None
    center: float = 0.0
    width: float = 1.0

    def scaled(self, center: float, width: float) -> Value:
        """The value after one more step of centering and scaling."""
        center, width = self.center + center * self.width, self.width * width
        return Value(self.source, self.which, float(center), float(width))


@dataclass(frozen=True)
class Columns:
    """The features of a preparation, and what the network's own inputs are of theirs: T x + t.

    Parameters
    ----------
    features : tuple of Feature
    sources : tuple of Source
        Of each feature.
    T : ndarray, shape (n_0 of the network, n_0 of the preparation)
    t : ndarray, shape (n_0 of the network,)
    """

    features: tuple[Feature, ...]
    sources: tuple[Source, ...]
    T: Matrix
    t: Matrix

    def before(self, W: Matrix, b: Matrix) -> tuple[Matrix, Matrix]:
        """W[1] and b[1] of a layer that takes the preparation's inputs; bit by bit where these are only reordered."""
        order = self.T.argmax(axis=0)
        if np.array_equal(self.T, np.eye(len(self.T))[:, order]) and not self.t.any():
            return W[:, order], b
        wide = W.astype(np.float64)
        return (wide @ self.T).astype(W.dtype), (b + wide @ self.t).astype(b.dtype)

    def raw_rows(self, rng: np.random.Generator, count: int) -> list[Matrix]:
        """Rows for both, a column for each source: missing and new values where scikit-learn takes them."""
        found = []
        for feature, source in zip(self.features, self.sources, strict=True):
            column = np.empty(count, object)
            if source.categories is None:
                column[:] = feature.mean + feature.std * rng.normal(size=count)
            else:
                known = source.given
                column[:] = [known[k] for k in rng.integers(0, len(known), count)]
                if source.takes_new:
                    column[rng.random(count) < 0.1] = _new(known)
            if source.takes_missing:
                column[rng.random(count) < 0.1] = np.nan
            found.append(column)
        return found


def _new(known: Sequence[Any]) -> Any:
    """A category that is not among these."""
    if all(isinstance(one, str) for one in known):
        return "".join(known) + "?"
    return float(max(known)) + 1.0


def scaling_of_step(step: Any, place: str, width: int) -> tuple[Matrix, Matrix]:
    """Center and width of each column of a scaler: x becomes (x - center) / width."""
    name = type(step).__name__
    if name not in SCALERS:
        raise _refused(place, name)
    if getattr(step, "clip", False):
        raise _refused(place, f"{name}(clip=True)")
    one, none = np.ones(width), np.zeros(width)
    if name == "MinMaxScaler":
        return -step.min_ / step.scale_, 1 / step.scale_
    center = {"StandardScaler": "mean_", "RobustScaler": "center_"}.get(name)
    spread = getattr(step, "scale_", None)
    middle = None if center is None else getattr(step, center)
    # a StandardScaler(with_mean=False) has a mean all the same
    if name == "StandardScaler" and not step.with_mean:
        middle = None
    return none if middle is None else middle, one if spread is None else spread


def _refused(place: str, what: str) -> InputError:
    return InputError(
        f"step {place} of the pipeline, {what}",
        f"{ALLOWED}, without clipping",
        "Apply that step to the rows yourself, and pass what is behind it; or fit chainrule's TabularClassifier or "
        "TabularRegressor, which take such columns as they are.",
    )


def columns_behind(steps: Sequence[Any], names: Sequence[str]) -> Columns:
    """The columns that the steps of a pipeline make of raw ones with these names.

    Raises
    ------
    InputError
        A step of another kind, or a column that two steps take.
    """
    values = [Value(Source(name, i)) for i, name in enumerate(names)]
    for place, step in enumerate(steps):
        values = _through(step, str(place), values)
    return _put_together(values)


def _through(step: Any, place: str, values: list[Value]) -> list[Value]:
    """The columns after a fitted step."""
    kind = type(step).__name__
    plain = kind == "FunctionTransformer" and step.func is None
    if plain or (isinstance(step, str) and step == "passthrough"):
        return values
    if isinstance(step, str) and step == "drop":
        return []
    known = {
        "ColumnTransformer": _through_columns,
        "SimpleImputer": _through_imputer,
        "OneHotEncoder": _through_encoder,
    }
    if kind == "Pipeline":
        for name, inner in step.steps:
            values = _through(inner, f"{place}.{name}", values)
        return values
    if kind in known:
        return known[kind](step, place, values)
    center, width = scaling_of_step(step, place, len(values))
    return [v.scaled(c, w) for v, c, w in zip(values, center, width, strict=True)]


def _through_columns(step: Any, place: str, values: list[Value]) -> list[Value]:
    found: list[Value] = []
    for name, inner, columns in step.transformers_:
        if isinstance(inner, str) and inner == "drop":
            continue
        taken = [values[i] for i in _places(step, columns, len(values))]
        found += _through(inner, f"{place}.{name}", taken)
    return found


def _places(step: Any, columns: Any, count: int) -> list[int]:
    """The numbers of the columns that a ColumnTransformer gives to a step."""
    if isinstance(columns, str | int):
        columns = [columns]
    if isinstance(columns, slice):
        return list(range(count))[columns]
    # the remainder's are a list of scikit-learn's own, which in release 1.6 warns when it is read
    columns = list(columns.data if isinstance(columns, UserList) else columns)
    if columns and isinstance(columns[0], str):
        names = list(step.feature_names_in_)
        return [names.index(name) for name in columns]
    if columns and isinstance(columns[0], bool | np.bool_):
        return np.flatnonzero(columns).tolist()
    return [range(count)[i] for i in columns]


def is_missing(value: Any) -> bool:
    """Return whether a value stands for nothing: None, NaN, NaT, pandas' NA."""
    gone = value is None or type(value).__name__ in ("NAType", "NaTType")
    return gone or (isinstance(value, float | np.floating) and math.isnan(value))


def _through_imputer(step: Any, place: str, values: list[Value]) -> list[Value]:
    if not is_missing(step.missing_values):
        shown = f"SimpleImputer(missing_values={step.missing_values!r})"
        raise _refused(place, shown)
    for value, fill in zip(values, step.statistics_.tolist(), strict=True):
        if value.which is not None or value.source.fill is not None:
            continue
        if is_missing(fill):
            name = value.source.name
            raise _refused(place, f"SimpleImputer of {name!r}, which has no value")
        plain = isinstance(fill, str) or (value.center, value.width) == (0, 1)
        value.source.fill = fill if plain else fill * value.width + value.center
    if step.indicator_ is None:
        return values
    marked = [values[i].source for i in step.indicator_.features_.tolist()]
    for source in marked:
        source.missing = True
    return values + [Value(source, ("missing",)) for source in marked]


def _through_encoder(step: Any, place: str, values: list[Value]) -> list[Value]:
    found: list[Value] = []
    rare_ones = getattr(step, "infrequent_categories_", None)
    dropped = step.drop_idx_
    for i, (value, texts) in enumerate(zip(values, step.categories_, strict=True)):
        source = value.source
        if value.which is not None or (value.center, value.width) != (0, 1):
            raise _refused(place, "OneHotEncoder of columns that are scaled already")
        rare = None if rare_ones is None else rare_ones[i]
        drop = None if dropped is None else dropped[i]
        if rare is not None and drop is not None:
            raise _refused(place, "OneHotEncoder with drop and infrequent categories")
        found += _categories(step, source, texts.tolist(), rare, drop)
    return found


def _categories(
    step: Any, source: Source, given: list[Any], rare: Any, drop: Any
) -> list[Value]:
    """The columns of one source after OneHotEncoder."""
    plain = [one for one in given if not is_missing(one)]
    if len(given) - len(plain) > 1:
        raise InputError(
            f"column {source.name!r} with None and NaN as two categories",
            "one kind of missing value",
            "Fit the pipeline again after filling one of them.",
        )
    source.missing = source.missing or len(plain) < len(given)
    source.takes_new = step.handle_unknown != "error"
    is_rare = set() if rare is None else {text_or_missing(one) for one in rare}
    # of rare ones no number is kept, where new ones go with them
    source.others = bool(is_rare) and step.handle_unknown != "ignore"
    kept = [one for one in plain if not source.others or text_of(one) not in is_rare]
    source.given, source.categories = tuple(plain), kept
    places: dict[str, int | str] = {text_of(one): k for k, one in enumerate(kept)}
    places["missing value"] = "missing"
    alone, together = [], ["others"] if source.others else []
    for i, one in enumerate(given):
        text = text_or_missing(one)
        where = places.get(text, "others")
        if text not in is_rare:
            alone += [Value(source, (where,))] if i != drop else []
        elif where != "others":
            together.append(where)  # type: ignore[arg-type]
    return [*alone, *([Value(source, tuple(together))] if is_rare else [])]


def text_or_missing(value: Any) -> str:
    """The text of a category; that of a missing one has a blank that sets it apart."""
    return "missing value" if is_missing(value) else text_of(value)


def _put_together(values: list[Value]) -> Columns:
    """Features in the order in which the network sees them, and T and t."""
    sources = {value.source.place: value.source for value in values}
    scaled: dict[int, Value] = {}
    for value in values:
        place = value.source.place
        if value.which is None and scaled.setdefault(place, value) is not value:
            raise _twice(value.source)
    features = []
    for place, source in sources.items():
        # a column that is only marked as missing, or only encoded, has no number
        number = scaled.get(place, Value(source))
        if source.categories is not None and place in scaled:
            raise _twice(source)
        features.append(_feature(source, number))
    starts = np.cumsum([0, *[len(feature.inputs) for feature in features]]).tolist()
    T, t = np.zeros((len(values), starts[-1])), np.zeros(len(values))
    order = list(sources)
    for j, value in enumerate(values):
        k = order.index(value.source.place)
        _row(value, features[k], starts[k], T[j], t[j : j + 1])
    return Columns(tuple(features), tuple(sources.values()), T, t)


def _twice(source: Source) -> InputError:
    return InputError(
        f"column {source.name!r}, which two steps of the pipeline take",
        "each column in one step",
        "Apply the preparation to the rows yourself, and pass the network behind it.",
    )


def _feature(source: Source, number: Value) -> Feature:
    missing = 1.0 if source.missing else 0.0
    if source.categories is None:
        mean, std = number.center, number.width
        if source.fill is not None and abs(source.fill - mean) > SAME * std:
            mean = float(source.fill)
        return Feature(source.name, mean, std, missing=missing)
    filled = 1.0 if source.fill is not None else missing
    texts = tuple(text_of(one) for one in source.categories)
    if len(set(texts)) < len(texts):
        raise InputError(
            f"column {source.name!r} with categories that have one text",
            "categories that differ as text",
            "Rename one, and fit again.",
        )
    return Feature(source.name, 0.0, 1.0, texts, source.others, filled)


def _row(value: Value, feature: Feature, start: int, row: Matrix, t: Matrix) -> None:
    """Write a value as a sum of the inputs of its feature."""
    size = len(feature.inputs)
    if value.which is None:  # (x - center) / width of an input (x - mean) / std
        row[start] = 1.0
        t[0] = (feature.mean - value.center) / value.width
        t[0] = 0.0 if abs(t[0]) < SAME else t[0]
        return
    t[0] = -value.center / value.width if value.center else 0.0
    ends = {"missing": start + size - 1}
    ends["others"] = start + size - 1 - bool(feature.missing)
    for which in value.which:
        at = ends[which] if isinstance(which, str) else start + which
        row[at] = 1 / value.width
    fill = value.source.fill
    if fill is not None and feature.categories is not None and feature.missing:
        text = text_of(fill)
        known = (
            feature.categories.index(text) if text in feature.categories else "others"
        )
        if known in value.which:
            row[ends["missing"]] = 1 / value.width
