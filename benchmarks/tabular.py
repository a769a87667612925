"""Tables: this library's presets beside its perceptron, scikit-learn's, boosting, LightGBM and RealMLP-TD.

    python benchmarks/tabular.py --output DIR [--sets california,adult] [--contenders strong,boosting] [--seeds 5]
    python benchmarks/tabular.py --output DIR --sets others --contenders strong,boosting --seeds 3

The tables are those in the folder `tabular` of the folder that `CHAINRULE_DATA` names; `others` are twelve more, which
scikit-learn brings or which are drawn here. A fifth of the rows is held out by the seed, the same for all contenders;
Adult has a test file of its own. Every contender runs with its defaults in a
process of its own, one after another, on all cores. LightGBM and pytabkit are left out where they are not installed.
Results are kept in `tabular.json` after each fit, so that a run that was stopped continues; `tabular.md`,
`tabular_others.md` and `tabular.svg` are made of it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

DATA = Path(os.environ.get("CHAINRULE_DATA", ".")) / "tabular"
TEST_SHARE = 0.2
Split = tuple[pd.DataFrame, np.ndarray, pd.DataFrame, np.ndarray]


# ---- the tables


def california() -> tuple[pd.DataFrame, np.ndarray]:
    data = pd.read_csv(DATA / "california_housing.csv.gz")
    return data, data.pop("median_house_value").to_numpy() / 1e5


def concrete() -> tuple[pd.DataFrame, np.ndarray]:
    data = pd.read_csv(DATA / "concrete.csv.gz")
    return data, data.pop("compressive_strength").to_numpy(float)


def energy() -> tuple[pd.DataFrame, np.ndarray]:
    data = pd.read_csv(DATA / "energy_efficiency.csv.gz")
    data = data.drop(columns="Y2_cooling_load")
    return data, data.pop("Y1_heating_load").to_numpy(float)


def letter() -> tuple[pd.DataFrame, np.ndarray]:
    data = pd.read_csv(DATA / "letter-recognition.data.gz", header=None)
    y = data.pop(0).to_numpy(str)
    return data.rename(columns=str), y


def higgs() -> tuple[pd.DataFrame, np.ndarray]:
    parts = [pd.read_csv(DATA / f"higgs_{part}.csv.gz") for part in ("train", "test")]
    data = pd.concat(parts, ignore_index=True)
    return data, data.pop("label").to_numpy().astype(int)


def adult() -> tuple[pd.DataFrame, np.ndarray]:
    options = {"header": None, "skipinitialspace": True, "na_values": "?"}
    parts = [
        pd.read_csv(DATA / "adult.data.gz", **options),
        pd.read_csv(DATA / "adult.test.gz", skiprows=1, **options),
    ]
    data = pd.concat([part.dropna(how="all") for part in parts], ignore_index=True)
    y = data.pop(14).str.rstrip(".").to_numpy(str)
    return data.rename(columns=str), y


ADULT_TRAIN = 32_561
TABLES: dict[str, tuple[Callable[[], tuple[pd.DataFrame, np.ndarray]], str]] = {
    "california": (california, "RMSE"),
    "adult": (adult, "accuracy"),
    "letter": (letter, "accuracy"),
    "higgs": (higgs, "accuracy"),
    "concrete": (concrete, "RMSE"),
    "energy": (energy, "RMSE"),
}


def bundled(name: str) -> Callable[[], tuple[pd.DataFrame, np.ndarray]]:
    """A table of scikit-learn's."""

    def load() -> tuple[pd.DataFrame, np.ndarray]:
        from sklearn import datasets

        X, y = getattr(datasets, f"load_{name}")(return_X_y=True, as_frame=True)
        return X, y.to_numpy()

    return load


def drawn(name: str, **options: Any) -> Callable[[], tuple[pd.DataFrame, np.ndarray]]:
    """Rows that scikit-learn draws."""

    def load() -> tuple[pd.DataFrame, np.ndarray]:
        from sklearn import datasets

        X, y = getattr(datasets, f"make_{name}")(random_state=0, **options)
        return named(X), y

    return load


def named(X: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])])


def steps() -> tuple[pd.DataFrame, np.ndarray]:
    """A step, and a comb of seven, along single columns."""
    rng = np.random.default_rng(0)
    X = rng.uniform(size=(2000, 4))
    y = (X[:, 0] > 0.37) + np.floor(7 * X[:, 1]) % 2
    return named(X), y + 0.1 * rng.normal(size=len(y))


def heavy_tails() -> tuple[pd.DataFrame, np.ndarray]:
    """Inputs and noise of Student's t with 2 degrees of freedom."""
    rng = np.random.default_rng(0)
    X = rng.standard_t(2, size=(2000, 6))
    y = np.tanh(X[:, 0] + X[:, 1]) + np.abs(X[:, 2]) ** 0.5 + 0.3 * np.sign(X[:, 3])
    return named(X), y + 0.2 * rng.standard_t(2, size=len(y))


def many_levels() -> tuple[pd.DataFrame, np.ndarray]:
    """A column of 2 000 categories, of which each moves the target, beside two numbers."""
    rng = np.random.default_rng(0)
    level = rng.integers(0, 2000, 20_000)
    X = named(rng.normal(size=(len(level), 2)))
    y = rng.normal(size=2000)[level] + X["x0"] * X["x1"] + rng.normal(size=len(level))
    return X.assign(code=[f"c{i}" for i in level]), y.to_numpy()


#: More tables, to see how the defaults do as a stranger would.
OTHERS: dict[str, tuple[Callable[[], tuple[pd.DataFrame, np.ndarray]], str]] = {
    "diabetes": (bundled("diabetes"), "RMSE"),
    "wine": (bundled("wine"), "accuracy"),
    "cancer": (bundled("breast_cancer"), "accuracy"),
    "digits": (bundled("digits"), "accuracy"),
    "iris": (bundled("iris"), "accuracy"),
    "friedman1": (drawn("friedman1", n_samples=1000, noise=1.0), "RMSE"),
    "friedman2": (drawn("friedman2", n_samples=1000, noise=50.0), "RMSE"),
    "friedman3": (drawn("friedman3", n_samples=1000, noise=0.1), "RMSE"),
    "moons": (drawn("moons", n_samples=1000, noise=0.3), "accuracy"),
    "steps": (steps, "RMSE"),
    "heavy tails": (heavy_tails, "RMSE"),
    "2 000 levels": (many_levels, "RMSE"),
}
ALL = TABLES | OTHERS


def split(name: str, seed: int) -> Split:
    """Rows to train on and rows to test on."""
    load, metric = ALL[name]
    data, y = load()
    if name == "adult":
        rows = np.arange(len(y))
        train, test = rows[:ADULT_TRAIN], rows[ADULT_TRAIN:]
    else:
        train, test = train_test_split(
            np.arange(len(y)),
            test_size=TEST_SHARE,
            random_state=seed,
            stratify=y if metric == "accuracy" else None,
        )
    parts = data.iloc[train].reset_index(drop=True), data.iloc[test]
    return parts[0], y[train], parts[1].reset_index(drop=True), y[test]


# ---- the contenders


def preset(word: str) -> Callable[[bool, int, pd.DataFrame], Any]:
    def made(classes: bool, seed: int, X: pd.DataFrame) -> Any:
        import chainrule

        kind = chainrule.TabularClassifier if classes else chainrule.TabularRegressor
        return kind(word, random_state=1000 * seed)

    return made


def perceptron(library: str) -> Callable[[bool, int, pd.DataFrame], Any]:
    def made(classes: bool, seed: int, X: pd.DataFrame) -> Any:
        from sklearn.compose import make_column_transformer
        from sklearn.impute import SimpleImputer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        module = __import__(library, fromlist=["MLPClassifier"])
        kind = module.MLPClassifier if classes else module.MLPRegressor
        numbers = [c for c in X if pd.api.types.is_numeric_dtype(X[c])]
        columns = make_column_transformer(
            (make_pipeline(SimpleImputer(), StandardScaler()), numbers),
            remainder=OneHotEncoder(handle_unknown="ignore", sparse_output=False),
        )
        return make_pipeline(columns, kind(random_state=seed))

    return made


def boosting(classes: bool, seed: int, X: pd.DataFrame) -> Any:
    from sklearn import ensemble

    kind = (
        ensemble.HistGradientBoostingClassifier
        if classes
        else ensemble.HistGradientBoostingRegressor
    )
    return kind(random_state=seed)


def lightgbm(classes: bool, seed: int, X: pd.DataFrame) -> Any:
    import lightgbm as library

    kind = library.LGBMClassifier if classes else library.LGBMRegressor
    return kind(random_state=seed, verbose=-1)


def realmlp(classes: bool, seed: int, X: pd.DataFrame) -> Any:
    import pytabkit

    kind = pytabkit.RealMLP_TD_Classifier if classes else pytabkit.RealMLP_TD_Regressor
    return kind(random_state=seed, device="cpu")


CONTENDERS: dict[str, Callable[[bool, int, pd.DataFrame], Any]] = {
    "fast": preset("fast"),
    "strong": preset("strong"),
    "best": preset("best"),
    "our MLP": perceptron("chainrule"),
    "scikit-learn's MLP": perceptron("sklearn.neural_network"),
    "boosting": boosting,
    "LightGBM": lightgbm,
    "RealMLP-TD": realmlp,
}
PERCEPTRONS = ("our MLP", "scikit-learn's MLP")
NEEDS = {"LightGBM": "lightgbm", "RealMLP-TD": "pytabkit"}
#: Contenders that take text as it is; the others get categories of pandas.
MOST_CATEGORIES = 255
TAKES_TEXT = ("fast", "strong", "best", *PERCEPTRONS)


def with_categories(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Text as categories of pandas, those of the training rows; of more than boosting takes their numbers."""
    for name in train:
        if not pd.api.types.is_numeric_dtype(train[name]):
            kind = pd.CategoricalDtype(sorted(train[name].dropna().unique()))
            train[name] = train[name].astype(kind)
            known = test[name].where(test[name].isin(kind.categories))
            test[name] = known.astype(kind)
            if len(kind.categories) > MOST_CATEGORIES:
                for part in (train, test):
                    part[name] = part[name].cat.codes.replace(-1, np.nan)


def fit_and_score(contender: str, table: str, seed: int) -> dict[str, Any]:
    """One fit: score on the test rows, seconds, memory of the process."""
    X, y, X_test, y_test = split(table, seed)
    classes = ALL[table][1] == "accuracy"
    if contender not in TAKES_TEXT:
        with_categories(X, X_test)
    model = CONTENDERS[contender](classes, seed, X)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - began
    predicted = np.asarray(model.predict(X_test)).reshape(-1)
    if classes:
        score = float(np.mean(predicted.astype(y_test.dtype) == y_test))
    else:
        score = float(np.sqrt(np.mean((predicted - y_test) ** 2)))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"score": score, "seconds": seconds, "megabytes": (after - before) / 1024}


# ---- the run


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def key_of(contender: str, table: str, seed: int) -> str:
    return f"{contender}|{table}|{seed}"


def available(contender: str) -> bool:
    needed = NEEDS.get(contender)
    return needed is None or importlib.util.find_spec(needed) is not None


def run(asked: argparse.Namespace) -> None:
    asked.output.mkdir(parents=True, exist_ok=True)
    file = asked.output / "tabular.json"
    results = json.loads(file.read_text()) if file.exists() else {}
    tables = OTHERS if asked.sets == "others" else asked.sets.split(",")
    for seed in range(asked.seeds):
        for table in tables:
            for contender in asked.contenders.split(","):
                key = key_of(contender, table, seed)
                if key in results or not available(contender):
                    continue
                done = subprocess.run(
                    [sys.executable, __file__, "--one", contender, table, str(seed)],
                    capture_output=True,
                    text=True,
                    check=False,
                )
                if done.returncode:
                    say(f"{key}: {done.stderr.strip().splitlines()[-1]}")
                    continue
                results[key] = json.loads(done.stdout.strip().splitlines()[-1])
                file.write_text(json.dumps(results, indent=1) + "\n")
                say(f"{key} {results[key]}")
    (asked.output / "tabular.md").write_text(table_of(results))
    (asked.output / "tabular_others.md").write_text(others_of(results))
    draw(results, asked.output / "tabular.svg")


def gathered(results: dict[str, Any], field: str) -> dict[tuple[str, str], list[float]]:
    found = defaultdict(list)
    for key, values in results.items():
        contender, table, _ = key.split("|")
        found[contender, table].append(values[field])
    return found


def table_of(results: dict[str, Any]) -> str:
    """Scores with seconds in brackets, the mean of the seeds, as Markdown."""
    scores, seconds = gathered(results, "score"), gathered(results, "seconds")
    tables = [name for name in TABLES if any(t == name for _, t in scores)]
    heads = [f"{name}, {TABLES[name][1]}" for name in tables]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "---|" * len(tables)]
    for contender in CONTENDERS:
        cells = []
        for name in tables:
            found = scores.get((contender, name))
            if found:
                spent = float(np.mean(seconds[contender, name]))
                seeds = "" if len(found) > 1 else ", one seed"
                cells.append(f"{np.mean(found):.4f} ({spent:.1f} s{seeds})")
            else:
                cells.append("–")
        if any(cell != "–" for cell in cells):
            lines.append(f"| {contender} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def others_of(results: dict[str, Any]) -> str:
    """Of the other tables `strong` beside boosting on the same seeds, and the ratio of their errors."""
    lines = [
        "| | strong | boosting | ratio of errors | seeds |",
        "|---|---|---|---|---|",
    ]
    for table, (_, metric) in OTHERS.items():
        seeds = [
            seed
            for contender, of, seed in (key.split("|") for key in results)
            if (contender, of) == ("strong", table)
            and f"boosting|{table}|{seed}" in results
        ]
        if not seeds:
            continue
        found = [
            [results[f"{contender}|{table}|{seed}"]["score"] for seed in seeds]
            for contender in ("strong", "boosting")
        ]
        ours, theirs = (error_of(scores, table) for scores in found)
        ratio = f"{ours / theirs:.2f}" if theirs else "–"
        means = " | ".join(f"{np.mean(scores):.4g}" for scores in found)
        lines.append(f"| {table}, {metric} | {means} | {ratio} | {len(seeds)} |")
    return "\n".join(lines) + "\n"


def draw(results: dict[str, Any], path: Path) -> None:
    """The error of each contender over that of boosting on the same splits, by table; perceptrons are far off."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    scores: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for key, values in results.items():
        contender, table, seed = key.split("|")
        scores[contender, table][seed] = values["score"]
    tables = [name for name in TABLES if ("boosting", name) in scores]
    names = [c for c in CONTENDERS if any((c, t) in scores for t in tables)]
    names = [c for c in names if c not in PERCEPTRONS]
    figure = Figure(figsize=(9, 0.5 + 0.5 * len(tables)), layout="constrained")
    axes = figure.subplots()
    marks = "os^DvP*X"
    for i, contender in enumerate(names):
        places, ratios = [], []
        for k, table in enumerate(tables):
            ours, theirs = scores[contender, table], scores["boosting", table]
            same = ours.keys() & theirs.keys()
            if same:
                errors = [
                    error_of([found[seed] for seed in same], table)
                    for found in (ours, theirs)
                ]
                places.append(k)
                ratios.append(errors[0] / errors[1])
        axes.plot(ratios, places, marks[i % len(marks)], label=contender, alpha=0.8)
    axes.axvline(1.0, color="#888888", linewidth=1)
    axes.set_yticks(range(len(tables)), tables)
    axes.set_xscale("log")
    ticks = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(
        "error (RMSE, or 1 - accuracy) over that of HistGradientBoosting, same splits"
    )
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), fontsize=8)
    figure.savefig(path)


def error_of(scores: list[float], table: str) -> float:
    mean = float(np.mean(scores))
    return 1 - mean if ALL[table][1] == "accuracy" else mean


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("benchmarks/results"))
    parser.add_argument("--sets", default=",".join(TABLES))
    parser.add_argument("--contenders", default=",".join(CONTENDERS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--one", nargs=3)
    asked = parser.parse_args()
    if asked.one:
        contender, table, seed = asked.one
        say(json.dumps(fit_and_score(contender, table, int(seed))))
    else:
        run(asked)


if __name__ == "__main__":
    main()
