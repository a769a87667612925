"""An explanation as plain text, for a terminal."""

from __future__ import annotations

import re
from itertools import repeat

from ...documents.lines import label_of
from ...documents.spelling import parts_of
from ...errors import counted
from ..checks import Check
from ..contents import Contents
from ..paths import paths_of
from ..places import TEXT
from ..steps import Step
from ..template import Template

__all__ = [
    "checked_words",
    "checks_in_words",
    "corrections",
    "head",
    "how_of",
    "origin",
    "text_of",
    "verdict",
]


def text_of(explained: Contents, template: Template) -> str:
    """Step by step: the general equations, then of each number its formula, with numbers, and its checks."""
    lines = [explained.title, *head(explained, template)]
    if explained.blank:
        lines += ["", "GIVEN", ""]
        lines += [f"  {line}" for line in explained.lines_of_given(TEXT, template)]
    phase = ""
    for step in explained.steps_in(template):
        if step.phase != phase:
            phase = step.phase
            lines += ["", phase.upper()]
        lines += ["", *step_lines(explained, template, step)]
    if not explained.equations and not explained.blank:
        lines += ["", "PATHS", "", *path_lines(explained, template)]
    return "\n".join(lines)


def path_lines(explained: Contents, template: Template) -> list[str]:
    """The paths of weights to the loss: of a layer how many; of one weight each with its product."""
    found = [paths_of(explained.numbers, weight) for weight in explained.weights]
    known = [paths for paths in found if paths is not None]
    if not known:
        return ["  not counted: a hidden softmax has paths across its layer, too"]
    counts = {parts_of(paths.weight)[1]: paths.count for paths in known}
    lines = [
        f"  from a weight of layer {template.label(l)} to the loss: {counted(number, 'path')}"
        for l, number in sorted(counts.items())
    ]
    listed = next((paths for paths in known if paths.listed), None)
    if listed is None:
        return lines
    lines += [
        "",
        f"  {explained.in_text(template, f'@{listed.weight}@')}, in this row:",
    ]
    for path in listed.listed:
        product = explained.in_text(template, path.markup)
        with_numbers = explained.in_text(template, path.markup, numbers=True)
        sign = explained.sign_of(path.product, path.value)
        way = " → ".join(str(k) for k in path.units)
        lines += [
            f"    {way}: {product}",
            f"      = {with_numbers} {sign} {explained.rounded(path.value)}",
        ]
    return [*lines, f"    together {explained.rounded(listed.total)}"]


def head(explained: Contents, template: Template) -> list[str]:
    """The head: what the numbers are and how they are shown."""
    n = explained.numbers
    rows = f"row {n.row} of a batch of {n.rows}" if n.rows > 1 else "one row"
    more = "" if explained.blank else " (.json has them in full)"
    lines = [
        f"{rows}; {origin(explained)}{more}",
        f"notation {template.spelled.name}: {template.spelled.document}. {template.remark}",
        verdict(explained),
    ]
    return [line for line in lines if line]


def origin(explained: Contents) -> str:
    """The origin of the numbers, their dtype and digits; of a sheet, how it is filled in."""
    n = explained.numbers
    digits = f"{explained.digits} significant digits"
    if not explained.blank:
        return f"numbers of the {n.engine} engine in {n.moment.state.theta.dtype}, rounded to {digits}"
    remembered = " and ".join(n.traits.remembered)
    return (
        "a sheet to fill in: the formula with its numbers on each dotted line, the result, to "
        f"{digits}, on each solid one"
        + (f"; {remembered} before the step: 0 throughout" if remembered else "")
    )


def verdict(explained: Contents) -> str:
    """The outcome of the checks; none on a sheet, but where its solution fails."""
    silent = explained.blank and explained.passed
    return "" if silent else checked_words(explained)


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


def step_lines(explained: Contents, template: Template, step: Step) -> list[str]:
    """One step."""
    title = f"layer {template.label(step.layer)}: {step.title}"
    lines = [f"{title}  [{template.where(step)}]"]
    lines += [
        f"  {explained.in_text(template, line)}" for line in template.general(step)
    ]
    lines += [f"  {words}" for words in corrections(template, step)]
    lines += [f"  {line}" for line in explained.lines_of_arrays(TEXT, template, step)]
    for name in step.entries:
        lines += ["", *entry_lines(explained, template, name)]
    return lines


def corrections(template: Template, step: Step) -> list[str]:
    """The formulas that the document prints otherwise, their sections, and the command that evaluates both."""
    return [
        f"{line.id}: {line.quoted}; {label_of(line)}: {line.correction} [chainrule errata {line.id}]"
        for line in template.corrected(step)
    ]


def entry_lines(explained: Contents, template: Template, name: str) -> list[str]:
    """One number: its formula with indices, with numbers, its value, its checks."""
    symbol = explained.in_text(template, f"@{name}@")
    lines = explained.lines_of(TEXT, template, name)
    checks = "; ".join(checks_in_words(explained, template, name))
    found = [
        f"    {head} {sign} {line}"
        for head, (sign, line) in zip(
            (symbol, *repeat(" " * len(symbol), len(lines) - 1)), lines, strict=True
        )
    ]
    return [*found[:-1], f"{found[-1]}   {checks}".rstrip()]


def how_of(explained: Contents, template: Template, check: Check) -> str:
    """The words of a check, the numbers in it as the notation writes them."""
    return re.sub(
        "@[^@]+@", lambda place: explained.in_text(template, place[0]), check.how
    )


def checks_in_words(explained: Contents, template: Template, name: str) -> list[str]:
    """The checks of a number, each in a few words."""
    checks = () if explained.blank else explained.checks[name]
    return [_words(explained, template, check) for check in checks]


def _words(explained: Contents, template: Template, check: Check) -> str:
    if check.value is None:
        return f"({how_of(explained, template, check)})"
    return (
        f"✓ {check.how}"
        if check.passed
        else f"✗ WRONG: {check.how} gives {explained.rounded(check.value)}"
    )
