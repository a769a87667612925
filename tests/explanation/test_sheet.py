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
from ..support.faulty_equations import pull_back_with, replacer
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
TYPED = ["explain", "--notation", "S4", "--x", "1 2", "--y", "1", "--blank"]
TYPED += ["--weights", "W^1 = [2 -1 0; 4 -1 -2] W^F = [4 -8 2]"]
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


#: The page has all notations.
FORMS = [("page", "")] + [
    (form, notation) for form in ("text", "latex", "svg") for notation in SPELLINGS
]
#: Of what is drawn, where and how wide; names such as Z2.3.
NO_NUMBERS = re.compile(
    r' (?:[xy][12]?|stroke-width|viewBox)="[^"]*"|\b[A-Za-z]+\+?\d+(?:\.\d+)+'
)


@cache
def shown(made, form: str, notation: str) -> str:
    """An explanation in a form, without what looks like a number of it and is none."""
    if form == "page":
        body = made.html().partition("<body>")[2]
        return NO_NUMBERS.sub("", body.rpartition("<script>")[0])
    return NO_NUMBERS.sub("", getattr(made, form)(notation))


def leaks(secret: set[str], made) -> dict[tuple[str, str], set[str]]:
    """Form and notation → the computed numbers that are in it."""
    found = {form: {*A_NUMBER.findall(shown(made, *form))} & secret for form in FORMS}
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
        text, latex = (shown(sheet, form, notation) for form in ("text", "latex"))
        for head in (
            text.partition("FORWARD")[0].partition("GIVEN")[2],
            latex.partition("{Forward")[0].partition("{Given")[2],
        ):
            found = {*A_NUMBER.findall(head)}
            assert {solution.rounded(abs(v)) for v in given} <= found, notation
    assert all(f'"{v}"' in shown(sheet, "page", "") for v in moment.parameters.theta)


def test_numbers_that_are_shown_by_mistake_are_found(monkeypatch) -> None:
    secret = computed(explained("one row"))
    monkeypatch.setattr(numbers, "GIVEN", numbers.GIVEN | {"D"})
    sheet = explained.__wrapped__("one row", blank=True)
    assert [*leaks(secret, sheet)] == FORMS


def without_what_is_given(sheet) -> list[str]:
    """The data of a sheet's page, and its texts; without the numbers that are given."""
    data = shown(sheet, "page", "").partition('id="data">')[2]
    texts = [shown(sheet, "text", notation) for notation in SPELLINGS]
    return [
        re.sub(r'"values":{[^}]*}', "", data),
        *(text.partition("FORWARD")[2] for text in texts),
    ]


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
            lines = shown(sheet, name, notation)
            assert lines.count(form.blank) == lines.count(form.working) == count
            assert "✓" not in lines
            assert "evaluated again" not in lines


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


def test_a_sheet_whose_solution_is_wrong_says_so_without_a_number(
    monkeypatch, capsys
) -> None:
    fault = pull_back_with(weight_of=lambda delta, A: 1.001 * (delta.T @ A))
    replacer(monkeypatch)("pull_back", fault)
    assert in_process(*TYPED) == 1
    shown = capsys.readouterr().out
    assert "numbers DISAGREE: dW2.1.1" in shown
    assert "1.001" not in shown


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
