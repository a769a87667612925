"""The rule by which `benchmarks/base_against_head.py` calls a commit slower."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch):
    """The script, as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("base_against_head")


def result_of(benchmark, factor):
    """A result of 21 rounds with noise of 5 % and a drift, where head takes so many times as long."""
    rng = np.random.default_rng(1)
    drift = np.linspace(1, 2, 21)
    noise = rng.normal(1, 0.05, (2, 21))
    variant = next(benchmark.variants(["FIT"], benchmark.SHORT))
    seconds = {"base": list(drift * noise[0]), "head": list(factor * drift * noise[1])}
    return benchmark.Result(variant, seconds)


@pytest.mark.parametrize(
    ("factor", "slower"), [(0.8, False), (1.0, False), (1.02, False), (1.2, True)]
)
def test_slower_is_what_noise_does_not_explain(benchmark, factor, slower):
    result = result_of(benchmark, factor)
    assert result.slower(benchmark.MARGIN) is slower
    ratio, low, high = result.ratio()
    assert low < ratio < high
    assert abs(ratio / factor - 1) < 0.05


def test_a_head_that_fails_counts_as_slower(benchmark):
    result = result_of(benchmark, 1.0)
    result.failed["head"] = "why"
    assert result.slower(benchmark.MARGIN)
    assert "failed, head: why" in benchmark.line_of(result, benchmark.MARGIN)
    result.failed["base"] = "no such case"
    assert not result.slower(benchmark.MARGIN)


def test_every_case_with_a_time_has_a_form(benchmark):
    found = list(benchmark.variants(list(benchmark.TIMED), benchmark.FULL))
    assert {variant.case.key for variant in found} == set(benchmark.TIMED)
    assert "E12" not in benchmark.TIMED


def test_unknown_cases_are_refused(benchmark):
    assert benchmark.keys_of("e1, fit") == ["E1", "FIT"]
    with pytest.raises(benchmark.UnusableError, match="E12"):
        benchmark.keys_of("E12")
