"""The parts that both tabular estimators share: parameters, reading of rows, the fit, the average."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from ...data.streams import Stream
from ...engines import native
from ...engines.threads import checked_threads
from ...equations.network import Network
from ...errors import InputError, named_among, require_kind
from ..parameters import TakesParameters
from ..rows import fits_in_memory, row_weights
from ..rules import threads_for, warn
from .columns import (
    Column,
    Matrix,
    Rows,
    columns_of,
    is_frame,
    named_columns,
    require_names_apart,
)
from .encoding import Encoding, encode, require_inputs, unforeseen
from .encoding_fit import fit_encoding
from .members import Member, Task, average, train_members
from .number_like_text import texts_like_numbers
from .parameters import CONSTRAINTS
from .projections import with_projections
from .recipe import PRESETS, REFERENCE_ROWS, Recipe, for_reference, recipe_for, to_try
from .selection import counts_to_try, without_others
from .trials import Trials, chosen_recipe, fitting_time

__all__ = ["Tabular"]

#: Rows that are predicted at once.
AT_ONCE = 32_768
#: Epochs at most in which numbers of columns are compared.
COLUMN_EPOCHS = 40


class Tabular(TakesParameters, BaseEstimator, ABC):
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
        if isinstance(X, Stream):
            raise InputError(
                "X that is a stream",
                "rows in memory, as averaged networks need all of them",
                "Take MLPClassifier or MLPRegressor, which learn from a stream.",
            )
        if is_frame(X) and len(X.shape) == 2:
            require_names_apart(X)
            X = (
                X
                if fitting
                else _without_others(X, getattr(self, "feature_names_in_", ()))
            )
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
    def _for_fit(self, X: Any, y: Any) -> tuple[Matrix, Matrix, Any]:
        """Targets of rows X, checked; as they are learned; and a weight for each class, or None."""

    @abstractmethod
    def _task(
        self, x: Matrix, y: Matrix, weights: Matrix | None, recipe: Recipe
    ) -> Task:
        """The job of the members with targets y, as `_learn` got them."""

    @abstractmethod
    def _known_targets(self, y: Any) -> Matrix:
        """Targets as the loss takes them, after a fit."""

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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, like: Self | None = None
    ) -> Self:
        """Fit columns and networks to these rows.

        Parameters
        ----------
        X : DataFrame of pandas or polars, Table of Arrow, array-like or sparse matrix, shape (n_samples, n_features)
        y : array-like, shape (n_samples,), or (n_samples, n_outputs)
            Of a classifier classes: text, numbers or booleans; of a regressor numbers.
        sample_weight : array-like, shape (n_samples,), optional
        like : fitted estimator, optional
            Its recipe, seeds and epochs are taken, in place of a choice: on the same rows the same model, to the bit.

        Returns
        -------
        self
        """
        X = self._read(X, fitting=True)
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None."
            )
        y, targets, class_weights = self._for_fit(X, y)
        weights = row_weights(X, y, sample_weight, class_weights)
        return self._learn(X, targets, weights, like)

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
                task, recipe, left, threads=threads, fixed=self.members is not None
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


def _without_others(X: Any, names: Sequence[str]) -> Any:
    """A frame without the columns that training did not have, where it has all others."""
    there = set(getattr(X, "column_names", X.columns))
    if not len(names) or not set(names) < there:
        return X
    return X.select(list(names)) if hasattr(X, "select") else X[list(names)]


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
