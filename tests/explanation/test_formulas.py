"""The formulas of the tables against the functions beside them: evaluated, and as a reader works out their text."""

from __future__ import annotations

import math
import re
import shutil
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from chainrule.equations.activation import Elementwise
from chainrule.explanation.expressions import Constant, Expression, Letter, Place
from chainrule.explanation.formulas import letters_of, read_formula, text_of
from chainrule.explanation.functions import (
    activation_of,
    general_activation,
    general_loss,
    general_loss_slope,
    general_slope,
    loss_of,
    loss_slope_of,
    parameters_of,
    slope_of,
)
from chainrule.explanation.markup import parse, to_latex, to_mathml, to_text
from chainrule.explanation.updates import general_update

from ..equations import test_activations, test_losses
from ..support.runs import FIRST_ORDER
from .test_explanation import RULES
from .test_forms import compiled

EPS = float(np.finfo(float).eps)
#: So many roundings the checks of an explanation allow beside those of the formula.
ROUNDINGS = 16
ACTIVATIONS = test_activations.ELEMENTWISE
LOSSES = test_losses.ROWS
POINTS = [
    *(-720.0, -100.0, -40.0, -31.0, -12.0, -6.0, -3.5, -1.0, -0.25, -1e-3, -1e-9),
    *(1e-9, 1e-3, 0.25, 0.5, 1.0, 2.5, 3.0, 6.0, 12.0, 25.0, 40.0, 100.0, 700.0),
]


def filled(template: Expression, read) -> Expression:
    """As an explanation fills it."""
    return template.filled(SimpleNamespace(read=read, by_size=read))


def agree(expression: Expression, read, expected: float) -> None:
    """As an explanation compares them."""
    value, size, count = expression.value(read)
    tolerance = (count + ROUNDINGS) * EPS * size
    assert abs(value - expected) <= tolerance + float(np.finfo(float).tiny)
    # and not because it cancels: about eight digits are compared
    assert size <= 1e8 * abs(value) or abs(expected) < 1e-8


@pytest.mark.parametrize("phi", ACTIVATIONS, ids=str)
def test_the_formulas_of_an_activation_are_its_functions(phi: Elementwise) -> None:
    for z in (*POINTS, *phi.kinks):
        array = np.array([z])
        a, slope = float(phi.value(array)[0]), float(phi.derivative(array)[0])
        if not math.isfinite(a):
            continue
        place = Place("z")

        def read(name: str, z: float = z, a: float = a) -> float:
            return {"z": z, "a": a}[name]

        agree(filled(activation_of(phi, place), read), read, a)
        agree(filled(slope_of(phi, place, Place("a")), read), read, slope)
        agree(filled(slope_of(phi, place, None), read), read, slope)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_the_formulas_of_a_loss_are_its_functions(loss) -> None:
    identity = test_activations.ACTIVATIONS["identity"]()
    numbers = [0.05, 0.3, 0.5, 0.9] if loss.accepts.high == 1 else [0.05, 0.4, 1.0, 7.0]
    targets = [0.0, 0.3, 0.5, 1.0] if loss.accepts.high == 1 else [0.0, 0.5, 1.0, 9.0]
    width = len(getattr(loss, "quantiles", (1,)))
    for a in numbers:
        for y in targets:
            outputs, wanted = np.full((1, width), a), np.full((1, width), y)
            value, delta = loss.value_and_delta(wanted, outputs, outputs, identity)
            places = [Place(f"a{k}") for k in range(width)]
            given = [Place(f"y{k}") for k in range(width)]

            def read(name: str, a: float = a, y: float = y) -> float:
                return a if name[0] == "a" else y

            agree(filled(loss_of(loss, places, given), read), read, value[0])
            for k in range(width):
                slope = loss_slope_of(loss, places, given, k)
                agree(filled(slope, read), read, delta[0, k])


def python_of(text: str) -> str:
    """What a reader makes of the text of a formula, as an expression of Python."""
    code = re.sub(r"\|([^|]+)\|", r"abs(\1)", text)
    code = (
        code.replace("Φ′", "density").replace("√(", "sqrt(").replace(", else", " else")
    )
    code = re.sub(r"\b(tanh|log) (\w+)", r"\1(\2)", code)
    for sign, by in {"−": "-", "·": "*", "^": "**", "≤": "<=", "≥": ">="}.items():
        code = code.replace(sign, by)
    operand = r"(?<=[\w)]) (?=[\w(σΦ√α])(?!if\b|else\b)"
    return re.sub(rf"(?<!\bif)(?<!\belse){operand}", "*", code)


def sigma(z: float) -> float:
    return 1 / (1 + math.exp(-z))


FUNCTIONS = {
    **{name: getattr(math, name) for name in ("tanh", "cosh", "log", "sqrt", "e")},
    "abs": abs,
    "max": max,
    "σ": sigma,
    "π": math.pi,
    "Φ": lambda z: math.erfc(-z / math.sqrt(2)) / 2,
    "density": lambda z: math.exp(-z * z / 2) / math.sqrt(2 * math.pi),
}


def letters(function) -> dict[str, float]:
    """The parameters by the letters of the text."""
    shown = letters_of(parameters_of(function))
    return {
        text_of(shown[k]): v
        for k, v in parameters_of(function).items()
        if isinstance(shown[k], Letter)
    }


@pytest.mark.parametrize("phi", ACTIVATIONS, ids=str)
def test_who_works_out_the_text_of_an_activation_finds_its_values(phi) -> None:
    shown = [to_text(parse(m(phi)), str) for m in (general_activation, general_slope)]
    for z in (-3.5, -2.0, -0.7, 0.3, 1.5, 4.0):
        a = float(phi.value(np.array([z]))[0])
        known = {**FUNCTIONS, **letters(phi), "z": z, "φ": lambda z, a=a: a}
        found = [eval(python_of(text), {}, known) for text in shown]
        expected = [a, float(phi.derivative(np.array([z]))[0])]
        # numbers of a formula are shown with six digits
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_who_works_out_the_text_of_a_loss_finds_its_values(loss) -> None:
    text = to_text(parse(general_loss_slope(loss)), str)
    whole = to_text(parse(general_loss(loss)), str).replace("Σ_k ", "")
    whole = re.sub(r"^(\S+) (?=\()", r"\1*", whole)
    identity = test_activations.ACTIVATIONS["identity"]()
    quantiles = getattr(loss, "quantiles", (0.5,))
    for a, y in ((0.3, 0.7), (0.9, 0.2)):
        shape = (1, len(quantiles))
        arrays = np.full(shape, y), np.full(shape, a)
        value, delta = loss.value_and_delta(*arrays, arrays[1], identity)
        known = {**FUNCTIONS, **letters(loss), "a_k": a, "y_k": y}
        found = [
            (
                eval(python_of(whole), {}, {**known, "q": q}),
                eval(python_of(text), {}, {**known, "q": q}),
            )
            for q in quantiles
        ]
        assert sum(v for v, _ in found) == pytest.approx(value[0], rel=1e-5)
        np.testing.assert_allclose([d for _, d in found], delta[0], rtol=1e-5)


def everything() -> list[str]:
    """Every formula of the tables, as markup."""
    shown = [m(phi) for phi in ACTIVATIONS for m in (general_activation, general_slope)]
    shown += [m(loss) for loss in LOSSES for m in (general_loss, general_loss_slope)]
    letters = {"theta": r"\theta", "g": r"\nabla J", "alpha": r"\alpha"}
    letters |= {"m": "m", "v": "v"}
    for rule in RULES:
        shown += [" = ".join(line) for line in general_update(rule, letters, letters)]
    return shown


def test_every_rule_is_among_them() -> None:
    assert {rule.name for rule in RULES} == set(FIRST_ORDER)


def test_every_formula_is_well_formed_mathml() -> None:
    for markup in everything():
        inside = to_mathml(parse(markup), str)
        ElementTree.fromstring(f"<math>{inside}</math>")


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex on this machine")
def test_the_tex_of_every_formula_compiles(tmp_path) -> None:
    lines = "\n".join(rf"\[{to_latex(parse(m), str)}\]" for m in everything())
    head = r"\documentclass{article}\usepackage{amsmath}\begin{document}"
    compiled(f"{head}\n{lines}\n" + r"\end{document}", tmp_path)


@pytest.mark.parametrize("phi", ACTIVATIONS, ids=str)
def test_a_formula_off_by_a_thousandth_is_found(phi) -> None:
    faulty = read_formula(f"1.001 * ({phi.formula})", names_of(phi), lambda name: 0.7)
    right = float(phi.value(np.array([0.7]))[0])
    with pytest.raises(AssertionError):
        agree(faulty, lambda name: 0.7, right)


def names_of(phi) -> dict[str, Expression]:
    """The names in its formula: a place, and numbers."""
    numbers = {k: Letter(k, v) for k, v in parameters_of(phi).items()}
    return {"z": Place("z"), **numbers}


@pytest.mark.parametrize(
    ("z", "shown"),
    [
        (-4.0, "0, since z ≤ −3"),
        (0.3, "0.3/6 + 1/2, since −3 < z < 3"),
        (5.0, "1, since z ≥ 3"),
    ],
)
def test_the_branch_that_is_taken_and_since_what(z, shown) -> None:
    phi = test_activations.ACTIVATIONS["hard_sigmoid"]()
    template = activation_of(phi, Place("z"))
    made = filled(template, lambda name: z)
    assert to_text(parse(made.markup(0)), lambda name: f"{z:g}") == shown
    assert made.test == r"z \le \minus 3"  # and the other branches are kept
    assert made.otherwise.test == r"z \ge 3"
    # so they are in the template, which holds no number of a pass
    assert to_text(parse(template.markup(0)), lambda name: name) == (
        "0 if z ≤ −3, else 1 if z ≥ 3, else z/6 + 1/2"
    )


def test_powers_of_parameters_are_shown_and_other_numbers_worked_out() -> None:
    names = {"beta1": Constant(0.9), "g": Place("g"), "t": Constant(3)}
    made = read_formula("(1 - beta1) * g / (1 - beta1**t)", names, lambda name: 2.0)
    text = to_text(parse(made.markup(0)), str)
    assert text == "(0.1 · g)/(1 − (0.9)^3)"


def test_where_a_form_cancels_the_other_one_is_evaluated() -> None:
    tanh = test_activations.ACTIVATIONS["tanh"]()
    shown = {}
    for z in (1.0, 9.0):
        read = {"z": z, "a": math.tanh(z)}.__getitem__
        made = filled(slope_of(tanh, Place("z"), Place("a")), read)
        shown[z] = to_text(parse(made.markup(0)), lambda name: name.strip("!"))
    assert shown == {1.0: "1 − (a)^2", 9.0: "1/(cosh(z))^2"}
