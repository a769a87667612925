"""The record as a picture: python benchmarks/plot.py results.json results.svg."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
from contenders import CONTENDERS
from table import ours, peers

mpl.use("svg")
from matplotlib import pyplot as plt

COLORS = dict(zip(CONTENDERS, mpl.color_sequences["tab10"], strict=False))


def draw(result: dict[str, Any], path: Path) -> None:
    """Each peer's median over chainrule's, case by case, on a logarithmic axis."""
    records = [r for r in result["records"] if ours(r) and peers(r)]
    if not records:
        return
    figure, axes = plt.subplots(
        figsize=(8, 0.8 + 0.55 * len(records)), layout="constrained"
    )
    named: set[str] = set()
    for row, record in enumerate(records):
        unit = ours(record)[0]["median"]
        for entry in reversed(peers(record)):
            name = entry["contender"]
            label = None if name in named else CONTENDERS[name][1]
            named.add(name)
            axes.plot(entry["median"] / unit, row, "o", color=COLORS[name], label=label)
        fastest = peers(record)[0]["median"] / unit
        axes.plot([1, fastest], [row, row], color="0.6", zorder=0)
        axes.annotate(
            f"{fastest:.1f}",
            (fastest, row),
            (0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=7,
        )
    axes.axvline(1, color=COLORS["chainrule"], label="chainrule")
    axes.set_xscale("log")
    axes.set_yticks(
        range(len(records)),
        [f"{r['key']}: {r['case']['title']}" for r in records],
        fontsize=7,
    )
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:g}")
    axes.grid(axis="x", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, fontsize=7, frameon=False)
    machine = result["machine"]
    what = "time over chainrule's, medians of one run; the number is the fastest peer's"
    figure.supxlabel(
        f"{what}\n{machine['cpu']}, {machine['cores']} cores, {machine['time'][:10]}",
        fontsize=7,
    )
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    draw(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
