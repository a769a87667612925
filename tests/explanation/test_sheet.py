"""A sheet to fill in: it has what is given, a blank for each computed number, and nothing that gives one away."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from chainrule import InputError, Network, explain
from chainrule.explanation import numbers
from chainrule.explanation.numbers import Numbers
from chainrule.explanation.places import LATEX, TEXT
from chainrule.explanation.spellings import SPELLINGS

from ..support.commands import here, in_process
from .test_forms import compiled, needs_tex

SOFTMAX = Network((2, 3, 2), ("relu", "softmax"), "cross_entropy")
LINEAR = Network((2, 2, 1), ("elu", "identity"), "squared_error")
DEEP = Network((1, 2, 2, 1), ("tanh", "leaky_relu", "sigmoid"), "binary_cross_entropy")
#: Every kind of number, formula and branch in few units: the network, how many rows, the options.
CASES = {
    "one row": (SOFTMAX, 1, {}),
    "batch": (LINEAR, 2, {"optimizer": "adam", "l2": 0.25}),
    "masks": (DEEP, 2, {"sample_weight": [1.0, 3.0]}),
}
#: S4's own network of docs/explain.md.
TYPED = ("--weights", "W^1 = [2 -1 0; 4 -1 -2] W^F = [4 -8 2]", "--x", "1 2")
TYPED = ("explain", "--notation", "S4", *TYPED, "--y", "1", "--blank")
A_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@cache
def explained(case: str, seed: int = 0, **options):
    """Random inputs and parameters; targets, masks and options are those of the case, whatever the seed."""
    network, rows, of_case = CASES[case]
    rng = np.random.default_rng(seed)
    parameters, x = network.init(0), rng.normal(size=(rows, network.sizes[0]))
    parameters.theta[:] = rng.normal(size=network.n_parameters)
    y = np.arange(rows) % 2
    if case == "batch":
        y = y[:, None]
    if case == "masks":
        widths = network.sizes[:-1]
        of_case = {**of_case, "masks": [np.full((rows, n), 1.25) for n in widths]}
    options = {"parameters": parameters, "row": rows - 1, **of_case, **options}
    return explain(network, x, y, **options)


def as_shown(values) -> set[str]:
    """Numbers as 3 to 17 digits show them; not where that is one of 2 digits, as any constant is."""
    shown = {f"{abs(v):.{digits}g}" for v in values for digits in range(3, 18)}
    return {one for one in shown if float(f"{float(one):.2g}") != float(one)}


def computed(solution) -> set[str]:
    """The computed numbers of a solution, of any row; not a new weight, say, that is the old one."""
    sheet = replace(solution.numbers, withheld=True)
    given, secret = list[float](), list[float]()
    for name, of in solution.numbers.arrays.items():
        (given if sheet.shows(name) else secret).extend(map(float, np.ravel(of)))
    return as_shown(secret) - as_shown(given)


@cache
def forms(made) -> dict[str, str]:
    """An explanation in every form and notation, without what is drawn where, and without names such as Z2.3."""
    found = {"page": made.html().partition("<body>")[2].rpartition("<script>")[0]}
    for notation in SPELLINGS:
        found[f"text {notation}"] = made.text(notation)
        found[f"latex {notation}"] = made.latex(notation)
        found[f"drawing {notation}"] = made.svg(notation)
    left_out = re.compile(
        r' (?:[xy][12]?|stroke-width|viewBox)="[^"]*"|\b[A-Za-z]+\+?\d+(?:\.\d+)+'
    )
    return {form: left_out.sub("", shown) for form, shown in found.items()}


def leaks(secret: set[str], made) -> dict[str, set[str]]:
    """Form → the computed numbers that are in it."""
    found = {
        form: {*A_NUMBER.findall(shown)} & secret for form, shown in forms(made).items()
    }
    return {form: numbers for form, numbers in found.items() if numbers}


@pytest.mark.parametrize("case", CASES)
def test_no_computed_number_of_the_solution_is_on_the_sheet(case) -> None:
    secret = computed(explained(case))
    assert len(secret) > 150
    assert leaks(secret, explained(case, blank=True)) == {}


@pytest.mark.parametrize("case", CASES)
def test_what_is_given_stays(case) -> None:
    solution, sheet = explained(case), explained(case, blank=True)
    moment = solution.numbers.moment
    given = [*moment.parameters.theta, *np.ravel(moment.data.inputs())]
    given += [*np.ravel(solution.numbers.targets), moment.learning_rate]
    for notation in SPELLINGS:
        text, latex = (forms(sheet)[f"{form} {notation}"] for form in ("text", "latex"))
        for head in (
            text.partition("FORWARD")[0].partition("GIVEN")[2],
            latex.partition("{Forward")[0].partition("{Given")[2],
        ):
            shown = {*A_NUMBER.findall(head)}
            assert {solution.rounded(abs(v)) for v in given} <= shown, notation
    assert all(f'"{v}"' in forms(sheet)["page"] for v in moment.parameters.theta)


def test_numbers_that_are_shown_by_mistake_are_found(monkeypatch) -> None:
    secret = computed(explained("one row"))
    monkeypatch.setattr(numbers, "GIVEN", numbers.GIVEN | {"D"})
    sheet = explained.__wrapped__("one row", blank=True)
    assert {*leaks(secret, sheet)} == {*forms(sheet)}


def without_what_is_given(sheet) -> dict[str, str]:
    """A sheet without the numbers that are given; not the drawing, whose lines have the colors of weights."""
    found = {}
    for form, shown in forms(sheet).items():
        if form == "page":
            data = shown.partition('id="data">')[2]
            found[form] = re.sub(r'"values":{[^}]*}', "", data)
        elif not form.startswith("drawing"):
            found[form] = re.split("FORWARD|{Forward", shown, maxsplit=1)[1]
    return found


@pytest.mark.parametrize("case", CASES)
def test_a_sheet_does_not_depend_on_what_is_computed(case) -> None:
    """No branch, sign or term follows from a computed number: of other inputs and weights they are the same."""
    first, second = (explained(case, seed, blank=True) for seed in (0, 1))
    assert without_what_is_given(first) == without_what_is_given(second)


def test_a_branch_that_a_computed_number_takes_is_found(monkeypatch) -> None:
    def unguarded(self, name):
        return float(Numbers._of(replace(self, withheld=False), name))

    first = explained("batch", blank=True)
    monkeypatch.setattr(Numbers, "read", unguarded)
    second = explained.__wrapped__("batch", blank=True)
    assert without_what_is_given(first) != without_what_is_given(second)


@pytest.mark.parametrize("case", CASES)
def test_each_computed_number_has_a_blank_and_a_line_for_its_working(case) -> None:
    sheet = explained(case, blank=True)
    for notation, template in sheet.templates.items():
        count = sum(len(step.entries) for step in sheet.steps_in(template))
        for name, form in (("text", TEXT), ("latex", LATEX)):
            shown = forms(sheet)[f"{name} {notation}"]
            assert shown.count(form.blank) == shown.count(form.working) == count
            assert "✓" not in shown
            assert "evaluated again" not in shown


def test_a_piecewise_formula_has_all_its_branches() -> None:
    lines = [line.strip() for line in explained("batch", blank=True).text().split("\n")]
    assert "A^[1]_1 = Z^[1]_1 if Z^[1]_1 > 0, else e^(Z^[1]_1) − 1" in lines


@needs_tex
@pytest.mark.parametrize("case", ["batch"])
def test_the_latex_compiles(case, tmp_path) -> None:
    said = compiled(explained(case, blank=True).latex("S4"), tmp_path)
    assert "Overfull" not in said


def test_a_computed_number_cannot_be_read() -> None:
    sheet = explained("one row", blank=True)
    assert sheet.passed
    assert sheet.value("W1.1.1") == explained("one row").value("W1.1.1")
    assert repr(sheet).endswith("a sheet with 60 blanks>")
    with pytest.raises(InputError, match=r"D1\.1 of a sheet"):
        sheet.value("D1.1")
    with pytest.raises(InputError, match="JSON with blank=True"):
        sheet.as_dict()


def test_the_command_writes_a_sheet(tmp_path) -> None:
    done = here(*TYPED, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "  V = [2 -1 0; 4 -1 -2]\n" in done.stdout
    assert done.stdout.count(TEXT.blank) == 33
    assert "checks" not in done.stdout
    done = here(*TYPED, "--to", "s.tex", "--to", "s.json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("chainrule: Given: JSON with --blank. Allowed: .html")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--terms", "3"), "--blank with --terms 3"),
        (("--optimizer", "levenberg_marquardt"), "the optimizer levenberg_marquardt"),
        (("--x", f"[{'1 ' * 9}; {'2 ' * 9}]", "--y", f"[{'1 ' * 9}]"), "with 9 rows"),
        (
            ("--weights", f"W^1 = [{'1 ' * 12}] W^F = [1 1]"),
            "with a network of 11-1-1 units",
        ),
    ],
    ids=["terms", "optimizer", "rows", "network"],
)
def test_what_no_sheet_is_made_of_is_said(options, said, capsys) -> None:
    more = ("--x", "1 " * 11) if "network" in said else ()
    assert in_process(*TYPED, *options, *more) == 2
    assert said in capsys.readouterr().err


def test_a_step_of_a_run_has_no_sheet(tmp_path) -> None:
    from chainrule import Checkpoint, train

    x, path = np.ones((4, 2)), tmp_path / "run"
    train(SOFTMAX, x, [0, 1, 0, 1], max_steps=1, checkpoint=Checkpoint(path))
    with pytest.raises(InputError, match="blank=True with a step of a run"):
        explain(path, x, [0, 1, 0, 1], blank=True)
