"""Two commits in one run: is the second slower?

    python benchmarks/base_against_head.py BASE [HEAD]       HEAD is the working tree where it is not named
    python benchmarks/base_against_head.py main --short      a look, in minutes
    python benchmarks/base_against_head.py main --cases E3,fit,row

Each commit is built into an environment of its own and timed by its own worker and contender, on the cases E1-E11
that are in both; E12 is memory and is left out. The estimators, cases "fit" and "row", are timed by one contender for
both. In each round both do one repetition, in an order drawn anew; the rounds of the full form are split over three
starts of the processes, as two processes of one program differ, too.

The ratio of a round is head's time by base's. The median of the ratios is reported, with the interval that holds 99 %
of bootstrapped medians. Head is slower in a case if the whole interval lies above 1 + the margin, and does so again
when the case is timed a second time.

Exit status: 0 no slower; 1 slower in a case, or fails in a case that base can do; 2 unusable.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import machine
import numpy as np
from cases import CASES, Case, write_inputs
from contenders import forms
from processes import HERE, WorkerError
from sides import Side, Variant, side_of

sys.path.insert(0, str(HERE.parent / "tools"))

from commits import WORKING_TREE, Build, UnusableError, build

MARGIN = 0.03
CONFIDENCE, RESAMPLED = 0.99, 10_000
NO_SLOWER, SLOWER, UNUSABLE = 0, 1, 2
SIDES = ("base", "head")


def _on_iris(key: str, title: str, batch_rows: int) -> Case:
    """A case of the estimators."""
    network = ((4, 100, 3), ("relu", "softmax"), "cross_entropy")
    return Case(
        key, title, "prediction", *network, "iris", rows=150, batch_rows=batch_rows
    )


#: Of the estimators, the form of `contenders/estimator_.py` for each case.
FORMS = {"FIT": "fit", "ROW": "predict"}
#: Whatever has a time.
TIMED = {
    **{key: case for key, case in CASES.items() if case.kind != "memory"},
    "FIT": _on_iris("FIT", "MLPClassifier().fit of iris", 150),
    "ROW": _on_iris("ROW", "MLPClassifier().predict of one row", 1),
}


@dataclass(frozen=True)
class Settings:
    """How long and how often.

    Parameters
    ----------
    short : bool
        Fewer rows, and all cores only.
    rounds, starts : int
        Of repetitions in all, and of the processes.
    seconds, pause : float
        Of a repetition, at least; between two, for threads that still spin.
    """

    short: bool
    rounds: int
    starts: int
    seconds: float
    pause: float


FULL = Settings(False, 21, 3, 0.3, 0.1)
SHORT = Settings(True, 9, 1, 0.06, 0.02)


@dataclass
class Result:
    """Seconds of one unit by side, round by round; and what failed by side."""

    variant: Variant
    seconds: dict[str, list[float]] = field(
        default_factory=lambda: {side: [] for side in SIDES}
    )
    failed: dict[str, str] = field(default_factory=dict)

    def ratio(self) -> tuple[float, float, float]:
        """The median of head by base, and its interval."""
        base, head = (np.asarray(self.seconds[side]) for side in SIDES)
        return interval(head / base)

    def slower(self, margin: float) -> bool:
        """Whether head is slower beyond noise, or cannot do what base can."""
        if self.failed:
            return "base" not in self.failed
        return self.ratio()[1] > 1 + margin


def interval(ratios: Any) -> tuple[float, float, float]:
    """The median, and the interval of its bootstrap."""
    rng = np.random.default_rng(0)
    drawn = np.median(rng.choice(ratios, (RESAMPLED, len(ratios))), axis=1)
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(np.median(ratios)), float(low), float(high)


def variants(keys: Sequence[str], settings: Settings) -> Iterator[Variant]:
    """The cases in all forms, on one and on all cores."""
    cores = machine.cores()
    for key in keys:
        case = TIMED[key].shortened() if settings.short else TIMED[key]
        ways = [FORMS[key]] if key in FORMS else forms("chainrule", case)
        alone = settings.short or case.kind == "process"
        for form in ["script"] if case.kind == "process" else ways:
            for threads in [cores] if alone else sorted({1, cores}):
                yield Variant(case, form, threads)


def confirmed(
    variant: Variant,
    builds: Sequence[Build],
    settings: Settings,
    folder: Path,
    margin: float,
) -> Result:
    """The times of a variant; where head looks slower, those of a second time."""
    result = timed(variant, builds, settings, folder)
    if result.slower(margin) and not result.failed:
        return timed(variant, builds, settings, folder)
    return result


def timed(
    variant: Variant, builds: Sequence[Build], settings: Settings, folder: Path
) -> Result:
    """The times of a variant, of both commits."""
    result, order = Result(variant), random.Random(str(variant))
    for start in range(settings.starts):
        sides = {
            side: side_of(built, variant, folder)
            for side, built in zip(SIDES, builds, strict=True)
        }
        try:
            _prepare(sides, result, settings, check=start == 0)
            for _ in range(settings.rounds // settings.starts):
                if not result.failed:
                    _round(sides, result, order, settings.pause)
        finally:
            for one in sides.values():
                one.end()
    return result


def _prepare(
    sides: dict[str, Side], result: Result, settings: Settings, *, check: bool
) -> None:
    for side, one in sides.items():
        try:
            one.prepare(settings.seconds, check=check)
        except WorkerError as error:
            result.failed[side] = str(error)


def _round(
    sides: dict[str, Side], result: Result, order: random.Random, pause: float
) -> None:
    """One repetition of each side."""
    taken = {}
    for side in order.sample(SIDES, len(SIDES)):
        time.sleep(pause)
        try:
            taken[side] = sides[side].seconds()
        except WorkerError as error:
            result.failed[side] = str(error)
            return
    for side, seconds in taken.items():
        result.seconds[side].append(seconds)


def line_of(result: Result, margin: float) -> str:
    """A result as a row of the table."""
    v = result.variant
    head = f"| {v.case.key} {v.form} | {v.threads} |"
    if result.failed:
        said = "; ".join(
            f"{side}: {text.strip().splitlines()[-1]}"
            for side, text in result.failed.items()
        )
        return f"{head} failed, {said} | | | |"
    base, fast = (1e3 * float(np.median(result.seconds[side])) for side in SIDES)
    ratio, low, high = result.ratio()
    verdict = "slower" if result.slower(margin) else "faster" if high < 1 else ""
    spread = f"{ratio:.3f} | {low:.3f} to {high:.3f}"
    return f"{head} {base:.4g} | {fast:.4g} | {spread} | {verdict} |"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("base", help="a commit")
    made.add_argument(
        "head", nargs="?", default=WORKING_TREE, help="by default the working tree"
    )
    made.add_argument("--short", action="store_true", help="fewer rows and rounds")
    made.add_argument(
        "--cases", default=",".join(TIMED), help=f"of {','.join(TIMED).lower()}"
    )
    made.add_argument("--repetitions", type=int, metavar="N", help="rounds in all")
    made.add_argument(
        "--margin", type=float, default=MARGIN, help=f"by default {MARGIN}"
    )
    return made


def settings_of(asked: argparse.Namespace) -> Settings:
    """The settings that the options ask for."""
    usual = SHORT if asked.short else FULL
    if asked.repetitions is None:
        return usual
    if asked.repetitions < usual.starts:
        raise UnusableError(
            f"--repetitions {asked.repetitions}",
            f"at least {usual.starts}, one for each start of the processes",
            "Ask for more, or leave it out.",
        )
    return replace(usual, rounds=asked.repetitions)


def keys_of(text: str) -> list[str]:
    """The cases that an option names."""
    keys = [key.strip().upper() for key in text.split(",")]
    unknown = [key for key in keys if key not in TIMED]
    if unknown:
        raise UnusableError(
            f"--cases {', '.join(unknown)}",
            f"of {', '.join(TIMED)}",
            "Correct the name; the others have no time.",
        )
    return keys


def run(asked: argparse.Namespace) -> int:
    """Build, time and report; the exit status."""
    settings, keys = settings_of(asked), keys_of(asked.cases)
    if machine.describe()["load_average_at_start"] > machine.QUIET:
        sys.stderr.write("WARNING: the machine is busy; the figures mean little\n")
    results = []
    with tempfile.TemporaryDirectory(prefix="base_against_head-") as name:
        folder = Path(name)
        builds = build([asked.base, asked.head], folder / "builds")
        sys.stdout.write(f"base {builds[0].name}, head {builds[1].name}\n\n")
        sys.stdout.write(
            "| case | threads | base ms | head ms | head / base | 99 % | |\n"
            "|---|---|---|---|---|---|---|\n"
        )
        for variant in variants(keys, settings):
            write_inputs(variant.case, folder)
            result = confirmed(variant, builds, settings, folder, asked.margin)
            sys.stdout.write(line_of(result, asked.margin) + "\n")
            sys.stdout.flush()
            for side, text in result.failed.items():
                sys.stderr.write(f"{variant}, {side}: {text}\n")
            results.append(result)
    if all("base" in result.failed for result in results):
        raise UnusableError(
            "no case that base could do",
            "a base with a case and contender of the same form",
            "Compare with a later commit; the messages above say what failed.",
        )
    slower = [str(one.variant) for one in results if one.slower(asked.margin)]
    words = f"slower: {'; '.join(slower)}" if slower else "no slower"
    sys.stdout.write(f"\n{words} (margin {asked.margin:g})\n")
    return SLOWER if slower else NO_SLOWER


def main() -> int:
    """Run the command; the exit status."""
    asked = parser().parse_args()
    # so that the workers end and the builds are removed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(asked)
    except UnusableError as error:
        sys.stderr.write(f"base_against_head: {error}\n")
        return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
