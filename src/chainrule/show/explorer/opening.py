"""`explore`: a network and its rows as an explorer, which is a page, a small server or a widget."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ...equations.activations import ACTIVATIONS
from ...equations.arrays import as_numpy
from ...equations.forward_pass import checked_penalty
from ...equations.losses import LOSSES
from ...equations.network import Network, Parameters
from ...errors import InputError
from ...explanation.spellings import spelling
from ...files.writing import write_whole
from ...optimizers import Optimizer
from ...optimizers.rules import Rules
from ...optimizers.table import OPTIMIZERS
from ...training.options import checked_count, checked_optimizer
from .functions import choices_for, name_of
from .models import brought
from .notations import Choices
from .page import page_of
from .ready import data_entry, encoded, ready_sets
from .tables import tables_of

__all__ = ["DEPTHS", "MOST_DEPTH", "Explorer", "explore", "tables_for"]

#: The depths that a page has the equations of, beside its own; a server has more.
DEPTHS, MOST_DEPTH = (1, 2, 3, 4), 12
#: Wider layers are no use to look at, and a page of them would be too large.
MOST_PARAMETERS = 120_000
#: Rows of a step where no run has another number.
BATCH = 32


@dataclass(frozen=True, eq=False)
class Explorer:
    """The result of `chainrule.explore`: saves itself as a page, serves itself, and shows itself in a notebook.

    Parameters
    ----------
    title : str
    start : dict or None
        The data set of one's own, with the network to start from.
    first : str
        The data set that the page begins with.
    depths : tuple of int
        The numbers of layers of the networks that it can build.
    tables : dict
        What it knows of every network.
    """

    title: str
    start: dict[str, Any] | None
    first: str
    depths: tuple[int, ...]
    tables: dict[str, Any]

    @cached_property
    def payload(self) -> dict[str, Any]:
        """Everything that the page reads."""
        from ... import __version__

        own = [] if self.start is None else [self.start]
        return {
            **self.tables,
            "sets": [*own, *ready_sets()],
            "first": self.first,
            "words": (
                f"chainrule {__version__}. The steps are those of the compiled engine, in float32; "
                "the numbers are a pass in float64 at its weights, rounded to 6 digits."
            ),
        }

    def html(self) -> str:
        """One page that needs nothing else, and asks for nothing."""
        return page_of(self.payload, self.title)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the page to a file.

        Raises
        ------
        InputError
            Another ending than .html.
        OSError
            The file cannot be written.
        """
        path = Path(path)
        if path.suffix != ".html":
            raise InputError(
                f"{path}", "a file that ends in .html", "Name it page.html, say."
            )
        write_whole(path, self.html().encode())

    def widget(self) -> Any:
        """The explorer as a notebook widget, by anywidget (extra ``notebook``)."""
        from .widget import widget_of

        return widget_of(self.payload)

    def __repr__(self) -> str:
        return f"<Explorer: {self.title}>"

    def _repr_html_(self) -> str:
        """The page in a frame of its own, as notebooks show it."""
        return (
            f'<iframe title="{escape(self.title)}" style="width:100%;height:52rem;border:1px solid #bbb" '
            f'srcdoc="{escape(self.html())}"></iframe>'
        )


@lru_cache(maxsize=4)
def tables_for(depths: tuple[int, ...]) -> dict[str, Any]:
    """The tables for networks of the functions that every page has."""
    return tables_of(choices_for(), sorted({*DEPTHS, *depths}))


def explore(
    model: Any = None,
    x: Any = None,
    y: Any = None,
    *,
    parameters: Parameters | None = None,
    sample_weight: Any = None,
    notation: str = "canonical",
    optimizer: str | Optimizer | None = None,
    learning_rate: float | None = None,
    batch_rows: int | None = None,
    l1: float | None = None,
    l2: float | None = None,
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    picture: tuple[int, int] | None = None,
    title: str | None = None,
) -> Explorer:
    """A network to look into and to train by hand, forward and back, each number beside its formula.

    Without arguments, a small example, with ready data sets, and a form to build a network.

    Parameters
    ----------
    model : Network, Model, Report, MLPClassifier, MLPRegressor, path, optional
        A network, with its `parameters`; what `load_model`, `train`, `from_sklearn`, `from_torch` or `from_onnx` gives;
        a fitted `MLPClassifier` or `MLPRegressor` of this package; or the path of a model file, an estimator's too.
    x : array_like, shape (N, n_0)
        Rows of inputs, as the network takes them. A page has the first of them, at most 2 000.
    y : array_like
        Targets, as the network's loss takes them, or labels of the classes that the model knows.
    parameters : Parameters, optional
        For a `Network`; the page trains them in float32.
    sample_weight : array_like, shape (N,), optional
        A weight above 0 for each row.
    notation : str
        The notation that the page begins with, as in `chainrule.explain`.
    optimizer : str or Optimizer, optional
        The one that the page begins with: first-order, by its name or with parameters of its own. By default that of
        the model's run or estimator, Adam where there is none or where its step is no formula.
    learning_rate : float, optional
        Its α; by default its own.
    batch_rows : int, optional
        How many rows a step takes; by default as in the run, else 32.
    l1, l2 : float, optional
        The penalty, as in `chainrule.objective`; by default as in the run, else 0.
    names : sequence of str, optional
        Of the inputs.
    classes : sequence of str, optional
        Of the outputs.
    picture : (int, int), optional
        The rows and columns of pixels of the picture that a row is.
    title : str, optional
        What the rows are called.

    Returns
    -------
    Explorer
        `save` writes one page; a notebook shows it; `widget` is one.

    Raises
    ------
    InputError
        What does not fit, as in `chainrule.explain`; a function of the user's own, which the page cannot evaluate; a
        network that is too large for a page.

    Examples
    --------
    >>> from chainrule import Network, explore
    >>> network = Network((2, 3, 1), ("tanh", "identity"), "squared_error")
    >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> explore(network, x, y, parameters=network.init(0), notation="S4")
    <Explorer: 2 → 3 tanh → 1 identity, squared_error(factor=0.5)>
    """
    spelled = spelling(notation).name
    if model is None:
        if not (x is None and y is None and parameters is None):
            raise InputError(
                "rows without a model",
                "a network with its parameters, or a model",
                "Pass it first.",
            )
        first = "example" if spelled == "canonical" else f"worked-{spelled}"
        return Explorer("example", None, first, DEPTHS, tables_for(()))
    found = brought(model, parameters, x, y, sample_weight)
    network = found.network
    if network.n_parameters > MOST_PARAMETERS or network.n_layers > MOST_DEPTH:
        raise InputError(
            f"a network of {network.n_parameters:,} parameters in {network.n_layers} layers",
            f"up to {MOST_PARAMETERS:,} in {MOST_DEPTH}, for a page to show",
            "Use explain, which shows the units that matter most.",
        )
    run = found.rules or Rules(checked_optimizer("adam", None), batch_rows=BATCH)
    rule = _rule(optimizer, learning_rate, run.optimizer)
    choices = choices_for(network, rule)
    l1 = run.l1 if l1 is None else l1
    l2 = run.l2 if l2 is None else l2
    checked_penalty(l1, l2)
    batch = run.batch_rows if batch_rows is None else batch_rows
    batch = checked_count("batch_rows", batch, low=1)
    names = found.names if names is None else [str(name) for name in names]
    classes = found.classes if classes is None else [str(name) for name in classes]
    weights = found.data.sample_weight
    entry = data_entry(
        "own",
        title or f"{network}",
        np.asarray(as_numpy(found.data.inputs()), np.float32),
        np.asarray(as_numpy(found.data.y), np.float32),
        names=names,
        picture=picture,
        labels=classes,
        weights=None if weights is None else as_numpy(weights),
    )
    _require_names(entry, network)
    if found.remark:
        entry["remark"] = found.remark
    entry["start"] = {
        "sizes": list(network.sizes),
        "activations": [name_of(phi, ACTIVATIONS) for phi in network.activations],
        "loss": name_of(network.loss, LOSSES),
        "optimizer": name_of(rule, OPTIMIZERS),
        "learning_rate": rule.learning_rate,
        "batch": min(batch, entry["rows"]),
        "l1": l1,
        "l2": l2,
        "dropout": _dropout(run),
        "seed": run.seed,
        "held": [
            f"{l}.{k}"
            for l in run.frozen_layers
            for k in range(1, network.sizes[l] + 1)
        ],
        "theta": encoded(as_numpy(found.parameters.theta), "float32"),
        "notation": spelled,
    }
    depths = tuple(sorted({*DEPTHS, network.n_layers}))
    return Explorer(f"{network}", entry, "own", depths, _tables(choices, depths))


def _tables(choices: Choices, depths: tuple[int, ...]) -> dict[str, Any]:
    """The tables of these functions, which are made once where they are those that every page has."""
    usual = choices_for()
    pairs = [
        (choices.activations, usual.activations),
        (choices.losses, usual.losses),
        (choices.optimizers, usual.optimizers),
    ]
    if all(own.keys() == known.keys() for own, known in pairs):
        return tables_for(tuple(depth for depth in depths if depth not in DEPTHS))
    return tables_of(choices, depths)


def _rule(
    optimizer: str | Optimizer | None, learning_rate: float | None, own: Optimizer
) -> Optimizer:
    """The optimizer that a page begins with: the one that is asked for, else that of the run, else Adam."""
    if optimizer is None:
        if not own.one_gradient:
            return checked_optimizer("adam", learning_rate)
        rate = own.learning_rate if learning_rate is None else learning_rate
        return type(own)(**{**own.parameters(), "learning_rate": rate})
    rule = checked_optimizer(optimizer, learning_rate)
    if not rule.one_gradient:
        raise InputError(
            f"optimizer {rule.name!r}",
            "a first-order one, whose step is a formula",
            'Pass optimizer="adam", say.',
        )
    return rule


def _dropout(run: Rules) -> float:
    """The one p of all hidden layers; 0 where a run had others, which its remark names."""
    hidden = set(run.dropout[1:])
    return hidden.pop() if len(hidden) == 1 and not run.dropout[0] else 0.0


def _require_names(entry: dict[str, Any], network: Network) -> None:
    """Raise unless there is a name for each input and class, and a pixel for each input."""
    counts = [
        ("names", len(entry["names"]), network.sizes[0]),
        (
            "classes",
            len(entry.get("classes") or [0] * network.sizes[-1]),
            network.sizes[-1],
        ),
        (
            "pixels",
            int(np.prod(entry.get("picture") or network.sizes[0])),
            network.sizes[0],
        ),
    ]
    for what, count, wanted in counts:
        if count != wanted:
            raise InputError(
                f"{count} {what} for a network of sizes {network.sizes}",
                f"{wanted} of them",
                "Pass one for each, or leave them out.",
            )
