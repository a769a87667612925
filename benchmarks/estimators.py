"""`chainrule`'s estimators against scikit-learn's, at scikit-learn's defaults: test scores and seconds of `fit`.

    python benchmarks/estimators.py run iris wine          # a file per data set and seed; those that are there stay
    python benchmarks/estimators.py run --seconds 200       # all of them, as far as that goes
    python benchmarks/estimators.py mnist98                 # how long each takes to 0.98 on MNIST
    python benchmarks/estimators.py table                   # the tables of docs/estimators.md

Both fit the same rows, split and scaled alike, in one process, in turns. Threads are each library's own choice.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.neural_network
from sklearn.datasets import load_linnerud
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

import chainrule
from chainrule import SCHEDULES, MLPClassifier, load_data

RESULTS = Path(__file__).parent / "results" / "estimators"
TABLES = Path(os.environ.get("CHAINRULE_DATA", "../shared/data")) / "tabular"
LIBRARIES = {"scikit-learn": sklearn.neural_network, "chainrule": chainrule}
#: name → (seeds, how `load_data` is called); the small ones first.
SETS: dict[str, tuple[int, dict[str, Any]]] = {
    "iris": (10, {"source": "iris"}),
    "wine": (10, {"source": "wine"}),
    "linnerud": (10, {}),
    "diabetes": (10, {"source": "diabetes"}),
    "breast_cancer": (10, {"source": "breast_cancer"}),
    "energy": (
        10,
        {
            "source": TABLES / "energy_efficiency.csv.gz",
            "target": ("Y1_heating_load", "Y2_cooling_load"),
        },
    ),
    "concrete": (10, {"source": TABLES / "concrete.csv.gz"}),
    "digits": (10, {"source": "digits"}),
    "higgs": (
        10,
        {
            "source": TABLES / "higgs_train.csv.gz",
            "test": TABLES / "higgs_test.csv.gz",
            "target": "label",
        },
    ),
    "california": (10, {"source": TABLES / "california_housing.csv.gz"}),
    "letter": (
        10,
        {"source": TABLES / "letter-recognition.data.gz", "target": "column1"},
    ),
    "usps": (10, {}),
    "adult": (
        3,
        {"source": TABLES / "adult.data.gz", "test": TABLES / "adult.test.gz"},
    ),
    "mnist": (3, {"source": "mnist"}),
}
Rows = tuple[np.ndarray[Any, Any], Any, np.ndarray[Any, Any], Any]


def rows_of(name: str, seed: int) -> tuple[str, Rows]:
    """The estimator's name, and x_train, y_train, x_test, y_test; what is not split yet is split by the seed."""
    if name == "linnerud":
        x, y = load_linnerud(return_X_y=True)
        order = np.random.default_rng(seed).permutation(len(x))
        train, test = order[4:], order[:4]
        scale_x, scale_y = (
            StandardScaler().fit(x[train]),
            StandardScaler().fit(y[train]),
        )
        x, y = scale_x.transform(x), scale_y.transform(y)
        return "MLPRegressor", (x[train], y[train], x[test], y[test])
    if name == "usps":  # blanks between the numbers, and no header
        train, test = (
            np.loadtxt(TABLES / f"usps_zip.{part}.gz") for part in ("train", "test")
        )
        return "MLPClassifier", (
            train[:, 1:],
            train[:, 0].astype(int),
            test[:, 1:],
            test[:, 0].astype(int),
        )
    dataset = load_data(**SETS[name][1], seed=seed, progress=False)
    x_train, x_test = dataset.scaled("float64")
    estimator = (
        "MLPClassifier" if dataset.y_train.dtype.kind in "iu" else "MLPRegressor"
    )
    y_train, y_test = (
        y.ravel() if y.shape[1:] == (1,) else y for y in dataset.standardized_targets()
    )
    return estimator, (x_train, y_train, x_test, y_test)


def timed_fit(model: Any, x: Any, y: Any) -> float:
    """Seconds; after a moment in which the threads of the fit before go to sleep."""
    time.sleep(0.2)
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, y)
    return time.perf_counter() - began


def warm_up() -> None:
    """Import all that a first fit imports."""
    for library in LIBRARIES.values():
        timed_fit(library.MLPClassifier((2,), max_iter=2), np.eye(4), [0, 1, 0, 1])
        timed_fit(
            library.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2),
            np.eye(4),
            [0.0, 1.0, 0.0, 1.0],
        )


def compare(name: str, seed: int) -> None:
    """Both, on one data set with one seed, into a file."""
    path = RESULTS / f"{name}-{seed}.json"
    if path.exists():
        return
    estimator, (x, y, x_test, y_test) = rows_of(name, seed)
    found: dict[str, Any] = {"rows": len(x), "inputs": x.shape[1]}
    turns = list(LIBRARIES) if seed % 2 else list(LIBRARIES)[::-1]
    for turn in turns:
        model = getattr(LIBRARIES[turn], estimator)(random_state=seed)
        seconds = timed_fit(model, x, y)
        found[turn] = {
            "seconds": seconds,
            "score": float(model.score(x_test, y_test)),
            "epochs": model.n_iter_,
        }
    RESULTS.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found))
    print(name, seed, {turn: found[turn] for turn in LIBRARIES}, flush=True)  # noqa: T201


def reach_98() -> None:
    """How long each takes to 0.98 on MNIST: the two lines of docs/estimators.md, and scikit-learn's defaults.

    scikit-learn is stopped after the first epoch that reaches it, of the better of two widths; scoring is not timed.
    """
    dataset = load_data("mnist", progress=False)
    (x, x_test), y, y_test = dataset.scaled("float32"), dataset.y_train, dataset.y_test
    found: dict[str, Any] = {"scikit-learn": []}
    for units in (256, 400):
        # a generator, else every call of partial_fit would draw the same order
        model = sklearn.neural_network.MLPClassifier(
            (units,), random_state=np.random.RandomState(0)
        )
        seconds, score, epochs = 0.0, 0.0, 0
        while score < 0.98 and epochs < 30:
            began = time.perf_counter()
            model.partial_fit(x, y, classes=np.arange(10))
            seconds += time.perf_counter() - began
            score, epochs = float(model.score(x_test, y_test)), epochs + 1
        found["scikit-learn"].append(
            {"units": units, "epochs": epochs, "seconds": seconds, "score": score}
        )
    cosine = SCHEDULES["cosine"](length_epochs=8)
    model = MLPClassifier(
        (256,),
        learning_rate=cosine,
        learning_rate_init=0.003,
        max_iter=8,
        random_state=0,
    )
    seconds = timed_fit(model, x, y)
    found["chainrule"] = {
        "units": 256,
        "epochs": 8,
        "seconds": seconds,
        "score": float(model.score(x_test, y_test)),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "mnist98.json").write_text(json.dumps(found))
    print(found, flush=True)  # noqa: T201


def table() -> str:
    """What the files hold, in Markdown."""
    lines = [
        "| data | rows × inputs | seeds | score of scikit-learn | of chainrule | seconds of scikit-learn | of "
        "chainrule | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in SETS:
        runs = [
            json.loads(path.read_text())
            for path in sorted(RESULTS.glob(f"{name}-*.json"))
        ]
        if not runs:
            continue
        scores = {turn: [run[turn]["score"] for run in runs] for turn in LIBRARIES}
        seconds = {
            turn: sum(run[turn]["seconds"] for run in runs) for turn in LIBRARIES
        }
        errors = {
            t: statistics.stdev(s) / math.sqrt(len(s)) if len(s) > 1 else math.nan
            for t, s in scores.items()
        }
        said = [
            f"{statistics.mean(scores[turn]):.4f} ± {errors[turn]:.4f}"
            for turn in LIBRARIES
        ]
        times = [f"{seconds[turn]:.2f}" for turn in LIBRARIES]
        ratio = seconds["chainrule"] / seconds["scikit-learn"]
        cells = [
            name,
            f"{runs[0]['rows']} × {runs[0]['inputs']}",
            str(len(runs)),
            *said,
            *times,
            f"{ratio:.2f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    if (RESULTS / "mnist98.json").exists():
        found = json.loads((RESULTS / "mnist98.json").read_text())
        lines += [
            "",
            "| MNIST to 0.98 | units | epochs | accuracy | seconds |",
            "|---|---|---|---|---|",
        ]
        for turn, run in (
            *(("scikit-learn", run) for run in found["scikit-learn"]),
            ("chainrule", found["chainrule"]),
        ):
            lines.append(
                f"| {turn} | {run['units']} | {run['epochs']} | {run['score']:.4f} | {run['seconds']:.1f} |"
            )
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("action", choices=("run", "table", "mnist98"))
    parser.add_argument(
        "names", nargs="*", help=f"of {', '.join(SETS)}; by default all"
    )
    parser.add_argument(
        "--seconds", type=float, default=math.inf, help="begin nothing after so long"
    )
    asked = parser.parse_args()
    if asked.action == "table":
        print(table())  # noqa: T201
        return
    began = time.monotonic()
    warm_up()
    if asked.action == "mnist98":
        reach_98()
        return
    for name in asked.names or SETS:
        for seed in range(SETS[name][0]):
            if time.monotonic() - began < asked.seconds:
                compare(name, seed)


if __name__ == "__main__":
    main()
