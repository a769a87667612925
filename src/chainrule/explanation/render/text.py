"""An explanation as plain text, for a terminal."""

from __future__ import annotations

import re

from ...documents.lines import label_of
from ...documents.spelling import Spelling, parts_of
from ...errors import counted
from ..checks import Check
from ..contents import Contents
from ..equations import corrected_lines, general_equations, remark_of, source_of
from ..paths import paths_of
from ..steps import Step
from ..traits import Traits

__all__ = [
    "check_words",
    "checked_words",
    "corrections",
    "head",
    "how_of",
    "origin",
    "text_of",
]


def text_of(explained: Contents, spelled: Spelling) -> str:
    """Step by step: the general equations, then of each number its formula, with numbers, and its checks."""
    lines = [explained.title, *head(explained, spelled)]
    phase = ""
    for step in explained.steps_in(spelled):
        if step.phase != phase:
            phase = step.phase
            lines += ["", phase.upper()]
        lines += ["", *step_lines(explained, spelled, step)]
    if not explained.equations:
        lines += ["", "PATHS", "", *path_lines(explained, spelled)]
    return "\n".join(lines)


def path_lines(explained: Contents, spelled: Spelling) -> list[str]:
    """The paths of weights to the loss: of a layer how many; of one weight each with its product."""
    found = [paths_of(explained.numbers, weight) for weight in explained.weights]
    known = [paths for paths in found if paths is not None]
    if not known:
        return ["  not counted: a hidden softmax has paths across its layer, too"]
    counts = {parts_of(paths.weight)[1]: paths.count for paths in known}
    lines = [
        f"  from a weight of layer {spelled.label(l, explained.numbers.layers)} to the loss: {counted(number, 'path')}"
        for l, number in sorted(counts.items())
    ]
    listed = next((paths for paths in known if paths.listed), None)
    if listed is None:
        return lines
    lines += ["", f"  {explained.in_text(spelled, f'@{listed.weight}@')}, in this row:"]
    for path in listed.listed:
        product = explained.in_text(spelled, path.markup)
        with_numbers = explained.in_text(spelled, path.markup, numbers=True)
        way = " → ".join(str(k) for k in path.units)
        lines += [
            f"    {way}: {product}",
            f"      = {with_numbers} = {explained.rounded(path.value)}",
        ]
    return [*lines, f"    together {explained.rounded(listed.total)}"]


def head(explained: Contents, spelled: Spelling) -> list[str]:
    """The head: what the numbers are and how they are shown."""
    n = explained.numbers
    rows = f"row {n.row} of a batch of {n.rows}" if n.rows > 1 else "one row"
    return [
        f"{rows}; {origin(explained)}, rounded to {explained.digits} significant digits (.json has them in full)",
        f"notation {spelled.name}: {spelled.document}. {remark_of(spelled, explained.traits)}",
        checked_words(explained),
    ]


def origin(explained: Contents) -> str:
    """Whose the numbers are, and in which dtype."""
    n = explained.numbers
    dtype = n.moment.state.theta.dtype
    return f"numbers of the {n.engine} engine in {dtype}"


def checked_words(explained: Contents) -> str:
    """The outcome of the checks, in a sentence."""
    count = len(explained.checks)
    if explained.passed:
        alone = sum(
            all(check.value is None for check in checks)
            for checks in explained.checks.values()
        )
        agree = (
            f"all {count} numbers"
            if not alone
            else f"{count - alone} of {count} numbers"
        )
        if count == 1 and not alone:
            return "checks: the number agrees with its formula and with numerical differentiation"
        rest = f"; {alone} could not be compared" if alone else ""
        return f"checks: {agree} agree with their formulas and with numerical differentiation{rest}"
    return (
        f"checks: {len(explained.failed)} of {count} numbers DISAGREE: {', '.join(explained.failed[:10])}"
        + (", …" if len(explained.failed) > 10 else "")
    )


def step_lines(explained: Contents, spelled: Spelling, step: Step) -> list[str]:
    """One step."""
    n = explained.numbers
    source = source_of(spelled, step, explained.traits)
    where = f"layer {spelled.label(step.layer, n.layers)}: {step.title}"
    lines = [
        f"{where}  [{', '.join(filter(None, (source if source != step.equation else '', step.equation)))}]"
    ]
    lines += [
        f"  {explained.in_text(spelled, line)}"
        for line in general_equations(spelled, step, explained.traits)
    ]
    lines += [f"  {words}" for words in corrections(spelled, step, explained.traits)]
    for line in explained.equations_of_arrays(spelled, step):
        lines += [
            f"  {explained.in_text(spelled, line)}",
            f"  {explained.in_text(spelled, line, numbers=True)}",
        ]
    for name in step.entries:
        lines += ["", *entry_lines(explained, spelled, name)]
    return lines


def corrections(spelled: Spelling, step: Step, t: Traits) -> list[str]:
    """The formulas that the document prints otherwise, their sections, and the command that evaluates both."""
    return [
        f"{line.id}: {line.quoted}; {label_of(line)}: {line.mend} [chainrule errata {line.id}]"
        for line in corrected_lines(spelled, step, t)
    ]


def entry_lines(explained: Contents, spelled: Spelling, name: str) -> list[str]:
    """One number: its formula with indices, with numbers, its value, its checks."""
    symbol = explained.in_text(spelled, f"@{name}@")
    formula = explained.formula(name, spelled.style)
    gap = " " * len(symbol)
    value = explained.rounded(explained.value(name))
    found = []
    if formula:
        with_indices = explained.in_text(spelled, formula)
        with_numbers = explained.in_text(spelled, formula, numbers=True)
        found = [
            f"    {symbol} = {with_indices}",
            f"    {gap} = {with_numbers}",
            f"    {gap} = {value}",
        ]
    else:
        found = [f"    {symbol} = {value}"]
    checks = explained.checks[name]
    if checks:
        found[-1] += "   " + "; ".join(
            check_words(explained, spelled, check) for check in checks
        )
    return found


def how_of(explained: Contents, spelled: Spelling, check: Check) -> str:
    """The words of a check, the numbers in it as the notation writes them."""
    return re.sub(
        "@[^@]+@", lambda place: explained.in_text(spelled, place[0]), check.how
    )


def check_words(explained: Contents, spelled: Spelling, check: Check) -> str:
    """A check in a few words."""
    if check.value is None:
        return f"({how_of(explained, spelled, check)})"
    return (
        f"✓ {check.how}"
        if check.passed
        else f"✗ WRONG: {check.how} gives {explained.rounded(check.value)}"
    )
