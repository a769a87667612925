"""Looking at an average: what each column is worth, how predictions follow it, why a row is what it is."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from ...equations.gradient_check import check_gradient
from ...equations.network import Parameters
from ...errors import InputError, named_among
from ...explanation import explain
from ...files.writing import write_whole
from ..inspection import output_gradients
from .base import Tabular
from .columns import Column, Matrix
from .encoding import encode
from .findings import Calibration, Contributions, Dependence, Importance

if TYPE_CHECKING:
    from ...equations.check_result import GradientCheck
    from ...explanation import Explanation

__all__ = ["Looking"]

#: Points of the path from the mean row to a row, at which gradients are taken.
STEPS = 24


class Looking(Tabular):
    """The methods of a fitted average that show what it does."""

    def prepared(self, X: Any, y: Any) -> tuple[Matrix, Matrix]:
        """Inputs and targets as the networks take them, float32.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
        y : array-like

        Returns
        -------
        ndarray, shape (n_samples, n_0)
            Named by `encoding_.inputs`.
        ndarray, shape (n_samples, n_L)
        """
        return encode(self.encoding_, self._columns(X)), self._known_targets(y)

    def explain(
        self, X: Any, y: Any, *, member: int = 0, **options: Any
    ) -> Explanation:
        """The numbers beside the formulas, for these rows and one of the networks.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
        y : array-like
        member : int
        **options
            Those of `chainrule.explain`: `row`, `notation`, `layer`, `unit`, ….

        Returns
        -------
        Explanation

        Examples
        --------
        >>> from chainrule import TabularRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]] * 5, [0.0, 1.0, 2.0, 3.0] * 5
        >>> model = TabularRegressor(preset="fast", epochs=2).fit(X, y)
        >>> explained = model.explain(X[:1], y[:1], equation="F1", layer=4, unit=1)
        >>> "evaluated again" in str(explained)
        True
        """
        parameters = self._member(member).parameters
        given = {"parameters": parameters, **options}
        return explain(self.network_, *self.prepared(X, y), **given)

    def check_gradient(
        self, X: Any, y: Any, *, member: int = 0, **options: Any
    ) -> GradientCheck:
        """Compare the derived gradient of one of the networks with numerical differentiation.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
        y : array-like
        member : int
        **options
            Those of `chainrule.check_gradient`.

        Returns
        -------
        GradientCheck

        Examples
        --------
        >>> from chainrule import TabularRegressor
        >>> X, y = [[0.0], [1.0], [2.0], [3.0]] * 5, [0.0, 1.0, 2.0, 3.0] * 5
        >>> model = TabularRegressor(preset="fast", epochs=2).fit(X, y)
        >>> model.check_gradient(X[:2], y[:2], max_entries=20).passed
        True
        """
        parameters = self._member(member).parameters
        exact = Parameters(parameters.sizes, parameters.theta.astype(np.float64))
        x, targets = (array.astype(np.float64) for array in self.prepared(X, y))
        return check_gradient(self.network_, exact, x, targets, **options)

    def report(
        self,
        X: Any,
        y: Any,
        path: str | os.PathLike[str],
        *,
        title: str = "",
        units: Mapping[str, str] | None = None,
    ) -> None:
        """Write a page (HTML) on what the average does with rows, best with those that it was not fitted to.

        How good it is, calibration, the worst mistakes, the importance of the columns and how predictions follow
        them, the recipe, the gradient check: as `chainrule train` writes it. One file, without scripts or requests.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
        y : array-like
        path : path
            Replaced only when the new file is whole.
        title : str
            Of the page.
        units : mapping of str to str, optional
            Of columns, and of the target (the name of the series y, else "y"), for the axes of the drawings; a
            column whose name has its unit, as "height (m)", needs none.

        Raises
        ------
        InputError
            A class that the model does not know, a unit of no column.

        Examples
        --------
        >>> import pathlib, tempfile
        >>> import numpy as np
        >>> from chainrule import TabularRegressor
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> model = TabularRegressor(preset="fast", epochs=5).fit(X, 3 * X[:, 0])
        >>> file = pathlib.Path(tempfile.mkdtemp()) / "report.html"
        >>> model.report(X[:50], 3 * X[:50, 0], file, units={"x0": "m", "y": "kg"})
        >>> "mean y (kg)" in file.read_text()
        True
        """
        from ...show.report_page.rows import page_of_rows

        columns = self._columns(X)
        page = page_of_rows(self, X, y, columns, title=title, units=units or {})
        write_whole(path, page.encode())

    def permutation_importance(
        self, X: Any, y: Any, *, repeats: int = 3, seed: int = 0
    ) -> Importance:
        """The growth of the loss when the values of a column are shuffled among the rows.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Best rows that were not trained on.
        y : array-like
        repeats, seed : int

        Returns
        -------
        Importance
            The log loss, or the mean squared error in units of the targets' variance.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import TabularRegressor
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> model = TabularRegressor(preset="fast").fit(X, 3 * X[:, 0])
        >>> [name for name, _, _ in model.permutation_importance(X, 3 * X[:, 0]).ordered()]
        ['x0', 'x1']
        """
        columns, targets = self._columns(X), self._known_targets(y)
        rng = np.random.default_rng(seed)
        before = self._loss(columns, targets)
        found = np.zeros((len(columns), repeats))
        for i, column in enumerate(columns):
            if column.name in self.encoding_.left_out:
                continue
            for k in range(repeats):
                shuffled = replace(column, values=rng.permutation(column.values))
                now = [*columns[:i], shuffled, *columns[i + 1 :]]
                found[i, k] = self._loss(now, targets) - before
        return Importance(self.encoding_.names, before, found)

    def _loss(self, columns: Sequence[Column], targets: Matrix) -> float:
        outputs = self._average(encode(self.encoding_, columns))
        if is_classifier(self):
            return float(
                np.mean(-np.log(np.maximum((outputs * targets).sum(axis=1), 1e-12)))
            )
        return float(np.mean((outputs - targets) ** 2))

    def partial_dependence(
        self, X: Any, column: str | int, *, points: int = 20
    ) -> Dependence:
        """The mean prediction over the rows, where all of them have the same value in a column.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
        column : str or int
            A name, or a place from 0.
        points : int
            Values of a number, at its quantiles; of categories the most frequent.

        Returns
        -------
        Dependence

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import TabularRegressor
        >>> X = np.linspace(0, 1, 200)[:, None]
        >>> model = TabularRegressor(preset="fast").fit(X, X[:, 0])
        >>> curve = model.partial_dependence(X, "x0", points=3)
        >>> np.round(curve.means[:, 0], 1).tolist()
        [0.0, 0.5, 1.0]
        """
        columns = self._columns(X)
        at = self._place(column)
        values = _values_to_try(columns[at], points)
        means = []
        for value in values:
            same = np.full(len(columns[at].values), value, columns[at].values.dtype)
            now = [*columns[:at], replace(columns[at], values=same), *columns[at + 1 :]]
            outputs = self._average(encode(self.encoding_, now))
            means.append(self._in_units(outputs).mean(axis=0))
        return Dependence(self.encoding_.names[at], values, np.array(means))

    def contributions(self, X: Any, *, steps: int = STEPS) -> Contributions:
        """The part of each column in each prediction: gradients integrated from the mean row to the row.

        Where logarithms of the target were learned (`target_log_`), base and parts are of the logarithm.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
        steps : int
            Points of the path.

        Returns
        -------
        Contributions
            Of probabilities, or of numbers in their units. A sum of two columns counts half to each.

        References
        ----------
        Sundararajan, Taly & Yan 2017 (arXiv 1703.01365). The gradients are exact, the integral is a sum by Gauss and
        Legendre. The path runs in the space of the inputs, in which a bin is a straight line.

        Examples
        --------
        >>> import numpy as np
        >>> from chainrule import TabularRegressor
        >>> X = np.random.default_rng(0).normal(size=(300, 2))
        >>> model = TabularRegressor(preset="fast").fit(X, X[:, 0])
        >>> found = model.contributions(X[:5])
        >>> total = found.base[0] + found.values[:, 0].sum(axis=1)
        >>> bool(np.abs(total - model.predict(X[:5])).max() < 0.05)
        True
        """
        x = encode(self.encoding_, self._columns(X)).astype(np.float64)
        mean = x.mean(axis=0, keepdims=True)
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        total = np.zeros((len(x), self.network_.sizes[-1], x.shape[1]))
        for member in self.members_:
            theta = member.parameters.theta.astype(np.float64)
            exact = Parameters(member.parameters.sizes, theta)
            for node, weight in zip(nodes, weights, strict=True):
                along = mean + (node + 1) / 2 * (x - mean)
                total += weight / 2 * output_gradients(self.network_, exact, along)
        total *= (x - mean)[:, None, :] / len(self.members_)
        values = total @ self.encoding_.shares() * self._output_scale()[None, :, None]
        base = self._scaled(self._average(mean.astype(np.float32)))[0]
        return Contributions(self.encoding_.names, base, values)

    def calibration(self, X: Any, y: Any, *, bins: int = 10) -> Calibration:
        """The share of right predictions by their probability; of a classifier.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
        y : array-like
        bins : int
            Of as many rows each.
        """
        if not is_classifier(self):
            raise InputError(
                "calibration of a regressor", "a classifier", "Look at predict(X) - y."
            )
        outputs = self._average(encode(self.encoding_, self._columns(X)))
        sure = outputs.max(axis=1)
        right = outputs.argmax(axis=1) == self._known_targets(y).argmax(axis=1)
        parts = np.array_split(np.argsort(sure, kind="stable"), min(bins, len(sure)))
        return Calibration(
            np.array([sure[part].mean() for part in parts]),
            np.array([right[part].mean() for part in parts]),
            np.array([len(part) for part in parts]),
        )

    def _place(self, column: str | int) -> int:
        check_is_fitted(self)
        names = self.encoding_.names
        if isinstance(column, int | np.integer) and -len(names) <= column < len(names):
            return int(column) % len(names)
        if column not in names:
            raise InputError(
                f"column {column!r}",
                f"{', '.join(names[:10])}{', …' if len(names) > 10 else ''}",
                named_among(column, names, "Choose one of these."),
            )
        return names.index(str(column))

    def _output_scale(self) -> Matrix:
        """The size of a unit of each output in units of the target."""
        width = getattr(self, "target_width_", None)
        return np.ones(self.network_.sizes[-1]) if width is None else np.asarray(width)

    def _in_units(self, outputs: Matrix) -> Matrix:
        """Outputs in units of the target."""
        return self._scaled(outputs)

    def _scaled(self, outputs: Matrix) -> Matrix:
        """Outputs in units of what was learned: the target, or its logarithm."""
        center = getattr(self, "target_center_", 0.0)
        return np.asarray(outputs * self._output_scale() + center)


def _values_to_try(column: Column, points: int) -> list[Any]:
    """Values of a column: quantiles, or the most frequent categories."""
    if column.kind == "category":
        present = [value for value in column.values.tolist() if value is not None]
        names, counts = np.unique(np.array(present, dtype=str), return_counts=True)
        return [str(n) for n in names[np.argsort(-counts, kind="stable")[:points]]]
    finite = column.values[np.isfinite(column.values)]
    found = np.unique(np.quantile(finite, np.linspace(0, 1, points), method="nearest"))
    return [float(value) for value in found]
