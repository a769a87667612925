"""Levenberg–Marquardt and Bayesian regularization against peers, in one run on one machine.

    python benchmarks/second_order.py tables --data FOLDER [--sets concrete,heating] [--splits 20] [--first 100]
    python benchmarks/second_order.py shapes --data FOLDER [--starts 30]
    python benchmarks/second_order.py curve [--seeds 2]   # wants torch and torch-levenberg-marquardt
    python benchmarks/second_order.py dual

FOLDER holds the tables of `CHAINRULE_DATA`'s folder `tabular`. The constants of the method were settled with a look at
the splits 0 to 19; those from 100 on, the default, were measured on once.
"""

from __future__ import annotations

# ruff: noqa: T201  # a command prints
import argparse
import resource
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor as ScikitLearnMLP
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from chainrule import MLPRegressor, Network, Parameters, forward, train
from chainrule.engines import ENGINES
from chainrule.engines.rows import Data
from chainrule.optimizers import LBFGS, Adam, LevenbergMarquardt
from chainrule.optimizers.rules import Rules
from chainrule.optimizers.state import State

Rows = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]
COVERAGE = 0.9


def rows_of(name: str, folder: Path) -> Rows:
    """Inputs and target of a set."""
    if name == "diabetes":
        found = load_diabetes()
        return found.data, found.target
    file = {"concrete": "concrete", "heating": "energy_efficiency"}.get(name, name)
    table = np.genfromtxt(folder / f"{file}.csv.gz", delimiter=",", skip_header=1)
    return table[:, :8], table[:, 8]


def bayes(restarts: int) -> Callable[[int], Any]:
    """The one fixed default: nothing but the names."""
    return lambda seed: MLPRegressor(
        solver="lm", regularization="bayes", restarts=restarts, random_state=seed
    )


CONTENDERS: dict[str, Callable[[int], Any]] = {
    "bayes": bayes(1),
    "bayes, 8 restarts": bayes(8),
    "HistGradientBoosting": lambda seed: HistGradientBoostingRegressor(
        random_state=seed
    ),
    "scikit-learn's MLP": lambda seed: make_pipeline(
        StandardScaler(), ScikitLearnMLP(random_state=seed, max_iter=2000)
    ),
}


def tables(folder: Path, sets: list[str], splits: int, first: int) -> None:
    """Test RMSE, seconds of a fit, and coverage of the 0.9 interval over random 90/10 splits."""
    for name in sets:
        X, y = rows_of(name, folder)
        print(f"\n{name}: {len(X)} rows, {splits} random 90/10 splits")
        print(
            f"{'':24}{'RMSE':>8}{'± s.e.':>8}{'s a fit':>9}{'slowest':>9}{'coverage':>10}"
        )
        for label, make in CONTENDERS.items():
            errors, seconds, held = [], [], []
            for split in range(first, first + splits):
                order = np.random.default_rng(split).permutation(len(X))
                test, seen = order[: len(X) // 10], order[len(X) // 10 :]
                model = make(split)
                began = time.perf_counter()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ConvergenceWarning)
                    model.fit(X[seen], y[seen])
                seconds.append(time.perf_counter() - began)
                error = model.predict(X[test]) - y[test]
                errors.append(np.sqrt(np.mean(error**2)))
                if hasattr(model, "predict_interval"):
                    low, high = model.predict_interval(X[test], COVERAGE).T
                    held.append(np.mean((low <= y[test]) & (y[test] <= high)))
            off = np.std(errors) / np.sqrt(splits)
            covered = f"{np.mean(held):10.3f}" if held else f"{'–':>10}"
            print(
                f"{label:24}{np.mean(errors):8.3f}{off:8.3f}{np.mean(seconds):9.2f}{max(seconds):9.2f}{covered}",
                flush=True,
            )


def shapes_of(folder: Path) -> dict[str, tuple[Network, Rows, float]]:
    """Name → network, rows, and the mean squared error that is the goal."""
    x = np.linspace(-1, 1, 41)[:, None]
    bits = np.array([[i >> b & 1 for b in range(3)] for i in range(8)], float)
    parity = 1.0 - 2.0 * (bits.sum(axis=1) % 2)

    def net(*sizes: int) -> Network:
        hidden = ["tanh"] * (len(sizes) - 2)
        return Network(sizes, (*hidden, "identity"), "squared_error")

    def scaled(name: str) -> Rows:
        X, y = rows_of(name, folder)
        return (X - X.mean(0)) / X.std(0), (y - y.mean()) / y.std()

    diabetes = scaled("diabetes")
    heating, concrete = scaled("heating"), scaled("concrete")
    california = scaled("california_housing")
    some = np.random.default_rng(0).permutation(len(california[0]))[:1000]
    return {
        "sine 1-5-1": (net(1, 5, 1), (x, np.sin(np.pi * x[:, 0])), 1e-4),
        "parity 3-10-10-1": (net(3, 10, 10, 1), (2 * bits - 1, parity), 1e-3),
        "heating 8-30-1": (net(8, 30, 1), heating, 5e-3),
        "concrete 8-15-15-1": (net(8, 15, 15, 1), concrete, 3e-2),
        "diabetes 10-15-1": (net(10, 15, 1), diabetes, 2e-1),
        "housing 8-20-1": (
            net(8, 20, 1),
            (california[0][some], california[1][some]),
            1.5e-1,
        ),
    }


def shapes(folder: Path, starts: int, limit: float) -> None:
    """How often the goal is reached, and the median seconds; a run that does not counts as the limit."""
    print(
        f"\ngoal reached from {starts} starts within {limit:g} s; median seconds of all starts"
    )
    print(f"{'':22}{'lm':>14}{'lbfgs':>14}{'adam':>14}")
    for name, (network, (x, y), goal) in shapes_of(folder).items():
        target = goal / 2  # J has the factor ½
        cells = []
        for label in ("lm", "lbfgs", "adam"):
            reached, seconds = 0, []
            for seed in range(starts if label == "lm" else min(starts, 5)):
                began = time.perf_counter()
                done = reaches(label, network, x, y, target, seed, limit)
                taken = time.perf_counter() - began
                reached += done
                seconds.append(taken if done else limit)
            tried = len(seconds)
            cells.append(f"{reached}/{tried} {np.median(seconds):.3f}")
        print(f"{name:22}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def reaches(
    label: str, network: Network, x: Any, y: Any, target: float, seed: int, limit: float
) -> bool:
    """Whether a run gets J to the target."""
    from chainrule import Callback

    class Stop(Callback):
        def on_epoch(self, moment: Any) -> bool:
            return bool(moment.history[-1].loss <= target)

    made: dict[str, Any] = {
        "lm": LevenbergMarquardt(goal=target),
        "lbfgs": LBFGS(),
        "adam": Adam(learning_rate=0.01),
    }
    rows = {} if label != "adam" else {"batch_rows": min(len(x), 64)}
    report = train(
        network,
        x,
        y,
        optimizer=made[label],
        seed=seed,
        max_epochs=1_000_000,
        max_seconds=limit,
        callbacks=[Stop()],
        progress=False,
        **rows,
    )
    return bool(report.loss and min(report.loss) <= target)


def curve(seeds: int) -> None:
    """The example of torch-levenberg-marquardt, y = sinc 10x on 20 000 rows: its settings, and ours from its start."""
    import contextlib
    import io

    import torch
    import torch_levenberg_marquardt as tlm

    torch.set_num_threads(2)
    rows, units = 20_000, 20
    x = torch.linspace(-1, 1, rows)[:, None]
    y = torch.sinc(10 * x)
    for seed in range(seeds):
        torch.manual_seed(seed)
        model = torch.nn.Sequential(
            torch.nn.Linear(1, units), torch.nn.Tanh(), torch.nn.Linear(units, 1)
        )
        first, last = model[0], model[2]
        arrays = (first.weight, last.weight, first.bias, last.bias)
        start = np.concatenate([a.detach().numpy().ravel() for a in arrays])
        loader = torch.utils.data.DataLoader(
            torch.utils.data.TensorDataset(x, y), batch_size=1000, shuffle=True
        )
        module = tlm.training.LevenbergMarquardtModule(
            model=model,
            loss_fn=tlm.loss.MSELoss(),
            learning_rate=1.0,
            attempts_per_step=10,
            solve_method="solve",
        )
        began = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            tlm.utils.fit(module, loader, epochs=50)
        theirs = time.perf_counter() - began
        with torch.no_grad():
            error = float(((model(x) - y) ** 2).mean())
        print(f"seed {seed}: torch-levenberg-marquardt {error:.3g} in {theirs:.2f} s")
        network = Network((1, units, 1), ("tanh", "identity"), "squared_error")
        for steps, words in (
            ((1,), "all rows"),
            ((20,), "1 000 rows, as many as its batch"),
            ((20, 1), "all rows, begun on 1 000"),
        ):
            began, count = time.perf_counter(), 0
            parameters = Parameters(network.sizes, start.astype(np.float64))
            for every in steps:
                report = train(
                    network,
                    x.numpy()[::every],
                    y.numpy()[::every],
                    parameters=parameters,
                    optimizer=LevenbergMarquardt(goal=error / 2),
                    max_epochs=2000,
                    max_seconds=30,
                    progress=False,
                )
                parameters, count = report.parameters, count + report.steps
            ours = time.perf_counter() - began
            fitted = forward(network, parameters, x.numpy()).output
            left = float(np.mean((fitted - y.numpy()) ** 2))
            print(
                f"  chainrule, {words}: {left:.3g} on all rows in {ours:.3f} s, {count} steps: "
                f"{theirs / ours:.0f} times faster",
                flush=True,
            )


def dual() -> None:
    """Two steps of 784-512-512-10 with N k = 2 000, and the memory beyond the data."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(size=(200, 784)), rng.integers(0, 10, 200)
    network = Network((784, 512, 512, 10), ("tanh", "tanh", "softmax"), "cross_entropy")
    optimizer = LevenbergMarquardt(form="dual")
    small = Network((3, 4, 2), ("tanh", "softmax"), "cross_entropy")
    train(
        small, x[:9, :3], y[:9] % 2, optimizer=optimizer, max_epochs=2, progress=False
    )
    theta = network.init(0).theta
    engine = ENGINES["reference"]
    rules = Rules(optimizer, batch_rows=200)
    targets = network.loss.targets(y, 10, theta)
    data, workspace = (
        Data(x, targets, None),
        engine.prepare(network, rules, theta.dtype),
    )
    state = State(theta, optimizer.init(theta), scalars=optimizer.first_scalars())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    for _ in range(2):
        state = engine.run_epoch(workspace, rules, data, state, lambda new: None)
        print(f"J {state.loss_sum:.4g} after {time.perf_counter() - began:.1f} s")
        state = state.next_epoch()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    foretold = optimizer.memory_needed(network, 200)[1]
    print(
        f"{peak / 1e3:.0f} MB more than before, {foretold / 1e6:.0f} MB foretold; "
        f"J̃ would have {2000 * len(theta) * 8 / 1e9:.1f} GB"
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["tables", "shapes", "curve", "dual"])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", default="concrete,heating,diabetes")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--starts", type=int, default=30)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--limit", type=float, default=10.0)
    asked = parser.parse_args()
    if asked.what == "tables":
        tables(asked.data, asked.sets.split(","), asked.splits, asked.first)
    elif asked.what == "shapes":
        shapes(asked.data, asked.starts, asked.limit)
    else:
        {"curve": lambda: curve(asked.seeds), "dual": dual}[asked.what]()


if __name__ == "__main__":
    main()
