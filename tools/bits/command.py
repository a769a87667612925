"""What the command prints, and the models that it saves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import load_model

from .hashes import without_excluded

__all__ = ["cases", "errata_in"]

#: Of `errata`, the first line of an entry: its name and its verdict.
ENTRY = re.compile(r"^([SX]\d?\.\S+)  (.+?)(?:, [^:]*)?: ")
COLUMNS = 200
#: name → arguments after `train`; the files are those of `write_tables`.
RUNS = {
    "digits": ["digits", "--epochs", "60"],
    "classes": ["classes.csv", "--epochs", "8"],
    "numbers": ["numbers.csv", "--epochs", "8", "--seed", "5"],
    "lbfgs": [
        "numbers.csv",
        "--optimizer",
        "lbfgs",
        "--dropout",
        "0",
        "--epochs",
        "20",
    ],
    "reference": ["classes.csv", "--epochs", "4", "--engine", "reference"],
}
#: What is asked of some of the models: name → part → the command and the arguments after the model.
AFTER = {
    "digits": {"check": ["check"]},
    "classes": {"predict": ["predict", "--probabilities", "classes.csv"]},
    "numbers": {"predict": ["predict", "numbers.csv"]},
}


def cases() -> Iterator[tuple[str, Any]]:
    """Name and computation of each case."""
    for name in RUNS:
        yield f"command/train/{name}", partial(trained, name)
    yield "command/check", checked
    yield "command/errata", errata


def trained(name: str) -> dict[str, Any]:
    """A run with its model, and what is asked of that."""
    with tempfile.TemporaryDirectory() as folder:
        write_tables(Path(folder))
        call = partial(said, Path(folder))
        found = call("train", *RUNS[name], "--json", "--output", "run")
        parts = in_parts(watched_alone(without_excluded(json.loads(found))))
        model = load_model(Path(folder) / "run" / "model.safetensors")
        parts["theta"] = model.parameters.theta
        parts["notes"] = without_excluded(model.notes)
        for part, words in AFTER.get(name, {}).items():
            parts[part] = call(words[0], "run", *words[1:])
    return parts


def watched_alone(content: Any) -> Any:
    """The same, each epoch with the metric that is watched alone: commits before `Epoch.metrics` have no others."""
    content["recipe"].pop("metrics", None)
    content["training"]["settings"].pop("metrics", None)
    for epoch in content["training"]["history"]:
        if "metrics" in epoch:
            epoch["metric"] = next(iter(epoch.pop("metrics").values()), None)
    return content


def in_parts(content: Mapping[str, Any]) -> dict[str, Any]:
    """The first two levels of an object under their names joined by a dot."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        if isinstance(value, Mapping):
            found |= {f"{key}.{inner}": part for inner, part in value.items()}
        else:
            found[key] = value
    return found


def checked() -> dict[str, Any]:
    """The table of all pairs, by activation."""
    lines = said(Path.cwd(), "check").splitlines()
    named = [line.split() for line in lines if line.strip()]
    return {words[0]: words for words in named if re.fullmatch(r"\w+", words[0])}


def errata() -> dict[str, Any]:
    """Every line of the documents."""
    return errata_in(said(Path.cwd(), "errata", "--all"))


def errata_in(text: str) -> dict[str, Any]:
    """By line of a document, its verdict and all that is said of it."""
    found: dict[str, Any] = {}
    name = ""
    for line in text.splitlines():
        start = ENTRY.match(line)
        if start:
            name = start[1]
            found[f"{name}-verdict"], found[f"{name}-text"] = start[2], [line]
        elif name and line.startswith("    "):
            found[f"{name}-text"].append(line)
    return found


def said(folder: Path, *arguments: str) -> str:
    """What the command prints on standard output."""
    plain = {"COLUMNS": str(COLUMNS), "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        [sys.executable, "-m", "chainrule", *arguments],
        cwd=folder,
        env={**os.environ, **plain},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"{arguments}: status {done.returncode}: {done.stderr[-1500:]}"
        )
    return done.stdout


def write_tables(folder: Path) -> None:
    """Two small tables: numbers, texts and missing values, with a class or a number to predict."""
    rng = np.random.default_rng(31)
    rows = rng.normal(size=(160, 3))
    words = rng.choice(["red", "green", "blue"], 160)
    score = rows @ [1.0, -0.5, 0.3] + (words == "red")
    for name, target in (
        ("classes", np.where(score > 0.3, "yes", "no")),
        ("numbers", [f"{value:.6f}" for value in 3 * score]),
    ):
        lines = ["a,b,c,color,target"]
        for row, word, value in zip(rows, words, target, strict=True):
            cells = [f"{cell:.6f}" if abs(cell) < 2 else "" for cell in row]
            lines.append(",".join([*cells, word, str(value)]))
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
