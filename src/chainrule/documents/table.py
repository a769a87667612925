"""The one table of all lines, and their evaluation on the networks of their kind.

The lines of a document are in its folder: `lines.csv`, what they say and what comes of them, and the modules `lines…`,
their forms and networks. What goes across the documents is `across`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from ..errors import InputError, named_among
from . import NOTATIONS, across, notation
from .lines import Line, Pairs, lines_of
from .outcomes import Outcome, evaluate
from .settings import Cases, Setting
from .sweep import Sweep, sweep
from .truth import ComplexStep, Truth

__all__ = [
    "KINDS",
    "LINES",
    "Case",
    "cases_of",
    "evaluate_case",
    "line_of",
    "prepare",
]


def _modules(folder: ModuleType) -> list[ModuleType]:
    """Those with a document's forms."""
    found = sorted(Path(*folder.__path__).glob("lines*.py"))
    return [import_module(f"{folder.__name__}.{path.stem}") for path in found]


#: Document → its table, and the modules with its forms.
SOURCES: Mapping[str, tuple[Path, list[ModuleType]]] = {
    **{
        one.alias: (Path(*one.module.__path__, "lines.csv"), _modules(one.module))
        for one in NOTATIONS.values()
    },
    "X": (Path(__file__).with_name("across.csv"), [across]),
}
#: ID → the line, document by document in the order of their texts.
LINES: Mapping[str, Line] = MappingProxyType(
    {
        line.id: line
        for document, (table, modules) in SOURCES.items()
        for line in lines_of(document, table.read_text(encoding="utf-8"), modules)
    }
)
#: (document, kind) → case → the setting.
KINDS: Mapping[tuple[str, str], Cases] = MappingProxyType(
    {
        (document, kind): cases
        for document, (_, modules) in SOURCES.items()
        for module in modules
        for kind, cases in getattr(module, "KINDS", {}).items()
    }
)


@dataclass(frozen=True)
class Case:
    """A truth and a pass, on one network."""

    name: str
    setting: Setting
    truth: Truth
    computed: Any


def line_of(identity: str) -> Line:
    """A line by its ID.

    Raises
    ------
    InputError
        None of that ID.

    Examples
    --------
    >>> line_of("S0.E3").says
    'x_0^[l] = 0'
    """
    by_name = {one.casefold(): line for one, line in LINES.items()}
    if identity.casefold() not in by_name:
        document = identity.partition(".")[0].upper()
        own = [line.id for line in LINES.values() if line.document == document]
        raise InputError(
            f"line {identity!r}",
            f"the ID of a checked line, {own[0]} to {own[-1]}"
            if own
            else "the ID of a checked line, S0.E1 to X.H4",
            f"Run chainrule errata {document}, which lists those with a correction."
            if own
            else named_among(
                identity,
                LINES,
                "Run chainrule errata, which lists those with a correction.",
            ),
        )
    return by_name[identity.casefold()]


def cases_of(line: Line) -> list[str]:
    """The names of the networks that a line is evaluated on."""
    return list(KINDS[line.document, line.kind]) if line.kind != "none" else ["-"]


def prepare(
    line: Line, case: str, measure: Callable[[Sweep], Any] = ComplexStep
) -> Case:
    """The truth and the pass of a line on one network.

    Parameters
    ----------
    line : Line
    case : str
        From `cases_of`.
    measure : callable
        What takes derivatives; tests put an oracle of their own here.
    """
    if line.kind == "none":
        return Case(case, None, None, None)  # type: ignore[arg-type]
    s = KINDS[line.document, line.kind][case]()
    canonical = sweep(s.network, s.parameters, s.x, s.y, reduction=s.reduction)
    if line.document == "X":
        return Case(case, s, Truth(measure(canonical), lambda found: found), s)
    one = notation(line.document)
    truth = Truth(measure(canonical), lambda found: one.module.view(found, **s.options))
    computed = one.run(s.network, s.parameters, s.x, s.y, s.reduction, s.options)
    return Case(case, s, truth, computed)


def evaluate_case(line: Line, case: Case, *, printed: bool) -> Outcome:
    """The outcome of a line's printed or corrected form on a network."""
    form: Callable[[Any, Any], Pairs] = line.printed if printed else line.corrected
    return evaluate(form, case.truth, case.computed)
