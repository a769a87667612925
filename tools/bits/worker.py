"""The process of one commit: compute the cases, write name → SHA-256 as JSON.

    python -m bits.worker OUTPUT.json [PATTERN ...]

It uses the public API and the command alone, as it runs on the trees of many commits.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import chainrule

from . import command, estimators, explanations, training
from .hashes import digest
from .names import RAISED, is_named

__all__ = ["cases", "hashed"]

Compute = Callable[[], Mapping[str, Any]]


def cases(patterns: Sequence[str] = ()) -> Iterator[tuple[str, Compute]]:
    """Name and computation of each case, of all or of those that a pattern names."""
    for module in (training, estimators, explanations, command):
        for name, compute in module.cases():
            if not patterns or is_named(name, patterns):
                yield name, compute


def hashed(name: str, compute: Compute) -> dict[str, str]:
    """The parts of one case."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of fits that have not converged
            parts = {part: digest(value) for part, value in compute().items()}
    except Exception as error:  # the comparison names it
        return {name: f"{RAISED}{type(error).__name__}: {error}"}
    return {f"{name}/{part}": value for part, value in parts.items()}


def main(arguments: Sequence[str]) -> int:
    """Compute and write; exit status 2 if the package is not that of this environment."""
    home = Path(chainrule.__file__)
    if not home.is_relative_to(sys.prefix):
        sys.stderr.write(f"chainrule is {home}, outside {sys.prefix}\n")
        return 2
    found: dict[str, str] = {}
    for name, compute in cases(arguments[1:]):
        found |= hashed(name, compute)
    Path(arguments[0]).write_text(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
