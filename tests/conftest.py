"""How the suite runs: `full` tests on demand, skips as failures in CI, hypothesis pinned."""

from __future__ import annotations

import os

import pytest
from hypothesis import configuration, settings

# `norecursedirs` of pyproject.toml replaces pytest's own list, so no .hypothesis folder at the root
configuration.set_hypothesis_home_dir(os.path.join(".pytest_cache", "hypothesis"))
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile(
    "ci"
    if os.environ.get("CI") or os.environ.get("CHAINRULE_NO_SKIPS") == "1"
    else "local"
)


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the full product out unless `-m` names it."""
    if "full" in config.getoption("markexpr"):
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("full")]


def _no_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if (
        os.environ.get("CHAINRULE_NO_SKIPS") == "1"
        and report.skipped
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped although CHAINRULE_NO_SKIPS=1: {report.longrepr}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """A skipped test counts as failed where CHAINRULE_NO_SKIPS=1."""
    report = yield
    _no_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """A skipped module counts as failed where CHAINRULE_NO_SKIPS=1."""
    report = yield
    _no_skip(report)
    return report
