"""`chainrule errata`: what is misprinted in the five documents, what it should say, and how far off it is.

Status 1 where a line is not as listed: a form that should hold and does not, or a misprint that fails otherwise.
"""

from __future__ import annotations

import numpy as np

from ..documents import NOTATIONS, notation
from ..documents.lines import Line, Verdict, label_of
from ..documents.outcomes import Outcome
from ..documents.table import LINES, line_of
from ..documents.verdicts import Finding, findings
from ..equations.arrays import Array
from ..errors import counted
from ..progress import ProgressLine
from .options.errata import Errata
from .output import Output

__all__ = ["run"]

#: The page of a document, which lists both forms of each of its lines.
PAGES = "docs/document_{}.md"
CASES = {
    "NS": "widths all different",
    "SQ": "widths all equal",
    "ML": "hidden = output width",
    "-": "no network needed",
}
#: Of an array in full, at most so many rows and columns.
SHOWN = 8


def run(request: Errata) -> int:
    """Print the list, or one line in full; the exit status."""
    console, what = Output(), request.what
    if what is not None and "." in what:
        return show(console, line_of(what))
    documents = [*(one.alias for one in NOTATIONS.values()), "X"]
    if what is not None and what.upper() in documents:
        documents = [what.upper()]
    elif what is not None:
        documents = [notation(what).alias]
    lines = [line for line in LINES.values() if line.document in documents]
    found: dict[str, tuple[Finding, ...]] = {}
    with ProgressLine("evaluating", total=len(lines), unit="lines") as progress:
        for line in lines:
            found[line.id] = findings(line)
            progress.advance(line.id)
    wrong = [line for line in lines if unexpected(found[line.id])]
    shown = [
        line for line in lines if request.every or line.correction or line in wrong
    ]
    for document in documents:
        console.print(f"\n{title_of(document)}", style="bold", markup=False)
        for line in (line for line in shown if line.document == document):
            say(console, f"\n{line.id}  {line.verdict.value}: {line.quoted}")
            if line.correction:
                say(console, f"    {label_of(line)}: {line.correction}")
            say(console, f"    {in_short(line, found[line.id])}")
            alarm(console, found[line.id])
    counts = ", ".join(
        f"{sum(1 for line in shown if line.verdict is v)} {v.value}"
        for v in Verdict
        if any(line.verdict is v for line in shown)
    )
    say(console, f"\n{len(shown)} lines of {len(LINES)}: {counts}")
    whole = ["S1.E73", ""] if what is None else [shown[0].id, f" {documents[0]}"]
    say(
        console,
        f"One in full, with both forms evaluated: chainrule errata {whole[0]}; all lines: "
        f"chainrule errata{whole[1]} --all",
    )
    return conclude(console, lines, wrong)


def conclude(console: Output, lines: list[Line], wrong: list[Line]) -> int:
    """Print whether every line is as listed; the exit status."""
    idle = [line.id for line in lines if line.form is None]
    rest = f"; not evaluated: {', '.join(idle)}" if idle else ""
    evaluated = counted(len(lines) - len(idle), "line")
    if not wrong:
        say(console, f"{evaluated} evaluated, all as listed{rest}")
        return 0
    names = ", ".join(line.id for line in wrong)
    say(
        console,
        f"{evaluated} evaluated, {len(wrong)} NOT AS LISTED: {names}{rest}",
        style="bold red",
    )
    return 1


def say(console: Output, text: str, *, style: str | None = None) -> None:
    """A line that may contain brackets, which are the documents' own."""
    console.print(text, markup=False, soft_wrap=True, style=style)


def unexpected(found: tuple[Finding, ...]) -> list[str]:
    """The deviations from what is listed, network by network."""
    return [
        f"{CASES.get(one.case, one.case)}: {words}"
        for one in found
        for words in one.unexpected
    ]


def alarm(console: Output, found: tuple[Finding, ...]) -> None:
    """Print in red what is not as listed."""
    for words in unexpected(found):
        say(console, f"    NOT AS LISTED: {words}", style="bold red")


def title_of(document: str) -> str:
    """The title of a document."""
    if document == "X":
        return "Across the documents, and in float64"
    one = notation(document)
    return f"{one.alias}, {one.document} (notation {one.name})"


def in_short(line: Line, found: tuple[Finding, ...]) -> str:
    """The failure of a line, network by network; or how well it holds."""
    if not found:
        return f"not evaluated: {line.reason}"
    if not line.fails:
        return in_words(max((one.corrected for one in found), key=badness))
    return "; ".join(
        f"{CASES.get(one.case, one.case)}: {'holds' if one.printed.kind == 'holds' else one.printed.detail}"
        for one in found
    )


def badness(outcome: Outcome) -> tuple[bool, float]:
    """A key that sorts outcomes: those that do not hold last, then by error."""
    return outcome.kind != "holds", outcome.error or 0.0


def holding(error: float) -> str:
    """The words for how well a form holds."""
    return f"holds to {error:.0e}" if error else "holds exactly"


def show(console: Output, line: Line) -> int:
    """One line in full; the exit status."""
    say(console, f"{line.id}  {line.verdict.value}")
    say(console, title_of(line.document))
    say(console, f"\n{line.quoted}")
    if line.correction:
        say(console, f"{label_of(line)}: {line.correction}")
    page = PAGES.format(line.document.lower()) if line.document != "X" else ""
    if page:
        say(console, f"in the documentation: {page}#{anchor_of(line)}")
    found = findings(line)
    if not found:
        say(console, f"not evaluated: {line.reason}")
        return 0
    for one in found:
        show_finding(console, line, one)
    alarm(console, found)
    return 1 if unexpected(found) else 0


def anchor_of(line: Line) -> str:
    """The address of a line within its page."""
    return line.id.lower().replace(".", "-")


def show_finding(console: Output, line: Line, one: Finding) -> None:
    """A line on one network."""
    setting = one.setting
    network = (
        ""
        if setting is None
        else f" ({setting.network}, {counted(len(setting.x), 'row')})"
    )
    say(console, f"\n{CASES.get(one.case, one.case)}{network}")
    if line.fails:
        say(console, f"  printed: {in_words(one.printed)}")
    say(
        console,
        f"  {'corrected' if line.fails else 'as printed'}: {in_words(one.corrected)}",
    )
    if one.printed.kind == "value":
        show_arrays(console, one.printed, one.corrected)


def in_words(outcome: Outcome) -> str:
    """An outcome as a person says it."""
    if outcome.kind == "holds":
        return holding(outcome.error or 0.0)
    evaluated = outcome.kind not in ("product", "index", "nothing")
    return f"{'wrong' if evaluated else 'cannot be evaluated'}, {outcome.detail}"


def show_arrays(console: Output, printed: Outcome, corrected: Outcome) -> None:
    """The truth and what the printed form gives, where they differ most; the corrected form if it is of one shape."""
    rows = [("truth", printed.left), ("printed", printed.right)]
    if np.shape(corrected.left) == np.shape(printed.left) and np.array_equal(
        corrected.left, printed.left
    ):
        rows.append(("corrected", corrected.right))
    for name, values in rows:
        say(console, f"  {name:>9} {in_line(np.asarray(values))}")


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
