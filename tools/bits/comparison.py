"""Whether two commits compute the same bits.

Both are built into environments of their own (`commits`), where the same worker trains a spread of networks, fits
estimators, explains and runs the command, and hashes what comes out. The hashes are compared by name. Times, paths
and versions are left out (`hashes.EXCLUDED`).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from commits import ROOT, WORKING_TREE, Build, UnusableError, build

from .names import RAISED, is_named, matches

__all__ = ["Comparison", "compare", "main", "report"]

#: The BLAS on one thread, as its sums depend on their number; the engine's threads are set by the cases.
SET = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
UNSET = ("OMP_NUM_THREADS", "CHAINRULE_NUM_THREADS", "FORCE_COLOR")
TOOLS = ROOT / "tools"
EQUAL, DIFFERENT, UNUSABLE = 0, 1, 2


@dataclass(frozen=True)
class Comparison:
    """Two mappings name → hash, compared.

    Parameters
    ----------
    equal : int
        How many names have the same hash.
    different, expected : tuple of str
        Names whose hashes differ or that one side lacks, without and with a pattern that expects it.
    unchanged : tuple of str
        Names that are equal although a pattern expects them to differ.
    broken : tuple of str
        Cases that raised an exception on both sides, so that nothing is compared.
    """

    equal: int
    different: tuple[str, ...]
    expected: tuple[str, ...]
    unchanged: tuple[str, ...]
    broken: tuple[str, ...]

    @property
    def status(self) -> int:
        """The exit status."""
        if self.broken:
            return UNUSABLE
        return DIFFERENT if self.different else EQUAL


def compare(
    base: Mapping[str, str], head: Mapping[str, str], patterns: Sequence[str] = ()
) -> Comparison:
    """Compare two mappings name → hash; patterns name what is expected to differ.

    Raises
    ------
    UnusableError
        For a pattern that no name matches, and where there are no names.
    """
    names = {*base, *head}
    if not names:
        raise UnusableError(
            "no results", "at least one case", "Look for names with --list."
        )
    idle = [one for one in patterns if not any(matches(name, one) for name in names)]
    if idle:
        raise UnusableError(
            f"--expect-different {', '.join(idle)}",
            f"a pattern of one of the {len(names)} names that were compared",
            "Look for names with --list; a part follows the name of its case.",
        )
    broken = _raised(base) & _raised(head)
    differ = {name for name in names if base.get(name) != head.get(name)} - broken
    may = {name for name in names if is_named(name, patterns)}
    found = (differ - may, differ & may, may - differ - broken, broken)
    return Comparison(
        len(names - differ - broken), *(tuple(sorted(part)) for part in found)
    )


def _raised(results: Mapping[str, str]) -> set[str]:
    """Names of cases that raised an exception."""
    return {name for name, value in results.items() if value.startswith(RAISED)}


def report(
    compared: Comparison, base: Mapping[str, str], head: Mapping[str, str]
) -> Iterator[str]:
    """The lines of a comparison, what differs first."""
    for title, names in (
        ("different", compared.different),
        ("different, as expected", compared.expected),
        ("equal, although expected to differ", compared.unchanged),
        ("exceptions on both sides, nothing compared", compared.broken),
    ):
        if names:
            yield f"{title}: {len(names)}"
        for case, group in groupby(names, key=lambda name: name.rpartition("/")[0]):
            parts = [described(name, base, head) for name in group]
            yield f"  {case}: {', '.join(parts)}"
    yield f"equal: {compared.equal} of {len({*base, *head})}"


def described(name: str, base: Mapping[str, str], head: Mapping[str, str]) -> str:
    """The last word of a name, and what is known beside the hashes."""
    notes = []
    for side, results in (("base", base), ("head", head)):
        if name not in results:
            notes.append(f"not in {side}")
        elif results[name].startswith(RAISED):
            notes.append(f"{side} {results[name]}")
    part = name.rpartition("/")[2]
    return f"{part} ({'; '.join(notes)})" if notes else part


def hashes_of(built: Build, folder: Path, patterns: Sequence[str]) -> dict[str, str]:
    """The hashes that a commit's worker writes."""
    folder.mkdir()
    output = folder / "hashes.json"
    variables = {k: v for k, v in os.environ.items() if k not in UNSET}
    done = subprocess.run(
        [str(built.python), "-m", "bits.worker", str(output), *patterns],
        cwd=folder,
        env={**variables, **SET, "PYTHONPATH": str(TOOLS)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise UnusableError(
            f"the worker of {built.name} ended with status {done.returncode}:\n{done.stderr[-3000:]}\n",
            "a commit with the public API that the cases use",
            "Compare with a later commit.",
        )
    found: dict[str, str] = json.loads(output.read_text())
    return found


def run(asked: argparse.Namespace) -> int:
    """Build, compute, compare and report; the exit status."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="same_bits-") as name:
        folder = Path(name)
        compilers = [None, asked.head_compiler]
        builds = build([asked.base, asked.head], folder / "builds", compilers)
        say(f"built {' and '.join(one.name for one in builds)}", began)
        with ThreadPoolExecutor(2) as pool:
            compute = partial(hashes_of, patterns=asked.only)
            base, head = pool.map(compute, builds, [folder / "base", folder / "head"])
    say("computed", began)
    compared = compare(base, head, asked.expect_different)
    sys.stdout.write("\n".join(report(compared, base, head)) + "\n")
    return compared.status


def say(text: str, began: float) -> None:
    """Write a line of progress."""
    sys.stderr.write(f"{text} ({time.monotonic() - began:.0f} s)\n")


def list_cases(patterns: Sequence[str]) -> int:
    """Write the names of the cases, from the tables of the chainrule that is installed here."""
    from .worker import cases

    sys.stdout.write("".join(f"{name}\n" for name, _ in cases(patterns)))
    return EQUAL


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="tools/same_bits",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="A pattern is a name with * and ? (not only within a part), or the beginning of one up to a /.\n"
        "CHAINRULE_ISA=baseline tools/same_bits … compares other kernels of the native engine.\n"
        "Exit status: 0 equal, 1 different, 2 unusable.",
    )
    made.add_argument("base", nargs="?", help="a commit")
    made.add_argument(
        "head", nargs="?", default=WORKING_TREE, help="by default the working tree"
    )
    made.add_argument(
        "--head-compiler",
        metavar="CXX",
        help="the C++ compiler that builds the head: tools/same_bits HEAD HEAD --head-compiler clang++",
    )
    made.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="of the names of cases; can be repeated",
    )
    made.add_argument(
        "--expect-different",
        action="append",
        default=[],
        metavar="PATTERN",
        help="of names that may differ; can be repeated",
    )
    made.add_argument(
        "--list",
        action="store_true",
        help="write the names of the cases, and compute nothing",
    )
    return made


def main(arguments: Sequence[str]) -> int:
    """Run the command; the exit status."""
    made = parser()
    asked = made.parse_args(arguments)
    if asked.list:
        return list_cases(asked.only)
    if asked.base is None:
        made.error("a base is needed: tools/same_bits BASE [HEAD]")
    try:
        return run(asked)
    except UnusableError as error:
        sys.stderr.write(f"tools/same_bits: {error}\n")
        return UNUSABLE
