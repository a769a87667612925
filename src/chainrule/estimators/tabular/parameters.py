"""The parameters of both tabular estimators: what each may be, and their documentation, written once."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions

from ..parameters import documented
from .recipe import PRESETS

__all__ = ["CONSTRAINTS", "with_tabular_parameters"]

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

PARAMETERS = """\
preset : {"fast", "strong", "best"}, default "strong"
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

ATTRIBUTES = """\
members_ : tuple of Member
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
    """Write parameters, with what the metrics are, and attributes into the docstring of a class."""
    parameters = PARAMETERS.replace("{METRICS}", metrics)
    return documented(PARAMETERS=parameters, ATTRIBUTES=ATTRIBUTES)
