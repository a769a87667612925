"""The page of averaged networks: how good they are, what each column is worth, how predictions follow it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.evaluation import Evaluation, headline
from ...equations.check_result import GradientCheck
from ...errors import capitalized
from ...estimators.tabular.base import Tabular
from ...estimators.tabular.findings import Dependence, Importance
from ...files.json_text import versions
from ..curves import COLORS, draw_legend
from . import figures, sections
from .markup import figure, paragraph, section, table, text
from .mistakes import worst_rows
from .page import whole_page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Tested", "page_of_average"]

#: Rows that importance and dependence are looked at with.
LOOKED_AT = 2000
#: Columns that are drawn: the most important.
DRAWN = 6
#: Columns that are listed by importance.
LISTED = 30
#: Characters of a label along an axis.
LABEL = 30


@dataclass(frozen=True)
class Tested:
    """The rows on which an average was tested, and what a reader should know of them.

    Parameters
    ----------
    title : str
        Of the page.
    columns : mapping of str to ndarray, shape (N,)
        As they were read: float64 with NaN where a value is missing; or text, with None.
    lines : sequence of (str, str)
        Where the rows come from, how many they are: a name and some words each.
    remarks : sequence of str
        What was found while reading, in sentences.
    units : mapping of str to str
        Of columns and targets, where they are known.
    again : str
        What makes the same model again: a command line, or Python.
    checksums : mapping of str to str
        The SHA-256 of each file.
    seconds : float or None
        That training took, where that is known.
    places : callable, optional
        The lines of some rows in their file, after a word for what they are.
    """

    title: str
    columns: Mapping[str, np.ndarray[Any, Any]]
    lines: Sequence[tuple[str, str]]
    remarks: Sequence[str] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    again: str = ""
    checksums: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None
    places: Callable[[Sequence[int]], tuple[str, list[int]]] | None = None

    def named(self, name: str) -> str:
        """A column with its unit, unless its name has that already."""
        unit = self.units.get(name, "")
        return f"{name} ({unit})" if unit and f"({unit})" not in name else name


def page_of_average(
    model: Tabular,
    X: Any,
    y: Any,
    done: Evaluation,
    checked: GradientCheck,
    tested: Tested,
) -> str:
    """The page, HTML.

    Parameters
    ----------
    model : TabularClassifier or TabularRegressor
    X, y : rows and targets as the model takes them
        Those that it was tested on.
    done : Evaluation
        Of these.
    checked : GradientCheck
        Of the first network.
    tested : Tested
    """
    importance = model.permutation_importance(X[:LOOKED_AT], y[:LOOKED_AT])
    drawn = [name for name, mean, _ in importance.ordered()[:DRAWN] if mean > 0]
    dependences = [
        _with_dates(model, model.partial_dependence(X[:LOOKED_AT], name))
        for name in drawn
    ]
    kinds = zip(model.encoding_.names, model.encoding_.kinds, strict=True)
    dates = [name for name, kind in kinds if kind == "date"]
    target = done.target
    names = tuple(tested.named(name) for name in target.names)
    done = replace(done, target=replace(target, names=names))
    parts = [
        what_was_trained(model, done, tested),
        how_it_went(model),
        sections.how_good(done),
        sections.how_calibrated(done),
        worst_rows(tested.columns, done, dates, tested.places),
        what_counts(importance),
        how_it_follows(dependences, done, tested),
        sections.gradient_check(checked),
        columns(model),
        again(tested),
    ]
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    found = headline(done)
    lead = f"{capitalized(found)}. Written by chainrule {versions()['chainrule']}, {written}."
    size = model.network_.n_parameters * len(model.members_)
    few = [(f"{v:.4g}", sections.SHORT[n]) for n, v in done.metrics.items()]
    if tested.seconds is not None:
        few.append((f"{tested.seconds:.1f} s", "of training"))
    few.append((f"{size:,}", "parameters"))
    items = "".join(f"<li><b>{text(v)}</b> {text(n)}</li>" for v, n in few)
    return whole_page(tested.title, lead, f'<ul class="numbers">{items}</ul>', parts)


def what_was_trained(model: Tabular, done: Evaluation, tested: Tested) -> str:
    """Data, networks and recipe."""
    took = "" if tested.seconds is None else f"{tested.seconds:.1f} s; "
    rows = [
        *tested.lines,
        ("Target", ", ".join(done.target.names)),
        ("Network", f"{len(model.members_)} × {model.network_}"),
        ("Recipe", "; ".join(model.recipe_.lines())),
        ("Length", f"{took}epochs {model.epochs_}"),
    ]
    remarks = [*tested.remarks, *model.notes_]
    listed = "".join(f"<li>{text(remark)}</li>" for remark in remarks)
    return section(
        "What was trained on what",
        table("The run", ("", ""), rows),
        f"<ul>{listed}</ul>" if listed else "",
    )


def how_it_went(model: Tabular) -> str:
    """The training loss of each network, by epoch."""
    words = "Epochs kept: " + ", ".join(str(m.epoch) for m in model.members_)
    svg = figures.as_svg(partial(_losses, model=model), 5, 3.4, "losses")
    return section(
        "How it went",
        figure(svg, f"The training loss of each network. {words}.", words, small=True),
    )


def _losses(drawing: Figure, model: Tabular) -> None:
    axes = drawing.subplots()
    for k, member in enumerate(model.members_):
        epochs = np.arange(1, len(member.curve) + 1)
        axes.plot(epochs, member.curve, color=COLORS[k % len(COLORS)], linewidth=1)
    axes.set(xlabel="epoch", ylabel="training loss")
    axes.set_yscale(
        "log" if min(min(m.curve) for m in model.members_) > 0 else "linear"
    )


def what_counts(importance: Importance) -> str:
    """The importance of the columns."""
    ordered = importance.ordered()[:LISTED]
    first = ordered[0]
    words = (
        f"How much the loss on test rows, {importance.loss:.4g}, grows when a column is shuffled: most with "
        f"{first[0]}, by {first[1]:.4g}. Columns that say the same share their importance."
    )
    svg = figures.as_svg(
        partial(_bars, ordered=ordered), 6, 0.8 + 0.28 * len(ordered), "importance"
    )
    lines = [(n, f"{mean:.4g}", f"{spread:.2g}") for n, mean, spread in ordered]
    heads = ("column", "loss grows by", "standard deviation")
    listed = table("Importance", heads, lines, numbers=True)
    return section(
        "What counts",
        figure(svg, words, words),
        f"<details><summary>The numbers</summary>{listed}</details>",
    )


def _bars(drawing: Figure, ordered: Sequence[tuple[str, float, float]]) -> None:
    axes = drawing.subplots()
    names = [name for name, _, _ in ordered][::-1]
    means = [mean for _, mean, _ in ordered][::-1]
    spreads = [spread for _, _, spread in ordered][::-1]
    axes.barh(range(len(names)), means, xerr=spreads, color=COLORS[0])
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="the loss grows by")


def how_it_follows(
    dependences: Sequence[Dependence], done: Evaluation, tested: Tested
) -> str:
    """The curves of partial dependence."""
    if not dependences:
        return ""
    svgs = []
    for i, found in enumerate(dependences):
        draw = partial(_curve, found=found, done=done, name=tested.named(found.name))
        svgs.append(figures.as_svg(draw, 4.5, 3.2, f"follows{i}"))
    words = (
        "The mean prediction over test rows, where all of them have the value on the axis in one column and keep "
        f"their own in the others: {', '.join(tested.named(found.name) for found in dependences)}."
    )
    return section("How predictions follow the columns", figure(svgs, words, words))


def _with_dates(model: Tabular, found: Dependence) -> Dependence:
    """A dependence whose values are dates where they were days since 1970."""
    kinds = dict(zip(model.encoding_.names, model.encoding_.kinds, strict=True))
    if kinds[found.name] != "date":
        return found
    dates = [np.datetime64(round(days * 86_400), "s") for days in found.values]
    return replace(found, values=dates)


def _curve(drawing: Figure, found: Dependence, done: Evaluation, name: str) -> None:
    axes = drawing.subplots()
    outputs = done.target.classes or done.target.names
    text_values = bool(found.values) and isinstance(found.values[0], str)
    places: Any = range(len(found.values)) if text_values else found.values
    two = len(outputs) == 2 and found.means.shape[1] == 2
    shown = [1] if two and done.target.classes else range(min(len(outputs), 8))
    for k in shown:
        color = COLORS[k % len(COLORS)]
        style = "." if text_values else ".-"  # nothing is between two categories
        axes.plot(places, found.means[:, k], style, color=color, label=outputs[k])
    if text_values:
        axes.set_xticks(places, [str(v)[:20] for v in found.values], rotation=60)
    elif bool(found.values) and isinstance(found.values[0], np.datetime64):
        axes.tick_params(axis="x", rotation=60)
    one = not done.target.classes and len(outputs) == 1
    said = outputs[0] if one else "probability" if done.target.classes else "prediction"
    axes.set(xlabel=name, ylabel=f"mean {shorten(said, LABEL)}")
    if not one:
        draw_legend(axes, fontsize=8)


def columns(model: Tabular) -> str:
    """The section on what became of each column."""
    words = (
        "Numbers are scaled by median and quartiles and smoothly clipped, and stand beside their position in bins; "
        "each category is an input of its own. Nothing of it is trained, and all of it is in the model file."
    )
    listed = table(
        "Columns", ("column", "inputs"), list(model.encoding_.words().items())
    )
    sums = [
        (p.name, f"{max(len(p.edges) - 1, 0)} bins")
        for p in model.encoding_.projections
    ]
    more = table("Sums of two columns", ("sum of scaled numbers", "inputs"), sums)
    return section("The columns", paragraph(words), listed, more if sums else "")


def again(tested: Tested) -> str:
    """The section on how to do it again, with what."""
    words = "The same version, data and machine give the same bits, for any number of threads."
    return sections.how_again(tested.again, versions(), tested.checksums, words)
