"""The one table of all lines, and their evaluation on the networks of their kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ..errors import InputError, named_among
from . import bias_first, bias_last, column_batch, constant_neuron, flat_theta
from .across import ACROSS
from .bias_first.lines import S0
from .bias_last.lines_many_layers import S4_MANY_LAYERS
from .bias_last.lines_one_layer import S4_ONE_LAYER
from .column_batch.lines_digits import S1_DIGITS
from .column_batch.lines_matrices import S1_MATRICES
from .column_batch.lines_neurons import S1_NEURONS
from .constant_neuron.lines import S2
from .flat_theta.lines import S3
from .lines import Line, Pairs
from .outcomes import Outcome, evaluate
from .settings import KINDS, Setting
from .sweep import Sweep, sweep
from .truth import ComplexStep, Truth

__all__ = ["LINES", "Case", "cases_of", "evaluate_case", "line_of", "prepare"]

#: ID → the line, document by document in the order of their texts.
LINES: Mapping[str, Line] = MappingProxyType(
    {
        line.id: line
        for line in (
            *S0,
            *S1_NEURONS,
            *S1_MATRICES,
            *S1_DIGITS,
            *S2,
            *S3,
            *S4_ONE_LAYER,
            *S4_MANY_LAYERS,
            *ACROSS,
        )
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
    if identity not in LINES:
        raise InputError(
            f"line {identity!r}",
            "the ID of a checked line, S0.E1 to X.H4",
            named_among(identity, LINES, "chainrule errata lists them."),
        )
    return LINES[identity]


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
    setting = KINDS[line.document, line.kind][case]()
    canonical = sweep(
        setting.network,
        setting.parameters,
        setting.x,
        setting.y,
        reduction=setting.reduction,
    )
    view, run = WAYS[line.document](line, setting)
    return Case(case, setting, Truth(measure(canonical), view), run())


def evaluate_case(line: Line, case: Case, *, printed: bool) -> Outcome:
    """The outcome of a line's printed or corrected form on a network."""
    form: Callable[[Any, Any], Pairs] = line.printed if printed else line.mended
    return evaluate(form, case.truth, case.computed)


def _s0(line: Line, s: Setting) -> Any:
    return bias_first.view, lambda: bias_first.run(
        s.network, bias_first.arrays_of(s.parameters), s.x.T, s.y.T
    )


def _s1(line: Line, s: Setting) -> Any:
    arrays = column_batch.arrays_of(s.parameters)
    return column_batch.view, lambda: column_batch.run(
        s.network, arrays, s.x.T, s.y.T, reduction=s.reduction
    )


def _s2(line: Line, s: Setting) -> Any:
    return constant_neuron.view, lambda: constant_neuron.run(
        s.network, constant_neuron.arrays_of(s.parameters), s.x, s.y
    )


def _s3(line: Line, s: Setting) -> Any:
    theta = flat_theta.arrays_of(s.parameters)
    return flat_theta.view, lambda: flat_theta.run(
        s.network, theta, s.x.T, s.y.T, reduction=s.reduction
    )


def _s4(line: Line, s: Setting) -> Any:
    biased = line.kind.startswith("biased")
    W = bias_last.arrays_of(s.parameters, biased=biased)
    return (
        lambda canonical: bias_last.view(canonical, biased=biased),
        lambda: bias_last.run(s.network, W, s.x.T, s.y.T, biased=biased),
    )


def _across(line: Line, s: Setting) -> Any:
    return (lambda canonical: canonical), lambda: s


#: Document → from a line and a setting to its view of a sweep and its own pass.
WAYS: Mapping[str, Callable[[Line, Setting], Any]] = MappingProxyType(
    {"S0": _s0, "S1": _s1, "S2": _s2, "S3": _s3, "S4": _s4, "X": _across}
)
