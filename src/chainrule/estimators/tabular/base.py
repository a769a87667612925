"""The parts that both tabular estimators share: parameters, reading of rows, the fit, the average."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from ...engines import native
from ...engines.threads import checked_threads
from ...equations.network import Network
from ...errors import InputError, named_among, require_kind
from ..rows import fits_in_memory
from ..rules import threads_for, warn
from .columns import (
    Column,
    Matrix,
    Rows,
    columns_of,
    is_frame,
    named_columns,
    require_names_apart,
    texts_like_numbers,
)
from .encoding import (
    Encoding,
    encode,
    fit_encoding,
    require_inputs,
    unforeseen,
)
from .members import (
    Member,
    Task,
    Trials,
    average,
    chosen_recipe,
    fitting_time,
    train_members,
)
from .projections import with_projections
from .recipe import (
    PRESETS,
    REFERENCE_ROWS,
    Recipe,
    for_reference,
    recipe_for,
    to_try,
)
from .selection import counts_to_try, without_others

__all__ = ["CONSTRAINTS", "Tabular", "with_tabular_parameters"]

Estimator = TypeVar("Estimator", bound=type)

#: Rows that are predicted at once.
AT_ONCE = 32_768
#: Epochs at most in which numbers of columns are compared.
COLUMN_EPOCHS = 40
COUNT = Interval(Integral, 1, None, closed="left")
#: parameter → what it may be.
CONSTRAINTS: dict[str, list[Any]] = {
    "preset": [StrOptions(set(PRESETS))],
    "members": [COUNT, None],
    "epochs": [COUNT, None],
    "max_seconds": [Interval(Real, 0, None, closed="neither"), None],
    "max_bytes": [COUNT, None],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "categorical_features": [StrOptions({"from_dtype"}), "array-like", None],
    "random_state": ["random_state"],
    "n_threads": [COUNT, None],
    "progress": ["boolean", None],
}

PARAMETERS = """preset : {"fast", "strong", "best"}, default "strong"
        How much time the fit takes, for how good a model: of 16 000 rows some seconds, under a minute, minutes.
    metric : str
        {METRICS}
    members : int, optional
        Networks that are averaged; by default as the preset says.
    epochs : int, optional
        The length of the schedule; by default by the number of rows, and by which of three recipes, a usual one and
        two careful ones for targets that are mostly noise, was best on rows that its networks did not see. Where the
        native engine is missing, up to 500 rows get the usual one, and two networks of 64 units a layer.
    max_seconds : float, optional
        Members and epochs become fewer, until they fit in about so much time; recipes are not compared. The same
        model is made again by `fit(…, like=model)`, however long it takes.
    max_bytes : int, optional
        What the encoded rows may take in memory; bins become fewer until they fit. All members share them, unless
        `validation_fraction` leaves rows out. By default 1.5 GB.
    validation_fraction : float, default 0.0
        The share of the rows that each member leaves out, others for each, to keep the weights of the epoch that is
        best on them. 0: all rows are learned from, and the last epoch is kept, which was as good or better on the
        tables tried.
    categorical_features : "from_dtype", or array-like of names, places or booleans, or None
        Columns that are categories: by their dtype (text, and categories of pandas, polars and Arrow), and those
        that are named. None: only text.
    random_state : int, RandomState or None, default 0
        Of every draw. Member k of a fit with the seed s is that of one with the seed s + k.
    n_threads : int, optional
        At most so many; by default the cores. The bits do not depend on it.
    progress : bool, optional
        A live line on standard error; by default only on a terminal."""

ATTRIBUTES = """members_ : tuple of Member
        The networks of the average: `parameters`, the epoch that was kept, the score on its validation rows.
    network_ : Network
        What all of them are.
    encoding_ : Encoding
        What became of the columns: `encoding_.words()`.
    recipe_ : Recipe
        Everything that was decided about the fit.
    epochs_ : list of int
        The epochs that each member made.
    notes_ : list of str
        What the user should know of the fit.
    n_features_in_, feature_names_in_
        As scikit-learn has them."""


def with_tabular_parameters(metrics: str) -> Any:
    """Write parameters and attributes into the docstring of a class."""

    def written(cls: Estimator) -> Estimator:
        parameters = PARAMETERS.replace("{METRICS}", metrics)
        text = (cls.__doc__ or "").replace("{PARAMETERS}", parameters)
        cls.__doc__ = text.replace("{ATTRIBUTES}", ATTRIBUTES)
        return cls

    return written


class Tabular(BaseEstimator, ABC):
    """The common part of the classifier and the regressor."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    preset: str
    metric: str
    members: int | None
    epochs: int | None
    max_seconds: float | None
    max_bytes: int | None
    validation_fraction: float
    categorical_features: Any
    random_state: Any
    n_threads: int | None
    progress: bool | None
    members_: tuple[Member, ...]
    network_: Network
    encoding_: Encoding
    recipe_: Recipe
    epochs_: list[int]
    n_features_in_: int
    feature_names_in_: np.ndarray[Any, Any]

    # ---- rows

    def _read(self, X: Any, *, fitting: bool) -> Any:
        """Rows with columns: a frame as it is, all else as a checked array."""
        if isinstance(X, Rows):
            return self._read_rows(X, fitting=fitting)
        if is_frame(X) and len(X.shape) == 2:
            require_names_apart(X)
            validate_data(self, X, reset=fitting, skip_check_array=True)
            if len(X) < 1:
                raise ValueError(
                    f"Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required."
                )
            return X
        if hasattr(X, "toarray") and not fits_in_memory(X, np.float64):
            raise InputError(
                f"sparse rows of shape {X.shape}",
                "sparse rows that fit in memory as a whole",
                "Use MLPClassifier or MLPRegressor, which take them batch by batch.",
            )
        if isinstance(X, list | tuple):
            X = _objects(X)
        X = validate_data(
            self,
            X,
            reset=fitting,
            dtype=None,
            ensure_all_finite=False,
            accept_sparse=True,
        )
        return X.toarray() if hasattr(X, "toarray") else X

    def _read_rows(self, X: Rows, *, fitting: bool) -> Rows:
        """Columns by name, which scikit-learn does not know."""
        if fitting:
            self.n_features_in_ = len(X.columns)
            self.feature_names_in_ = np.array(X.columns, dtype=object)
        elif list(self.feature_names_in_) != X.columns:
            raise InputError(
                f"columns {', '.join(X.columns[:10])}",
                "the columns of training, in their order",
                "Rename or order them.",
            )
        return X

    def _columns(self, X: Any) -> list[Column]:
        """The columns of rows to predict, as they were in training; a warning of what has no input.

        The columns of a file come without: who reads the file reports it.
        """
        check_is_fitted(self)
        columns = columns_of(self._read(X, fitting=False), kinds=self.encoding_.kinds)
        if not isinstance(X, Rows):
            for remark in unforeseen(self.encoding_, columns):
                warn(remark, UserWarning)
        return columns

    def _outputs(self, X: Any) -> Matrix:
        """The average of the members' outputs, shape (N, n_L); encoded rows are in memory in parts."""
        columns = self._columns(X)
        rows = len(columns[0].values)
        parts = [slice(start, start + AT_ONCE) for start in range(0, rows, AT_ONCE)]
        found = [
            self._average(
                encode(
                    self.encoding_,
                    [Column(c.name, c.kind, c.values[part]) for c in columns],
                )
            )
            for part in parts
        ]
        return np.concatenate(found)

    def _average(self, x: Matrix) -> Matrix:
        parameters = [member.parameters for member in self.members_]
        threads = checked_threads(self.n_threads)
        return average(self.network_, parameters, x, threads=threads)

    # ---- the fit

    @abstractmethod
    def _task(
        self, x: Matrix, y: Matrix, weights: Matrix | None, recipe: Recipe
    ) -> Task:
        """The job of the members with targets y, as `_learn` got them."""

    @abstractmethod
    def _guide(self, y: Matrix) -> Matrix:
        """The targets that projections are looked for with, shape (N, outputs)."""

    def _decide_targets(
        self,
        columns: Sequence[Column],
        y: Matrix,
        weights: Matrix | None,
        recipe: Recipe,
    ) -> None:
        """Decide in which form the targets are learned."""

    def _take_targets(self, like: Self, y: Matrix) -> None:
        """Take the form of the targets y from another fit."""

    def _by_loss(self, task: Task, y: Matrix) -> Task:
        """The task with the score that compares recipes."""
        return task

    def _learn(
        self, X: Any, y: Matrix, weights: Matrix | None, like: Self | None
    ) -> Self:
        """Fit encoding and members; X as `_read` gave it."""
        began = time.perf_counter()
        if like is not None:
            require_kind("like", like, type(self), "Pass a fitted estimator.")
            check_is_fitted(like)
        categorical = self._categorical(X)
        columns = columns_of(X, categorical)
        self.notes_: list[str] = []
        remarks = texts_like_numbers(X, columns, categorical)
        for remark in remarks:
            warn(remark, UserWarning)
        if weights is not None:
            columns, y, weights = _with_weight(columns, y, weights)
        if len(y) < 2:
            raise InputError(
                f"n_samples = {len(y)}", "2 rows or more", "Pass more rows."
            )
        small = native.MISSING is not None and len(y) <= REFERENCE_ROWS
        tries = like is None and self.max_seconds is None and not small
        recipe = self._first_recipe(columns, small) if like is None else like.recipe_
        if like is not None:
            self._take_targets(like, y)
        elif tries:
            self._decide_targets(columns, y, weights, recipe)
        self.notes_ = [*remarks, *self.notes_]
        guide = self._guide(y)
        counts = counts_to_try(columns) if tries else []
        if len(counts) > 1:
            short = replace(recipe, epochs=min(recipe.epochs, COLUMN_EPOCHS))
            best = chosen_recipe(
                [replace(short, columns=count) for count in counts],
                self._trials(columns, y, weights, recipe),
                threads=self.n_threads,
            )
            recipe = replace(recipe, columns=best.columns)
        self.encoding_ = self._fitted_encoding(columns, guide, recipe)
        require_inputs(self.encoding_)
        task = self._task(encode(self.encoding_, columns), y, weights, recipe)
        threads = threads_for(self.n_threads, task.network, len(task.x))
        if tries and PRESETS[self.preset].tried and self.epochs is None:
            trials = Trials(self._by_loss(task, y))
            if recipe.columns:
                trials = self._trials(columns, y, weights, recipe)
            recipe = chosen_recipe(to_try(recipe), trials, threads=threads)
        deadline = None
        if self.max_seconds is not None and like is None:
            deadline = began + self.max_seconds
            left = max(deadline - time.perf_counter(), 0.0)
            recipe = fitting_time(
                task,
                recipe,
                left,
                threads=threads,
                fixed=self.members is not None,
            )
        self.members_ = train_members(
            task,
            recipe,
            self._seeds(recipe.members)
            if like is None
            else [m.seed for m in like.members_],
            threads=threads,
            deadline=deadline,
            progress=self.progress,
            made=None if like is None else like.epochs_,
        )
        self.network_, self.recipe_ = task.network, recipe
        self.epochs_ = [member.epochs for member in self.members_]
        return self

    def _first_recipe(self, columns: Sequence[Column], small: bool) -> Recipe:
        recipe = recipe_for(
            self.preset,
            len(columns[0].values),
            len(columns),
            metric=self.metric,
            bytes_limit=self.max_bytes,
        )
        if small:
            recipe = for_reference(recipe)
            self.notes_.append(
                "The native engine is missing: fewer and smaller networks, and one recipe, for so few rows."
            )
        return replace(
            recipe,
            members=self.members or recipe.members,
            epochs=self.epochs or recipe.epochs,
            held=float(self.validation_fraction),
        )

    def _fitted_encoding(
        self, columns: Sequence[Column], guide: Matrix, recipe: Recipe
    ) -> Encoding:
        skipped = (
            without_others(columns, guide, recipe.columns) if recipe.columns else ()
        )
        plain = fit_encoding(
            columns, bins=recipe.bins, most_inputs=recipe.most_inputs, skipped=skipped
        )
        spare = recipe.most_inputs - len(plain.inputs)
        bins = min(recipe.projection_bins, spare // max(recipe.projections, 1) - 1)
        if bins < 2:
            return plain
        return with_projections(
            plain, columns, guide, count=recipe.projections, bins=bins
        )

    def _trials(
        self,
        columns: Sequence[Column],
        y: Matrix,
        weights: Matrix | None,
        recipe: Recipe,
    ) -> Trials:
        """Tasks whose columns are chosen and encoded without the rows that recipes are compared on."""
        guide = self._guide(y)
        bare = self._task(np.zeros((len(y), 1), np.float32), y, weights, recipe)

        def inputs(learned: Matrix, recipe: Recipe) -> Matrix:
            part = [Column(c.name, c.kind, c.values[learned]) for c in columns]
            encoding = self._fitted_encoding(part, guide[learned], recipe)
            # columns that differ only in the rows held out: networks of a constant input, which learn the mean
            return encode(encoding, columns) if encoding.inputs else bare.x

        return Trials(self._by_loss(bare, y), inputs)

    def _seeds(self, members: int) -> list[int]:
        state = self.random_state
        if not isinstance(state, int | np.integer):
            state = check_random_state(state).randint(2**31)
        return [int(state) + k for k in range(members)]

    def _categorical(self, X: Any) -> list[int]:
        """The places of the columns that are named as categories."""
        asked = self.categorical_features
        if asked is None or isinstance(asked, str):
            return []
        names = [name for name, _ in named_columns(X)]
        given = np.asarray(asked)
        if given.dtype.kind == "b":
            if len(given) != len(names):
                raise InputError(
                    f"categorical_features of {len(given)} booleans",
                    f"one for each of {len(names)} columns",
                    "Pass the names of the columns.",
                )
            return np.flatnonzero(given).tolist()
        found = []
        for one in given.tolist():
            if isinstance(one, str) and one in names:
                found.append(names.index(one))
            elif isinstance(one, int) and -len(names) <= one < len(names):
                found.append(one % len(names))
            else:
                raise InputError(
                    f"categorical_features with {one!r}",
                    "names of columns, or places from 0",
                    named_among(one, names, "Name columns of X."),
                )
        return found

    def _member(self, member: int) -> Member:
        """One of the members, by its number."""
        check_is_fitted(self)
        if not 0 <= member < len(self.members_):
            raise InputError(
                f"member = {member}",
                f"a number from 0 to {len(self.members_) - 1}",
                "Pass member=0.",
            )
        return self.members_[member]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _objects(X: Any) -> Any:
    """Nested lists as an array of objects, so that text beside numbers does not make text of them."""
    rows = list(X)
    if rows and all(isinstance(row, list | tuple) for row in rows):
        widths = {len(row) for row in rows}
        if len(widths) == 1:
            found = np.empty((len(rows), widths.pop()), dtype=object)
            for i, row in enumerate(rows):
                found[i] = row
            return found
    return X


def _with_weight(
    columns: Sequence[Column], y: Matrix, weights: Matrix
) -> tuple[list[Column], Matrix, Matrix]:
    """Only the rows that weigh something: the others count as not there."""
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        raise InputError(
            f"sample_weight of {weights[row]:g} in row {row}",
            "weights >= 0",
            "Leave such rows out.",
        )
    kept = weights > 0
    if not kept.any():
        raise InputError(
            "sample_weight of 0 for all rows", "some weight > 0", "Leave rows out."
        )
    columns = [Column(c.name, c.kind, c.values[kept]) for c in columns]
    return columns, y[kept], weights[kept]
