"""Run the benchmarks: chainrule and its peers on the cases E1-E12, interleaved in one run.

    python benchmarks/run.py                      all cases, every contender (an hour or so)
    python benchmarks/run.py --short              two minutes: fewer rows and repetitions, no torch.compile
    python benchmarks/run.py --cases E1,E3
    python benchmarks/run.py --output DIR         results.json, results.md, results.svg there

Each contender is a process of its own. In each round every contender does one timed repetition, in
an order drawn anew; warm-up and compilation come before and are reported apart. A contender whose
losses after the same steps are not the judge's is reported and left out.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import machine
import numpy as np
from cases import CASES, Case, read_inputs, write_inputs
from contenders import CONTENDERS, forms
from judge import Judge
from processes import HERE, Variant, Worker, WorkerError, environment
from table import markdown, verdict


@dataclass(frozen=True)
class Settings:
    """How long and how often."""

    short: bool
    repetitions: int
    seconds: float  # of a repetition, at least
    budget: float  # seconds of rounds for a case; at least `least` rounds are done
    least: int
    pause: float  # for threads that still spin after the repetition before

    @classmethod
    def of(cls, *, short: bool) -> Settings:
        return (
            cls(True, 3, 0.04, 2.5, 3, 0.02)
            if short
            else cls(False, 21, 0.3, 150.0, 7, 0.1)
        )


#: Rounds after which a variant that is so much slower than its contender's best is retired.
TRIAL_ROUNDS, TOO_SLOW = 3, 1.5


@dataclass
class Suite:
    """A run under way."""

    settings: Settings
    contenders: list[str]
    folder: Path
    peak: machine.Peak
    kept: dict[tuple[str, int, int], Worker] = field(default_factory=dict)

    def run(self, case: Case) -> dict[str, Any]:
        """The record of one case."""
        say(f"{case.key}  {case.title}")
        source = write_inputs(case, self.folder)
        do = {"process": self._processes, "memory": self._memory}.get(
            case.kind, self._rounds
        )
        peaks = [self.peak.measure()]
        entries = do(case)
        peaks.append(self.peak.measure())
        for entry in entries:
            if entry.get("seconds"):
                entry["median"], entry["min"] = (
                    float(np.median(entry["seconds"])),
                    min(entry["seconds"]),
                )
        record = {
            "key": case.key,
            "case": case.as_dict(),
            "unit": case.unit,
            "flops": case.flops,
            "data": source,
            "peak_gflops": peaks,
            "entries": entries,
        }
        record["verdict"] = verdict(record)
        say("    " + record["verdict"].get("sentence", ""))
        return record

    def variants(self, case: Case) -> list[Variant]:
        """Who takes part, in which forms, on how many threads."""
        cores = machine.cores()
        threads = (
            [cores]
            if self.settings.short or case.kind == "memory"
            else sorted({1, cores})
        )
        found = []
        for name in self.contenders:
            ways = forms(name, case)
            if self.settings.short and name != "chainrule":
                ways = ways[:1]
            found += [Variant(name, form, t) for form in ways for t in threads]
        return found

    def _worker(self, variant: Variant, case: Case) -> Worker:
        """A fresh one; in the short form the same for all cases, to save the imports."""
        log = self.folder / f"{variant.contender}.log"
        if not self.settings.short or case.kind == "memory":
            return Worker(variant.threads, log)
        key = (
            variant.contender,
            forms(variant.contender, case).index(variant.form),
            variant.threads,
        )
        if key not in self.kept or self.kept[key].process.poll() is not None:
            self.kept[key] = Worker(variant.threads, log)
        return self.kept[key]

    def _prepare(
        self, case: Case, variant: Variant, judge: Judge
    ) -> tuple[dict[str, Any], Worker | None]:
        entry: dict[str, Any] = {**asdict(variant), "seconds": []}
        worker = self._worker(variant, case)
        try:
            answer = worker.ask(
                "prepare",
                **asdict(variant),
                case=case.as_dict(),
                folder=str(self.folder),
                seconds=self.settings.seconds,
            )
            entry |= answer | judge.verdict(Path(answer.pop("result")))
        except WorkerError as error:
            worker.end()
            say(f"    {variant}: failed\n{error}")
            return {**entry, "equal": False, "error": str(error)}, None
        if not entry["equal"]:
            say(
                f"    {variant}: not equal, left out: {entry.get('loss_difference', entry.get('output_difference'))}"
            )
        return entry, worker

    def _rounds(self, case: Case) -> list[dict[str, Any]]:
        """Prepare all, compare, and time those that are equal, round by round."""
        judge = Judge(case, self.folder)
        both = [self._prepare(case, variant, judge) for variant in self.variants(case)]
        running = [
            (entry, worker)
            for entry, worker in both
            if worker is not None and entry["equal"]
        ]
        order, began = random.Random(case.key), time.perf_counter()
        for number in range(self.settings.repetitions):
            if (
                number >= self.settings.least
                and time.perf_counter() - began > self.settings.budget
            ):
                break
            order.shuffle(running)
            for entry, worker in running:
                time.sleep(self.settings.pause)
                try:
                    entry["seconds"].append(worker.ask("run")["seconds"])
                except WorkerError as error:
                    entry |= {"equal": False, "error": str(error)}
            running = [pair for pair in running if "error" not in pair[0]]
            if number + 1 == TRIAL_ROUNDS and not self.settings.short:
                running = retire(running)
        for entry, worker in both:
            if worker is not None:
                if "error" not in entry:
                    entry |= worker.ask("details")
                if not self.settings.short:
                    worker.end()
        return [entry for entry, _ in both]

    def _memory(self, case: Case) -> list[dict[str, Any]]:
        """Peaks of fresh processes beyond what stood in memory before the first step."""
        judge, entries = Judge(case, self.folder), []
        for variant in self.variants(case):
            if self.settings.short and variant.contender not in (
                "chainrule",
                "sklearn",
                "numpy",
            ):
                continue
            beyond: list[int] = []
            for _ in range(1 if self.settings.short else 3):
                entry, worker = self._prepare(case, variant, judge)
                if worker is not None:
                    worker.end()
                    beyond.append(entry["bytes_peak"] - entry["bytes_before"])
            entries.append({**entry, "bytes_beyond": beyond})
        return entries

    def _processes(self, case: Case) -> list[dict[str, Any]]:
        """Whole processes, timed from outside."""
        inputs = read_inputs(case, self.folder, "float32")
        file = self.folder / "table.csv"
        rows = np.column_stack([inputs.x, inputs.y])
        np.savetxt(
            file, rows, delimiter=",", header="a,b,c,d,kind", comments="", fmt="%.6g"
        )
        names = [name for name in ("chainrule", "sklearn") if name in self.contenders]
        entries = [
            {
                "contender": name,
                "form": "script",
                "threads": machine.cores(),
                "seconds": [],
            }
            for name in names
        ]
        for number in range(1 + self.settings.repetitions):
            for entry in entries:
                script, model = (
                    HERE / "whole_process" / f"{entry['contender']}_.py",
                    self.folder / "model",
                )
                began = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, str(script), str(file), str(model)],
                    capture_output=True,
                    text=True,
                    check=False,
                    env=environment(machine.cores()),
                )
                taken = time.perf_counter() - began
                if done.returncode != 0:
                    entry |= {"equal": False, "error": done.stderr[-1500:]}
                    continue
                # each draws its own start, so the losses are alike, not equal
                entry["loss"] = float(done.stdout)
                entry["equal"] = model.is_file() and entry["loss"] < 0.5 * math.log(3)
                model.unlink(missing_ok=True)
                if number:  # the first fills the disk's cache
                    entry["seconds"].append(taken)
                else:
                    entry["warm_up_seconds"] = taken
        return entries


def retire(
    running: list[tuple[dict[str, Any], Worker]],
) -> list[tuple[dict[str, Any], Worker]]:
    """Without the variants that cannot be the best of their contender."""
    best: dict[str, float] = {}
    for entry, _ in running:
        name = group(entry)
        best[name] = min(best.get(name, np.inf), float(np.median(entry["seconds"])))
    kept = []
    for entry, worker in running:
        entry["retired"] = (
            float(np.median(entry["seconds"])) > TOO_SLOW * best[group(entry)]
        )
        if not entry["retired"]:
            kept.append((entry, worker))
    return kept


def group(entry: dict[str, Any]) -> str:
    """A peer's best form counts; chainrule's two levels are both reported."""
    return entry["contender"] + (
        entry["form"] if entry["contender"] == "chainrule" else ""
    )


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="benchmarks/README.md says what is measured and how.",
    )
    parser.add_argument(
        "--short", action="store_true", help="two minutes: a look, not a measurement"
    )
    parser.add_argument("--cases", default=",".join(CASES), help="E1,E3,…")
    parser.add_argument(
        "--contenders",
        help=f"of {','.join(CONTENDERS)}; chainrule always; by default all",
    )
    parser.add_argument(
        "--output",
        type=Path,
        default=HERE / "results",
        help="folder, by default benchmarks/results",
    )
    parser.add_argument("--repetitions", type=int, help="rounds at most")
    given = parser.parse_args()
    wanted = [key.strip().upper() for key in given.cases.split(",")]
    unknown = [key for key in wanted if key not in CASES]
    usual = [
        name for name in CONTENDERS if not (given.short and name == "torch_compiled")
    ]
    names = (
        [name.strip() for name in given.contenders.split(",")]
        if given.contenders
        else usual
    )
    unknown += [name for name in names if name not in CONTENDERS]
    if unknown:
        parser.error(
            f"{', '.join(unknown)}; cases are {', '.join(CASES)}, contenders {', '.join(CONTENDERS)}"
        )
    names = ["chainrule", *(name for name in names if name != "chainrule")]
    settings = Settings.of(short=given.short)
    if given.repetitions:
        settings = Settings(**{**asdict(settings), "repetitions": given.repetitions})
    description = machine.describe()
    if description["load_average_at_start"] > machine.QUIET:
        say(
            f"WARNING: load average {description['load_average_at_start']} at the start; the figures mean little"
        )
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # so that workers end and the data are removed
    began, records, versions = time.perf_counter(), [], {}
    given.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="chainrule-benchmarks-") as name:
        suite = Suite(settings, names, Path(name), machine.Peak(Path(name)))
        try:
            for key in wanted:
                records.append(
                    suite.run(CASES[key].shortened() if given.short else CASES[key])
                )
                for entry in records[-1]["entries"]:
                    versions |= entry.pop("versions", {})
                result = {
                    "machine": description,
                    "peak": suite.peak.record(),
                    "versions": versions,
                    "settings": asdict(settings),
                    "seconds": time.perf_counter() - began,
                    "records": records,
                }
                write(
                    result, given.output
                )  # after each case, so that an interrupt loses one only
        finally:
            for worker in suite.kept.values():
                worker.end()
    sys.stdout.write(markdown(result))
    ours = [
        entry
        for record in records
        for entry in record["entries"]
        if entry["contender"] == "chainrule"
    ]
    return 0 if all(entry.get("equal") for entry in ours) else 1


def write(result: dict[str, Any], folder: Path) -> None:
    """The record, the table and the plot."""
    (folder / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    (folder / "results.md").write_text(markdown(result))
    try:
        from plot import draw
    except ImportError:
        say("no plot: matplotlib is not installed")
        return
    draw(result, folder / "results.svg")


if __name__ == "__main__":
    sys.exit(main())
