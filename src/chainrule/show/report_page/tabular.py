"""The page of averaged networks: how good they are, what each column is worth, how predictions follow it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ...data.dataset import Dataset
from ...data.evaluation import Evaluation, headline
from ...data.preparation import date_of
from ...equations.gradient_check import GradientCheck
from ...estimators.tabular.base import Tabular
from ...estimators.tabular.looking import Dependence, Importance
from ...files.json_text import versions
from ..curves import COLORS
from . import figures, sections
from .markup import figure, paragraph, section, table, text
from .mistakes import worst_mistakes
from .page import whole_page

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["page_of_average"]

#: Columns that are drawn: the most important.
DRAWN = 6
#: Columns that are listed by importance.
LISTED = 30


def page_of_average(
    data: Dataset,
    model: Tabular,
    done: Evaluation,
    checked: GradientCheck,
    *,
    importance: Importance,
    dependences: Sequence[Dependence],
    seconds: float,
    command: str,
) -> str:
    """The page, HTML.

    Parameters
    ----------
    data : Dataset
    model : TabularClassifier or TabularRegressor
    done : Evaluation
        On the test rows.
    checked : GradientCheck
        Of the first network.
    importance : Importance
        On test rows.
    dependences : sequence of Dependence
        Of the most important columns.
    seconds : float
        That training took.
    command : str
        The command line that trains again.
    """
    encoding = model.encoding_
    named = zip(encoding.names, encoding.kinds, strict=True)
    parts = [
        what_was_trained(data, model, seconds),
        how_it_went(model),
        sections.how_good(done),
        sections.how_calibrated(done),
        worst_mistakes(data, done),
        what_counts(importance),
        how_it_follows(
            dependences,
            done.target.classes or done.target.names,
            dates=[name for name, kind in named if kind == "date"],
        ),
        sections.gradient_check(checked),
        columns(model),
        again(data, command),
    ]
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    found = headline(done)
    lead = f"{found[0].upper()}{found[1:]}. Written by chainrule {versions()['chainrule']}, {written}."
    title = f"{data.name}: {', '.join(data.preparation.target.names)}"
    size = model.network_.n_parameters * len(model.members_)
    few = [(f"{v:.4g}", sections.SHORT[n]) for n, v in done.metrics.items()]
    few += [(f"{seconds:.1f} s", "of training"), (f"{size:,}", "parameters")]
    items = "".join(f"<li><b>{text(v)}</b> {text(n)}</li>" for v, n in few)
    return whole_page(title, lead, f'<ul class="numbers">{items}</ul>', parts)


def what_was_trained(data: Dataset, model: Tabular, seconds: float) -> str:
    """Data, networks and recipe."""
    rows = [
        ("Data", f"{data.name}{f' ({data.source})' if data.source else ''}"),
        ("Rows", f"{len(data.x_train)} to train on, {len(data.x_test)} to test on"),
        ("Target", ", ".join(data.preparation.target.names)),
        ("Network", f"{len(model.members_)} × {model.network_}"),
        *[("Recipe", line) for line in model.recipe_.lines()],
        ("Length", f"{seconds:.1f} s; epochs {model.epochs_}"),
    ]
    remarks = [*data.remarks, *model.notes_]
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
    dependences: Sequence[Dependence],
    outputs: Sequence[str],
    *,
    dates: Sequence[str] = (),
) -> str:
    """The curves of partial dependence."""
    if not dependences:
        return ""
    svgs = [
        figures.as_svg(
            partial(_curve, found=found, outputs=outputs, date=found.name in dates),
            4.5,
            3.2,
            f"follows{i}",
        )
        for i, found in enumerate(dependences)
    ]
    words = (
        "The mean prediction over test rows, where all of them have the value on the axis in one column and keep "
        f"their own in the others: {', '.join(found.name for found in dependences)}."
    )
    return section("How predictions follow the columns", figure(svgs, words, words))


def _curve(
    drawing: Figure, found: Dependence, outputs: Sequence[str], *, date: bool
) -> None:
    axes = drawing.subplots()
    text_values = bool(found.values) and isinstance(found.values[0], str)
    places: Any = range(len(found.values)) if text_values else found.values
    two = len(outputs) == 2 and found.means.shape[1] == 2
    shown = [1] if two else list(range(min(found.means.shape[1], 8)))
    for k in shown:
        color = COLORS[k % len(COLORS)]
        mark = "o" if text_values else ".-"  # categories have no order
        axes.plot(places, found.means[:, k], mark, color=color, label=outputs[k])
    if text_values:
        axes.set_xticks(places, [str(v)[:20] for v in found.values], rotation=60)
    if date:
        shown_days = np.linspace(min(found.values), max(found.values), 4)
        axes.set_xticks(shown_days, [date_of(day) for day in shown_days], fontsize=8)
    axes.set(xlabel=found.name)
    axes.legend(fontsize=8)


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


def again(data: Dataset, command: str) -> str:
    """The section on how to do it again, with what."""
    lines = [*versions().items()]
    lines += [(f"SHA-256 of {name}", digest) for name, digest in data.checksums.items()]
    words = "The same version, data and machine give the same bits, for any number of threads."
    return section(
        "How to do it again",
        f"<pre><code>{text(command)}</code></pre>",
        paragraph(words),
        table("With what it was computed", ("", ""), lines),
    )
