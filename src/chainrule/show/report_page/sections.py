"""The sections of the page, in its order."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from functools import partial
from typing import Any, Protocol

import numpy as np

from ...data.dataset import Dataset
from ...data.evaluation import Evaluation
from ...equations.check_result import GradientCheck
from ...training.report import Report
from ..curves import curves_of
from . import figures
from .markup import Cell, figure, paragraph, section, table, text

__all__ = [
    "SHORT",
    "Choices",
    "again",
    "columns",
    "first_layer",
    "gradient_check",
    "how_again",
    "how_calibrated",
    "how_good",
    "how_it_went",
    "inside",
    "numbers",
    "what_was_trained",
]

#: A confusion matrix of more classes is drawn in full all the same; this many epochs are listed in words.
LISTED_EPOCHS = 12
SHORT = {
    "accuracy": "test accuracy",
    "log_loss": "log loss",
    "rmse": "RMSE",
    "mae": "mean absolute error",
    "r2": "R²",
}


def numbers(done: Evaluation, report: Report) -> str:
    """The few numbers that are looked for first."""
    found = [(f"{value:.4g}", SHORT[name]) for name, value in done.metrics.items()]
    found += [
        (f"{report.seconds:.1f} s", "of training"),
        (f"{report.network.n_parameters:,}", "parameters"),
    ]
    items = "".join(
        f"<li><b>{text(value)}</b> {text(name)}</li>" for value, name in found
    )
    return f'<ul class="numbers">{items}</ul>'


class Choices(Protocol):
    """The choices of the command beside the settings of `train`."""

    @property
    def dropout(self) -> float:
        """Of hidden units."""

    @property
    def l2(self) -> float:
        """The factor of the penalty."""

    @property
    def validation(self) -> float:
        """The share of the training rows that is held out."""


def what_was_trained(data: Dataset, choices: Choices, report: Report) -> str:
    """Data, network and settings."""
    settings = report.settings
    rows: list[tuple[str, str]] = [
        ("Data", f"{data.name}{f' ({data.source})' if data.source else ''}"),
        ("Rows", f"{data.rows} to train on, {len(data.x_test)} to test on"),
        ("Target", ", ".join(data.preparation.target.names)),
        ("Network", str(report.network)),
        ("Optimizer", _named(settings["optimizer"])),
        ("Schedule", _named(settings["schedule"])),
        ("Batch", f"{settings['batch_rows']} rows"),
        ("Dropout, l2", f"{choices.dropout:g}, {choices.l2:g}"),
        (
            "Validation",
            f"{choices.validation:.0%} of the training rows"
            if choices.validation
            else "none",
        ),
        (
            "Length",
            f"{report.epochs} epochs, {report.steps} steps, {report.seconds:.1f} s",
        ),
        ("Ended", report.failure or report.stopped.value),
        ("Engine", f"{report.engine}: {report.engine_reason}"),
    ]
    remarks = "".join(f"<li>{text(remark)}</li>" for remark in data.remarks)
    drawing = report.network._repr_html_()
    return section(
        "What was trained on what",
        table("The run", ("", ""), rows),
        f"<ul>{remarks}</ul>" if remarks else "",
        f"<figure>{drawing}<figcaption>The network, layer by layer.</figcaption></figure>",
    )


def _named(specification: dict[str, Any]) -> str:
    rest = ", ".join(
        f"{name} {value if isinstance(value, str) else f'{value:g}'}"
        for name, value in specification.items()
        if name != "name"
    )
    return str(specification["name"]) + (f" ({rest})" if rest else "")


def how_it_went(report: Report) -> str:
    """The curves."""
    if not report.history:
        return section("How it went", paragraph("No epoch was completed."))
    first, last = report.history[0], report.history[-1]
    words = f"The training loss went from {first.loss:.4g} to {last.loss:.4g} in {report.epochs} epochs"
    if last.validation_loss is not None and first.validation_loss is not None:
        words += f", the validation loss from {first.validation_loss:.4g} to {last.validation_loss:.4g}"
    if report.best_epoch is not None:
        words += f"; the parameters kept are those of epoch {report.best_epoch}"
    svgs = [
        figures.as_svg(partial(figures.on_axes, draw, report=report), 4.5, 3.4, name)
        for name, draw in curves_of(report)
    ]
    listed = sorted(
        {
            round(i)
            for i in np.linspace(
                0, report.epochs - 1, min(LISTED_EPOCHS, report.epochs)
            )
        }
    )
    lines = [
        (
            str(i + 1),
            *(
                _number(value)
                for value in (
                    epoch.loss,
                    epoch.validation_loss,
                    *(epoch.metrics.get(name) for name in report.metrics),
                    *(epoch.details.get(name) for name in report.details),
                )
            ),
        )
        for i, epoch in ((i, report.history[i]) for i in listed)
    ]
    numbers_table = table(
        "Some epochs",
        ("epoch", "loss", "validation loss", *report.metrics, *report.details),
        lines,
        numbers=True,
    )
    return section(
        "How it went",
        figure(svgs, "By epoch.", f"{words}.", small=True),
        paragraph(f"{words}."),
        f"<details><summary>The numbers</summary>{numbers_table}</details>",
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def how_good(done: Evaluation) -> str:
    """Confusion matrix, or predicted against true."""
    if done.probabilities is not None:
        confusion, classes = done.confusion, done.target.classes
        lines: list[list[str | Cell]] = []
        for i, label in enumerate(classes):
            cells = [
                (
                    str(n) if n or i == j else "",
                    "hit" if i == j else "miss" if n else "",
                )
                for j, n in enumerate(confusion[i])
            ]
            lines.append(
                [label, *cells, f"{confusion[i, i] / max(confusion[i].sum(), 1):.1%}"]
            )
        caption = "Confusion: each row a true class, each column what was predicted"
        return section(
            "How good it is",
            table(caption, ("", *classes, "right"), lines, numbers=True),
        )
    names = ", ".join(done.target.names)
    words = f"Predicted against true {names} on {len(done.true)} test rows: R² {done.metrics['r2']:.4f}."
    svg = figures.as_svg(
        partial(figures.predicted_against_true, done=done),
        4 * len(done.target.names),
        4,
        "points",
    )
    small = len(done.target.names) == 1
    return section(
        "How good it is",
        figure(svg, f"{words} On the dotted line both are equal.", words, small=small),
    )


def how_calibrated(done: Evaluation) -> str:
    """The section on calibration."""
    said, came, rows = done.calibration()
    of_classes = done.probabilities is not None
    svg = figures.as_svg(partial(figures.calibration, done=done), 4.5, 4, "calibration")
    mean_gap = float(np.sum(rows * np.abs(said - came)) / rows.sum())
    if of_classes:
        words = (
            f"Where it gives a class the probability on the axis, it should be right as often. On average "
            f"they differ by {mean_gap:.3f} (expected calibration error)."
        )
        heads = ("rows", "probability given", "share right")
    else:
        words = f"Ten groups of test rows by prediction; predicted and true means differ by {mean_gap:.4g} on average."
        heads = ("rows", "mean predicted", "mean true")
    lines = [
        (str(n), f"{s:.4g}", f"{c:.4g}")
        for n, s, c in zip(rows, said, came, strict=True)
    ]
    listed = f"<details><summary>The numbers</summary>{table('Calibration', heads, lines, numbers=True)}</details>"
    return section(
        "Calibration",
        figure(svg, words + " Beside each point: its rows.", words, small=True),
        listed,
    )


def inside(report: Report) -> str:
    """The norms of Δ and dW."""
    if not report.diagnoses:
        return ""
    last = report.diagnoses[-1]
    layers = range(report.network.n_layers)
    words = f"After epoch {last.epoch}: " + "; ".join(
        f"layer {layer + 1}: ‖Δ‖ {last.delta_norms[layer]:.3g}, ‖dW‖ {last.gradient_norms[layer]:.3g}"
        for layer in layers
    )
    lines = [
        (
            str(layer + 1),
            *(
                f"{values[layer]:.3g}"
                for values in (last.delta_norms, last.gradient_norms)
            ),
            *(f"{values[layer]:.1%}" for values in (last.dead, last.saturated)),
        )
        for layer in layers
    ]
    kinds = (
        ("delta_norms", "‖Δ[l]‖, root mean square of rows"),
        ("gradient_norms", "‖dW[l]‖"),
    )
    svgs = [
        figures.as_svg(
            partial(figures.norms, report=report, name=name, label=label),
            4.5,
            3.4,
            name,
        )
        for name, label in kinds
    ]
    caption = (
        "Norms of Δ[l] (the error that reaches a layer) and of dW[l] (its gradient), on 500 training rows. Far smaller "
        "ones towards the first layer mean a vanishing gradient."
    )
    return section(
        "Inside the network",
        figure(svgs, caption, f"{words}."),
        table(
            f"After epoch {last.epoch}",
            ("layer", "‖Δ‖", "‖dW‖", "units dead", "slopes flat"),
            lines,
            numbers=True,
        ),
    )


def first_layer(data: Dataset, report: Report) -> str:
    """The first layer's weights as pictures, where inputs are pictures."""
    if data.image_shape is None:
        return ""
    weights = np.asarray(report.parameters.weights[0])
    shown = min(len(weights), figures.MOST_PICTURES)
    draw = partial(figures.first_layer, weights=weights, picture=data.image_shape)
    height = 1.15 * -(-shown // 8)
    caption = (
        f"The weights of {shown} of {len(weights)} units of the first layer: "
        "red positive, blue negative, white 0."
    )
    return section(
        "What the first layer looks at",
        figure(figures.as_svg(draw, 8, height, "weights"), caption, caption),
    )


#: The outcome of a gradient check in a sentence.
OUTCOMES = {
    "passes": "it passes",
    "FAILS": "it FAILS",
    "not compared": "nothing is wrong, but of an array below nothing was compared",
}


def gradient_check(checked: GradientCheck) -> str:
    """The check at the trained parameters."""
    lines = [
        (
            array.name,
            f"{array.compared} of {array.entries}",
            f"{array.derived:+.6e}",
            "-" if array.at_kink == array.entries else f"{array.numerical:+.6e}",
            f"{array.error:.1e}" if array.compared else array.verdict,
        )
        for array in checked.arrays
    ]
    way = "complex step" if checked.method == "complex" else "central differences"
    words = (
        f"The gradient derived by hand, at the trained parameters, against numerical differentiation by {way}: "
        f"{OUTCOMES[checked.verdict]}. Each line shows the entry that differs most."
    )
    heads = ("array", "compared", "derived", "numerical", "relative error")
    return section(
        "The gradient check",
        paragraph(words),
        table("Gradient check", heads, lines, numbers=True),
    )


def columns(data: Dataset) -> str:
    """The section on what became of each column."""
    if data.scale is not None:
        return ""
    lines = [(feature.name, feature.words()) for feature in data.preparation.features]
    lines += [
        (name, f"left out: {why}")
        for name, why in (data.preparation.left_out or {}).items()
    ]
    words = (
        "Numbers are brought to mean 0 and standard deviation 1 of the training rows, a missing one to the mean with "
        "an input that says so; each category is an input of its own. All of it is in the model file."
    )
    listed = table("Columns", ("column", "what it holds"), lines)
    return section("The columns", paragraph(words), listed)


def again(data: Dataset, report: Report, command: str) -> str:
    """The section on how to do it again, with what."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    known = {**report.versions, "machine": machine, "engine": report.engine}
    words = (
        "The same version, data and machine give the same bits on the native engine."
    )
    return how_again(command, known, data.checksums, words)


def how_again(
    command: str, known: Mapping[str, str], checksums: Mapping[str, str], words: str
) -> str:
    """The section of what makes the same model again, with what it was made, and what bits that gives."""
    lines = [*known.items()]
    lines += [(f"SHA-256 of {name}", digest) for name, digest in checksums.items()]
    return section(
        "How to do it again",
        f"<pre><code>{text(command)}</code></pre>",
        paragraph(words),
        table("With what it was computed", ("", ""), lines),
    )
