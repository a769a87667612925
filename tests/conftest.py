"""How the suite runs: `full` tests on demand, skips as failures in CI, hypothesis pinned."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

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


@pytest.fixture(scope="session", autouse=True)
def shapes() -> Iterator[None]:
    """Every array has the shape that its docstring states, in all tests."""
    from .support.shapes import checking

    with pytest.MonkeyPatch.context() as patch:
        checking(patch.setattr)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two options by which CI runs, with everything installed, what was skipped without it."""
    group = parser.getgroup("skips")
    group.addoption(
        "--note-skips",
        metavar="FILE",
        help="write the tests that are skipped to a file",
    )
    group.addoption(
        "--only-noted", metavar="FILE", help="run no tests but those of such a file"
    )


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave the full product out unless `-m` names it, and what is not noted where that is asked for."""
    kept = items
    if "full" not in config.getoption("markexpr"):
        kept = [item for item in kept if not item.get_closest_marker("full")]
    if noted := config.getoption("--only-noted"):
        names = set(Path(noted).read_text(encoding="utf-8").splitlines())
        kept = [i for i in kept if names & {i.nodeid, i.nodeid.split("::")[0]}]
    if len(kept) < len(items):
        chosen = set(kept)
        config.hook.pytest_deselected(items=[i for i in items if i not in chosen])
        items[:] = kept


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Note the tests that were skipped."""
    if noted := terminalreporter.config.getoption("--note-skips"):
        names = {report.nodeid for report in terminalreporter.getreports("skipped")}
        Path(noted).write_text("\n".join(sorted(names)), encoding="utf-8")


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
