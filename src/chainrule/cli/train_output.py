"""The output of `chainrule train`: the data, the settings, the results."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.evaluation import headline
from ..equations.network import Network
from .output import Cell, Output
from .recipes import Recipe
from .run_folder import PAGE
from .run_results import Results, content_of

__all__ = ["say_data", "say_json", "say_next", "say_recipe", "say_results"]

#: A table of more columns, and a confusion of more classes, is not printed; the page has it.
MOST_COLUMNS, MOST_CLASSES = 40, 12
#: Confusions that are named where there are too many classes for a table.
CONFUSIONS = 5


def say_data(console: Output, data: Dataset) -> None:
    """Print what was read, column by column, and how it is cut."""
    source = f" ({data.source})" if data.source else ""
    console.print(
        f"{data.name}: {data.rows} rows to train on, {len(data.x_test)} to test on{source}"
    )
    dialect = data.preparation.dialect
    if dialect is not None and dialect.words():
        console.print(f"read with {dialect.words()}", soft_wrap=True)
    for remark in data.remarks:
        console.print(f"- {remark}")
    if data.scale is None:
        if len(data.preparation.features) <= MOST_COLUMNS:
            for line in column_lines(data):
                console.print(line, soft_wrap=False)
        numbers = sum(
            feature.categories is None for feature in data.preparation.features
        )
        texts = len(data.preparation.features) - numbers
        console.print(
            f"{numbers} columns of numbers, {texts} of categories: {len(data.preparation.inputs)} inputs"
        )
    console.print(target_line(data))


def column_lines(data: Dataset) -> list[str]:
    """A line for each column."""
    width = max(len(feature.name) for feature in data.preparation.features)
    dialect = data.preparation.dialect
    kinds = {} if dialect is None else dialect.columns
    return [
        f"  {feature.name.ljust(width)}  {feature.words(kinds.get(feature.name))}"
        for feature in data.preparation.features
    ]


def target_line(data: Dataset) -> str:
    """The line on what is predicted."""
    target = data.preparation.target
    names = ", ".join(target.names)
    if target.classes:
        shown = ", ".join(target.classes[:10]) + (
            ", …" if len(target.classes) > 10 else ""
        )
        return f"target {names}: {len(target.classes)} classes ({shown})"
    if len(data.y_train) < data.rows:  # of a stream, whose first rows these are
        return f"target {names}: a number"
    return f"target {names}: a number, mean {', '.join(f'{mean:.4g}' for mean in data.y_train.mean(axis=0))}"


def say_recipe(console: Output, network: Network, recipe: Recipe, seed: int) -> None:
    """Print what is trained and how."""
    console.print(f"{network}: {network.n_parameters} parameters")
    for line in recipe.lines(seed):
        console.print(line)


def say_results(console: Output, results: Results) -> None:
    """Print the course of the training, its quality, and the gradient check."""
    report, done = results.report, results.done
    rate = report.epochs / max(report.seconds, 1e-9)
    loss = f"loss {report.loss[0]:.4f} → {report.loss[-1]:.4f}, " if report.loss else ""
    length = f"{report.epochs} epochs, {report.steps} steps in {report.seconds:.1f} s ({rate:.3g} epochs/s)"
    console.print(f"\n{loss}{length}, {report.engine} engine")
    console.print(
        f"{report.stopped.value}{'' if report.best_epoch is None else f' Kept: epoch {report.best_epoch}.'}"
    )
    console.print(f"{headline(done)}\n")
    if done.target.classes:
        say_confusion(console, done.confusion, done.target.classes)
    console.print_lines(f"{results.checked}\n", soft_wrap=True)


def say_confusion(
    console: Output, confusion: np.ndarray[Any, Any], classes: tuple[str, ...]
) -> None:
    """The confusion table; of many classes the commonest confusions."""
    if len(classes) <= MOST_CLASSES:
        console.print_table(
            "rows: true class, columns: predicted",
            classes,
            confusion_table(confusion, classes),
        )
        console.print()
        return
    wrong = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-wrong, axis=None, kind="stable")[:CONFUSIONS]
    pairs = [
        tuple(int(i) for i in np.unravel_index(at, wrong.shape))
        for at in order
        if wrong.flat[at]
    ]
    said = ", ".join(
        f"{classes[i]} taken for {classes[j]} ({wrong[i, j]} times)" for i, j in pairs
    )
    console.print(f"commonest mistakes: {said or 'none'}\n")


def confusion_table(
    counts: np.ndarray[Any, Any], classes: tuple[str, ...]
) -> list[tuple[str, list[Cell]]]:
    """The rows of the confusion table, errors apart from hits."""
    return [
        (
            label,
            [
                (str(n), "green" if i == j else "red") if n or i == j else (".", "")
                for j, n in enumerate(counts[i])
            ],
        )
        for i, label in enumerate(classes)
    ]


def say_json(results: Results, folder: Path) -> None:
    """The results as one line of JSON on standard output."""
    sys.stdout.write(json.dumps({"output": str(folder), **content_of(results)}) + "\n")


def say_next(console: Output, folder: Path) -> None:
    """Print what to do with the results that a run left in a folder, whose name the line before has."""
    model = shlex.quote(str(folder))
    console.print(
        f"next: open {PAGE} there, or run chainrule predict {model} FILE",
        soft_wrap=True,
    )
