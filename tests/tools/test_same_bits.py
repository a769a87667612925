"""`tools/same_bits` names what differs, and nothing else: on mappings, on single cases, with a planted fault."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from chainrule import ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES

sys.path.append(str(Path(__file__).parents[2] / "tools"))

from bits.command import errata_in
from bits.comparison import compare, report
from bits.hashes import EXCLUDED, digest, without_excluded
from bits.names import RAISED, matches
from bits.worker import cases, hashed
from commits import UnusableError, build

BASE = {"train/a/theta": "1", "train/a/end": "2", "explain/b/text": "3"}


def results_of(name):
    """The hashes of one case."""
    ((found, compute),) = cases([name])
    assert found == name
    return hashed(name, compute)


def test_equal_results_are_equal():
    compared = compare(BASE, dict(BASE))
    assert (compared.status, compared.equal, compared.different) == (0, 3, ())


@pytest.mark.parametrize(
    "head",
    [
        {**BASE, "train/a/theta": "9"},
        {k: v for k, v in BASE.items() if k != "train/a/theta"},
    ],
    ids=["another hash", "not there"],
)
def test_a_difference_is_named(head):
    for base, other in ((BASE, head), (head, BASE)):
        compared = compare(base, other)
        assert (compared.status, compared.different) == (1, ("train/a/theta",))
        assert "train/a: theta" in "\n".join(report(compared, base, other))


def test_an_expected_difference_is_none():
    head = {**BASE, "train/a/theta": "9"}
    compared = compare(BASE, head, ["train/*"])
    assert compared.status == 0
    assert compared.expected == ("train/a/theta",)
    assert compared.unchanged == ("train/a/end",)
    assert compare(BASE, head, ["explain/b"]).status == 1


def test_a_pattern_of_nothing_is_refused():
    with pytest.raises(UnusableError, match="--expect-different trian"):
        compare(BASE, BASE, ["train/*", "trian/*"])
    with pytest.raises(UnusableError, match="no results"):
        compare({}, {})


def test_an_exception_is_no_result():
    failed = {**BASE, "train/c": f"{RAISED}ValueError: why"}
    assert compare(failed, failed).status == 2
    one_sided = compare(BASE, failed)
    assert (one_sided.status, one_sided.different) == (1, ("train/c",))
    assert "head raised ValueError: why" in "\n".join(report(one_sided, BASE, failed))


def test_a_case_that_raises_is_marked():
    assert hashed("x", lambda: 1 // 0)["x"].startswith(f"{RAISED}ZeroDivisionError")
    assert hashed("x", lambda: {"y": object()})["x"].startswith(RAISED)


def test_patterns_name_parts_cases_and_groups():
    name = "train/native/option/l1/theta"
    for pattern in (name, "train/native/option/l1", "train", "*/l1/*", "*/theta"):
        assert matches(name, pattern), pattern
    for pattern in ("l1", "train/nat", "theta", "*/l2/*"):
        assert not matches(name, pattern), pattern


DIFFERENT = [
    (1.0, np.nextafter(1.0, 2)),
    (0.0, -0.0),
    (1, 1.0),
    (True, 1),
    (None, "None"),
    (np.float32([1]), np.float64([1])),
    (np.zeros((2, 3)), np.zeros((3, 2))),
    ([["a"], ["b"]], [["a", "b"]]),
    (["ab", "c"], ["a", "bc"]),
    ({"a": 1}, {"b": 1}),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_every_bit_and_every_shape_counts(one, other):
    assert digest(one) != digest(other)
    assert digest(one) == digest(one)


def test_times_versions_and_paths_do_not_count():
    content = {"loss": 1.0, "inner": [{"steps": 3}]}
    noisy = {**dict.fromkeys(EXCLUDED, "x"), **content}
    noisy["inner"] = [{"steps": 3, "seconds": 0.1}]
    assert without_excluded(noisy) == content


def test_errata_are_told_apart():
    text = (
        "\nS1, a document\n\nS1.E73  misprint, (73): δ = 1\n    should be: δ = 2\n"
        "    off by 1.0e+00\n\nS0.E1  holds: z = w\n\n2 lines of 2: 1 holds\n"
    )
    found = errata_in(text)
    assert (found["S1.E73-verdict"], found["S0.E1-verdict"]) == ("misprint", "holds")
    assert [len(found[f"{name}-text"]) for name in ("S1.E73", "S0.E1")] == [3, 1]


def test_all_of_the_tables_is_in():
    names = {name for name, _ in cases()}
    for engine in ("reference", "native"):
        at = f"train/{engine}"
        assert {f"{at}/optimizer/{name}" for name in OPTIMIZERS} <= names
        assert {f"{at}/schedule/{name}" for name in SCHEDULES} <= names
        pairs = {f"{a}/{b}" for a in ACTIVATIONS for b in LOSSES}
        assert {f"{at}/pair/{pair}/float32" for pair in pairs} <= names


def test_a_case_gives_the_same_bits_twice():
    for name in ("train/reference/schedule/step", "estimator/classifier/warm"):
        first = results_of(name)
        assert first == results_of(name)
        assert not any(value.startswith(RAISED) for value in first.values())


def test_a_planted_fault_is_found_by_name(monkeypatch):
    names = ("train/reference/schedule/step", "train/reference/schedule/cosine")
    before = {name: results_of(name) for name in names}
    kind = type(SCHEDULES["step"]())
    right = kind.factor
    monkeypatch.setattr(kind, "factor", lambda *given: (1 + 2.0**-50) * right(*given))
    after = {name: results_of(name) for name in names}
    assert compare(before[names[1]], after[names[1]]).status == 0
    found = compare(before[names[0]], after[names[0]])
    assert {f"{names[0]}/theta", f"{names[0]}/curves"} <= set(found.different)


def test_an_unknown_commit_is_refused(tmp_path):
    with pytest.raises(UnusableError, match="no commit 'no-such-commit'"):
        build(["no-such-commit"], tmp_path)
