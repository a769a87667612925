"""The record as Markdown: python benchmarks/table.py results.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from contenders import CONTENDERS

Record = dict[str, Any]


def best_of(
    entries: list[Record], contender: str, form: str | None = None
) -> Record | None:
    """The entry with the lowest median, of a contender and, where given, of one form."""
    able = [
        e
        for e in entries
        if e["contender"] == contender
        and e.get("equal")
        and "median" in e
        and form in (None, e["form"])
    ]
    return min(able, key=lambda e: e["median"], default=None)


def ours(record: Record) -> list[Record]:
    """chainrule's entries, the best of each form, the public one first."""
    entries = [e for e in record["entries"] if e["contender"] == "chainrule"]
    names = dict.fromkeys(e["form"] for e in entries)
    return [
        e for form in names if (e := best_of(entries, "chainrule", form)) is not None
    ]


def peers(record: Record) -> list[Record]:
    """The best entry of each peer, the fastest first."""
    names = dict.fromkeys(
        e["contender"] for e in record["entries"] if e["contender"] != "chainrule"
    )
    found = [e for name in names if (e := best_of(record["entries"], name)) is not None]
    return sorted(found, key=lambda e: e["median"])


def beyond(entry: Record) -> float:
    """Median megabytes beyond the data."""
    values = sorted(entry["bytes_beyond"])
    return values[len(values) // 2] / 1e6


def verdict(record: Record) -> Record:
    """What was needed, what was reached, by each level of chainrule."""
    needed, lines, sentences = record["case"]["needed"], [], []
    if record["case"]["kind"] == "memory":
        for entry in record["entries"]:
            if entry["contender"] == "chainrule" and entry.get("equal"):
                value = beyond(entry)
                lines.append(
                    {
                        "form": entry["form"],
                        "of": "megabytes",
                        "needed": needed["megabytes"],
                        "reached": value,
                        "met": value < needed["megabytes"],
                    }
                )
                sentences.append(f"{entry['form']}: {value:.1f} MB beyond the data")
        return {"lines": lines, "sentence": "; ".join(sentences)}
    others = peers(record)
    peak = sum(record["peak_gflops"]) / len(record["peak_gflops"])
    for entry in ours(record):
        for of, least in needed.items():
            if of == "peak":
                reached = record["flops"] / entry["median"] / 1e9 / peak
                line = {"reached": reached}
            else:
                peer = (
                    others[0]
                    if of == "best" and others
                    else next((p for p in others if p["contender"] == of), None)
                )
                if peer is None:
                    continue
                line = {
                    "peer": peer["contender"],
                    "reached": peer["median"] / entry["median"],
                    "reached_by_minimum": peer["min"] / entry["min"],
                }
                sentences.append(
                    f"{entry['form']}: {line['reached']:.2f} x faster than {peer['contender']}"
                )
            lines.append(
                {
                    "form": entry["form"],
                    "of": of,
                    "needed": least,
                    **line,
                    "met": line["reached"] >= least,
                }
            )
    return {"lines": lines, "sentence": "; ".join(sentences)}


def markdown(result: Record) -> str:
    """The whole report."""
    machine, peak = result["machine"], result["peak"]
    cores = machine["cores"]
    parts = [
        "# Benchmarks",
        "",
        f"{machine['cpu']}, {cores} cores, {machine['memory_gib']} GiB, {machine['system']}, {machine['time']}; "
        f"load average {machine['load_average_at_start']} at the start. "
        + (
            "**Short form: a look, not a measurement.** "
            if result["settings"]["short"]
            else ""
        )
        + f"Peak: {peak['gflops']:.0f} GFLOP/s ({peak['how']}; median of {len(peak['measured_gflops'])} in this run, "
        f"{min(peak['measured_gflops']):.0f}-{max(peak['measured_gflops']):.0f}); "
        f"large float32 matrix product of NumPy: {peak['matrix_product_gflops']:.0f} GFLOP/s.",
        "",
    ]
    if machine["load_average_at_start"] > 0.5:
        parts += ["**The machine was not quiet: the figures mean little.**", ""]
    versions = ", ".join(
        f"{name} {version}" for name, version in sorted(result["versions"].items())
    )
    parts += [
        f"Python {machine['python']}, {versions}.",
        "",
        "## Against what is required",
        "",
    ]
    parts += [
        "| case | level | against | needed | reached, medians | minima | met |",
        "|---|---|---|--:|--:|--:|---|",
    ]
    for record in result["records"]:
        parts += [_required(record, line) for line in record["verdict"]["lines"]]
    parts += [
        "",
        "Ratios are of the peer's time to chainrule's. \"best\" is the fastest of all peers in all their forms, "
        f"each on its best of 1 and {cores} threads. Level `train` is time per epoch within one call of `train`; "
        "`run_epoch` is the engine alone.",
    ]
    for record in result["records"]:
        parts += [
            "",
            f"## {record['key']}: {record['case']['title']}",
            "",
            *_one_case(record),
        ]
    return "\n".join(parts) + "\n"


def _required(record: Record, line: Record) -> str:
    of, reached = line["of"], line["reached"]
    if of == "megabytes":
        needed, value, against = f"< {line['needed']:.0f} MB", f"{reached:.1f} MB", "–"
    elif of == "peak":
        needed, value, against = f"{line['needed']:.0%}", f"{reached:.0%}", "peak"
    else:
        needed, value = f"{line['needed']:g} ×", f"{reached:.2f} ×"
        against = f"best: {line['peer']}" if of == "best" else of
    low = f"{line['reached_by_minimum']:.2f} ×" if "reached_by_minimum" in line else ""
    met = "yes" if line["met"] else "**no**"
    return f"| {record['key']} | {line['form']} | {against} | {needed} | {value} | {low} | {met} |"


def _one_case(record: Record) -> list[str]:
    case = record["case"]
    rows = f"{case['rows']} rows of {record['data']}."
    if case["kind"] == "memory":
        lines = [
            "| contender | form | beyond the data, MB | process before, MB | losses |",
            "|---|---|--:|--:|---|",
        ]
        for e in record["entries"]:
            if "bytes_before" in e:
                before = f"{e['bytes_before'] / 1e6:.0f}"
                lines.append(
                    f"| {e['contender']} | {e['form']} | {beyond(e):.1f} | {before} | {_losses(e)} |"
                )
            else:
                lines.append(f"| {e['contender']} | {e['form']} | failed | | |")
        return [
            rows
            + " High-water mark less what stood in memory before, libraries and data included.",
            "",
            *lines,
        ]
    shown = [*ours(record), *peers(record)]
    if not shown:
        return [rows, "", *_left_out(record)]
    first, peak = shown[0], sum(record["peak_gflops"]) / len(record["peak_gflops"])
    counts = case["kind"] != "process"
    lines = [
        f"| contender | form | threads | median per {record['unit']} | minimum | times chainrule's | GFLOP/s | of peak "
        "| warm-up, s | peak memory, MB | losses |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for e in shown:
        rate = record["flops"] / e["median"] / 1e9
        memory = f"{e['bytes_peak'] / 1e6:.0f}" if "bytes_peak" in e else ""
        lines.append(
            f"| {e['contender']} | {e['form']} | {e.get('threads_used', e['threads'])} | {seconds(e['median'])} "
            f"| {seconds(e['min'])} | {e['median'] / first['median']:.2f} "
            + (f"| {rate:.3g} | {rate / peak:.1%} " if counts else "| | ")
            + f"| {e['warm_up_seconds']:.2f} | {memory} | {_losses(e)} |"
        )
    rounds = max(len(e["seconds"]) for e in shown)
    return [f"{rows} {rounds} repetitions.", "", *lines, *_left_out(record)]


def _losses(entry: Record) -> str:
    if "loss_difference" in entry:
        off = f"off by {entry['loss_difference']:.0e} of the way"
        return f"{entry['loss']:.7g} (judge {entry['loss_of_judge']:.7g}, {off})"
    if "output_difference" in entry:
        return f"outputs off by {entry['output_difference']:.0e}"
    return f"{entry['loss']:.4g}" if "loss" in entry else ""


def _left_out(record: Record) -> list[str]:
    lines = []
    for e in record["entries"]:
        if not e.get("equal"):
            last = (
                e["error"].strip().splitlines()[-1]
                if e.get("error")
                else f"not equal: {_losses(e)}"
            )
            lines.append(
                f"Left out: {CONTENDERS[e['contender']][1]}, {e['form']}, {e['threads']} threads: {last}"
            )
    return ["", *lines] if lines else []


def seconds(value: float) -> str:
    """With a unit that suits."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


if __name__ == "__main__":
    sys.stdout.write(markdown(json.loads(Path(sys.argv[1]).read_text())))
