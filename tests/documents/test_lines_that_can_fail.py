"""No verdict is a constant: what is evaluated of a line changes with the pass, or the function, that it is about.

Every pass is altered in its numbers, and in its shapes; every line must then come out otherwise. What no alteration
reaches would be true by construction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chainrule import ACTIVATIONS, Network
from chainrule.documents import (
    NOTATIONS,
    across,
    bias_first,
    bias_last,
    column_batch,
    constant_neuron,
    table,
    verdicts,
)
from chainrule.documents.derivations import polynomial
from chainrule.documents.outcomes import Outcome, evaluate, worst_of
from chainrule.documents.table import LINES, Case, cases_of, line_of, prepare
from chainrule.documents.verdicts import Finding, findings

from ..support.altered_passes import enlarged, fields_of, scaled

#: The lines that are marked as not evaluated: one, about data, whose own test trains (test_document_lines).
NOT_EVALUATED = {"S1.E75"}
#: The lines that are about shapes and counts alone.
OF_SHAPES = {"S1.E29", "S1.E34", "S2.E1", "S2.E2", "S3.E7", "S3.E8", "S4.E2-6"}
EVALUATED = [line for line in LINES.values() if line.form is not None]
#: Those of a document's pass. The others are of functions, or across documents: each has its own fault below.
OF_A_PASS = [
    line.id for line in EVALUATED if line.document != "X" and line.kind != "none"
]


def test_what_is_not_evaluated_is_listed_and_says_why() -> None:
    assert {line.id for line in LINES.values() if line.form is None} == NOT_EVALUATED
    assert all(line_of(identity).reason for identity in NOT_EVALUATED)
    assert all(findings(line_of(identity)) == () for identity in NOT_EVALUATED)


@pytest.mark.parametrize("identity", [line.id for line in EVALUATED])
def test_every_line_compares_something_on_every_network_and_is_as_listed(
    identity: str,
) -> None:
    found = findings(line_of(identity))
    assert [one.case for one in found] == cases_of(line_of(identity))
    for one in found:
        assert one.unexpected == ()
        assert one.corrected.left is not None


@cache
def prepared(document: str, kind: str, name: str) -> Case:
    line = next(v for v in LINES.values() if (v.document, v.kind) == (document, kind))
    return prepare(line, name)


def altered(case: Case, alteration: Any) -> Any:
    return alteration(case.computed, fields_of(case.computed))


@pytest.mark.parametrize("identity", OF_A_PASS)
def test_a_line_fails_on_an_altered_pass(identity: str) -> None:
    line = line_of(identity)
    alteration = enlarged if identity in OF_SHAPES else scaled
    outcomes = []
    for name in cases_of(line):
        case = prepared(line.document, line.kind, name)
        outcomes.append(evaluate(line.corrected, case.truth, altered(case, alteration)))
    assert any(outcome.kind != "holds" for outcome in outcomes)
    if identity in OF_SHAPES:
        case = prepared(line.document, line.kind, cases_of(line)[0])
        assert (
            evaluate(line.corrected, case.truth, altered(case, scaled)).kind == "holds"
        )


@pytest.mark.parametrize(
    "identity",
    [identity for identity in OF_A_PASS if "value" in line_of(identity).fails.values()],
)
def test_what_is_printed_is_evaluated_from_the_pass(identity: str) -> None:
    """Of a misprint with wrong numbers: they are the pass's, and no constant's."""
    line = line_of(identity)
    alteration = enlarged if identity in OF_SHAPES else scaled
    name = next(name for name, how in line.fails.items() if how == "value")
    case = prepared(line.document, line.kind, name)
    before = list(line.printed(case.truth, case.computed))
    try:
        after = list(line.printed(case.truth, altered(case, alteration)))
    except (ValueError, LookupError):
        return  # the altered shapes no longer fit
    assert any(
        not np.array_equal(a, b)
        for pair, other in zip(before, after, strict=False)
        for a, b in zip(pair, other, strict=True)
    )


def off(function: Any) -> Any:
    """A function whose numbers are off by 0.001."""
    return lambda *given, **named: function(*given, **named) + 1e-3


def run_off(module: Any) -> Any:
    """A notation's pass, off."""
    run = module.run

    def altered_run(*given: Any, **named: Any) -> Any:
        made = run(*given, **named)
        return scaled(made, fields_of(made))

    return altered_run


def taller(function: Any) -> Any:
    """Arrays by layer, with a row more."""
    return lambda *given: {
        l: np.vstack([w, w[-1:]]) for l, w in function(*given).items()
    }


def naive_activations() -> Mapping[str, Any]:
    """Softmax and sigmoid as they are written on paper."""

    def softmax(z: Any) -> Any:
        e = np.exp(z)
        return e / np.sum(e, axis=1, keepdims=True)

    naive = {"softmax": softmax, "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    return {
        name: (lambda value=value: SimpleNamespace(value=value))
        for name, value in naive.items()
    }


def off_sweep(*given: Any, **named: Any) -> Any:
    made = SWEEP(*given, **named)
    return replace(made, dZ=tuple(1.001 * d for d in made.dZ))


SWEEP = table.sweep
#: Line → where its fault is planted, and the fault.
PLANTED: dict[str, tuple[Any, str, Any]] = {
    "S1.E10": (polynomial, "cost", off(polynomial.cost)),
    "S1.E11": (polynomial, "gradient", off(polynomial.gradient)),
    "S1.E12": (polynomial, "gradient", off(polynomial.gradient)),
    "S1.E53": (
        column_batch,
        "network",
        lambda n, **named: Network((n[0] - 1, *n[1:]), "relu", "squared_error"),
    ),
    "S1.E55": (
        column_batch,
        "network",
        lambda n, **named: Network((*n[:-1], 11), ["relu", "relu"], "squared_error"),
    ),
    "X.E1": (bias_last, "run", run_off(bias_last)),
    "X.E2": (column_batch, "run", run_off(column_batch)),
    "X.E3": (
        constant_neuron,
        "view",
        lambda sweep: SimpleNamespace(L=sweep.network.n_layers),
    ),
    "X.E4": (constant_neuron, "arrays_of", taller(constant_neuron.arrays_of)),
    "X.E5": (table, "sweep", off_sweep),
    "X.E6": (bias_last, "run", run_off(bias_last)),
    "X.E7": (constant_neuron, "run", run_off(constant_neuron)),
    "X.H1": (across, "ACTIVATIONS", naive_activations()),
    "X.H2": (across, "cross_entropy", across.as_written),
    "X.H3": (across, "cross_entropy", across.as_written),
    "X.H4": (across, "ACTIVATIONS", naive_activations()),
}


@pytest.fixture
def planting(monkeypatch) -> Iterator[pytest.MonkeyPatch]:
    """Plants faults: no pass is taken from before them, and none with one is kept for another test."""
    verdicts._prepared.cache_clear()
    yield monkeypatch
    verdicts._prepared.cache_clear()


def test_every_line_that_is_of_no_pass_has_a_fault_here() -> None:
    assert {*PLANTED} == {line.id for line in EVALUATED} - {*OF_A_PASS}


@pytest.mark.parametrize("identity", PLANTED)
def test_a_line_about_a_function_fails_where_the_function_is_wrong(
    identity: str, planting
) -> None:
    where, name, fault = PLANTED[identity]
    planting.setattr(where, name, fault)
    assert any(one.unexpected for one in findings(line_of(identity)))


# A fault in any field of any notation's pass


def fields_by_notation() -> list[tuple[str, str]]:
    found = []
    for name, notation in NOTATIONS.items():
        line = next(
            one for one in LINES.values() if one.document == notation.alias and one.form
        )
        computed = prepare(line, cases_of(line)[0]).computed
        found += [(name, field) for field in fields_of(computed)]
    return found


@pytest.mark.parametrize(("name", "field"), fields_by_notation())
def test_a_fault_in_any_part_of_a_pass_is_found(name, field, planting) -> None:
    notation = NOTATIONS[name]
    run = notation.module.run
    planting.setattr(
        notation.module, "run", lambda *a, **k: scaled(run(*a, **k), [field])
    )
    lines = [line for line in LINES.values() if line.document == notation.alias]
    assert any(one.unexpected for line in lines for one in findings(line))


# What comes of pairs


def test_a_form_that_compares_nothing_does_not_hold() -> None:
    assert worst_of([]).kind == "nothing"
    assert worst_of([(np.zeros((0, 3)), np.zeros((0, 3)))]).kind == "nothing"
    assert evaluate(lambda t, q: iter(()), None, None).kind == "nothing"


@pytest.mark.parametrize(
    ("outcome", "listed", "words"),
    [
        (Outcome("value", 0.5, "off by 5.0e-01"), "holds", "does not hold"),
        (Outcome("holds", None, ""), "holds", "does not hold"),
        (Outcome("shape", None, "shape (1,) instead of (2,)"), "holds", "shape (1,)"),
        (Outcome("nothing", None, "no two numbers"), "holds", "no two numbers"),
    ],
)
def test_an_outcome_that_is_not_as_listed_is_said(outcome, listed, words) -> None:
    (found,) = Finding("NS", None, outcome, outcome, listed).unexpected
    assert words in found


def test_a_misprint_must_fail_as_it_is_listed_to() -> None:
    right = Outcome("holds", 1e-16, "")
    wrong = Outcome("value", 0.5, "off by 5.0e-01")
    barely = Outcome("value", 1e-5, "off by 1.0e-05")
    assert Finding("NS", None, wrong, right, "value").unexpected == ()
    for printed, listed in ((right, "value"), (wrong, "shape"), (barely, "value")):
        assert Finding("NS", None, printed, right, listed).unexpected
    assert Finding("NS", None, wrong, right, "holds").unexpected
    assert ACTIVATIONS  # the tables are not altered by the faults above


def test_a_pass_that_refuses_its_own_arrays_is_a_finding(planting) -> None:
    def refuse(*given: Any, **named: Any) -> Any:
        return bias_first.parameters_of({1: [[1.0, 2.0]], 2: [[1.0]]})

    planting.setattr(bias_first, "run", refuse)
    assert all(one.unexpected for one in findings(line_of("S0.E4")))


def test_places_are_sections_and_quotations_and_no_lines_of_a_text_file() -> None:
    for line in LINES.values():
        assert not re.search(
            r"\blines? \d", f"{line.place} {line.says} {line.correction}"
        )
        if line.verdict.name in ("MISPRINT", "READING", "SLIP", "CONFLICT"):
            assert line.quoted == f"the document prints: {line.says} ({line.place})"
