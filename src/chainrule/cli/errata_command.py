"""`chainrule errata`: what is misprinted in the five documents, what it should say, and how far off it is."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np

from ..documents import NOTATIONS, notation
from ..documents.lines import Line, Outcome, Verdict
from ..documents.table import LINES, Case, cases_of, evaluate_case, line_of, prepare
from ..equations.arrays import Array
from ..errors import counted
from ..progress import ProgressLine
from .output import Output

__all__ = ["run"]

CASES = {
    "NS": "widths all different",
    "SQ": "widths all equal",
    "ML": "hidden = output width",
    "-": "no network needed",
}
#: Of an array in full, at most so many rows and columns.
SHOWN = 8


def run(what: str | None, *, every: bool) -> int:
    """Print the list, or one line in full; the exit status."""
    console = Output()
    if what is not None and "." in what:
        show(console, line_of(what))
        return 0
    documents = [*(one.alias for one in NOTATIONS.values()), "X"]
    if what is not None:
        documents = ["X"] if what == "X" else [notation(what).alias]
    lines = [
        line
        for line in LINES.values()
        if line.document in documents and (every or line.mend)
    ]
    results: dict[str, str] = {}
    with ProgressLine("evaluating", total=len(lines), unit="lines") as progress:
        for line in lines:
            results[line.id] = in_short(line)
            progress.advance(line.id)
    for document in documents:
        listed = [line for line in lines if line.document == document]
        console.print(f"\n{title_of(document)}", style="bold", markup=False)
        for line in listed:
            place = f", {line.place}" if line.place else ""
            say(console, f"\n{line.id}  {line.verdict.value}{place}: {line.says}")
            if line.mend:
                say(console, f"    {label(line)}: {line.mend}")
            if results[line.id]:
                say(console, f"    {results[line.id]}")
    counts = ", ".join(
        f"{sum(1 for line in lines if line.verdict is v)} {v.value}"
        for v in Verdict
        if any(line.verdict is v for line in lines)
    )
    say(console, f"\n{len(lines)} lines of {len(LINES)}: {counts}")
    say(
        console,
        "One in full, with both forms evaluated: chainrule errata S1.E73; all lines: chainrule errata --all",
    )
    return 0


def say(console: Output, text: str) -> None:
    """A line that may contain brackets, which are the documents' own."""
    console.print(text, markup=False, soft_wrap=True)


def title_of(document: str) -> str:
    """How a document is called."""
    if document == "X":
        return "Across the documents, and in float64"
    one = notation(document)
    return f"{one.alias}, {one.document} (notation {one.name})"


def label(line: Line) -> str:
    """What a line's mending is called."""
    return {Verdict.SLIP: "meant", Verdict.READING: "read", Verdict.TRAP: "right"}.get(
        line.verdict, "should be"
    )


@cache
def prepared(document: str, kind: str, case: str) -> Case:
    """A case, shared by the lines of one kind."""
    return prepare(
        next(v for v in LINES.values() if (v.document, v.kind) == (document, kind)),
        case,
    )


def outcomes(line: Line) -> Iterable[tuple[str, Case, Outcome, Outcome]]:
    """For each network: its case, what is printed and what should be."""
    for name in cases_of(line):
        case = prepared(line.document, line.kind, name)
        yield (
            name,
            case,
            evaluate_case(line, case, printed=True),
            evaluate_case(line, case, printed=False),
        )


def in_short(line: Line) -> str:
    """How a line fails, network by network; or how well it holds."""
    if line.form is None:
        return ""
    found = list(outcomes(line))
    if not line.fails:
        return holding(max(mended.error or 0.0 for *_rest, mended in found))
    return "; ".join(
        f"{CASES.get(name, name)}: {'holds' if printed.kind == 'holds' else printed.detail}"
        for name, _case, printed, _mended in found
    )


def holding(error: float) -> str:
    """How well a form holds."""
    return f"holds to {error:.0e}" if error else "holds exactly"


def show(console: Output, line: Line) -> None:
    """One line in full."""
    place = f", {line.place}" if line.place else ""
    say(console, f"{line.id}  {line.verdict.value}{place}")
    say(console, title_of(line.document))
    say(console, f"\n{'printed' if line.fails else 'says'}:   {line.says}")
    if line.mend:
        say(console, f"{label(line)}: {line.mend}")
    if line.form is None:
        return
    for name, case, printed, mended in outcomes(line):
        network = (
            ""
            if case.setting is None
            else f" ({case.setting.network}, {counted(len(case.setting.x), 'row')})"
        )
        say(console, f"\n{CASES.get(name, name)}{network}")
        if line.fails:
            say(console, f"  printed: {in_words(printed)}")
        say(
            console, f"  {'mended' if line.fails else 'as printed'}: {in_words(mended)}"
        )
        if printed.kind == "value":
            show_arrays(console, printed, mended)


def in_words(outcome: Outcome) -> str:
    """An outcome as a person says it."""
    words = {
        "holds": holding(outcome.error or 0.0),
        "value": f"wrong, {outcome.detail}",
        "shape": f"wrong, {outcome.detail}",
        "product": f"cannot be evaluated: {outcome.detail}",
        "index": f"cannot be evaluated: {outcome.detail}",
        "not finite": f"wrong, {outcome.detail}",
    }
    return words[outcome.kind]


def show_arrays(console: Output, printed: Outcome, mended: Outcome) -> None:
    """The truth and what the printed form gives, where they differ most, and the mended form if it is of one shape."""
    rows = [("truth", printed.left), ("printed", printed.right)]
    if np.shape(mended.left) == np.shape(printed.left) and np.array_equal(
        mended.left, printed.left
    ):
        rows.append(("mended", mended.right))
    for name, values in rows:
        say(console, f"  {name:>8} {in_line(np.asarray(values))}")


def in_line(values: Array) -> str:
    """An array of one or two axes in a line, cut where it is large."""
    flat = np.atleast_2d(values.astype(float))
    if flat.ndim > 2:
        flat = flat.reshape(-1, flat.shape[-1])
    if flat.shape[1] == 1:
        flat = flat.T
    cut = [
        [f"{v:+.4f}" for v in row[:SHOWN]] + (["…"] if len(row) > SHOWN else [])
        for row in flat[:SHOWN]
    ]
    return "; ".join(" ".join(row) for row in cut) + (
        "; …" if len(flat) > SHOWN else ""
    )
