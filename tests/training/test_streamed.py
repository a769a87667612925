"""Runs on a stream: the bits of `train` on the same rows in the stream's order, also when they are resumed."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import chainrule
from chainrule import Checkpoint, EarlyStopping, InputError, Network, Stream, train
from chainrule.estimators.streamed_rows import class_labels, in_units

from ..support.runs import BUILT

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

#: So little memory that an epoch has several windows.
LITTLE = 10**6


def sha256(report: chainrule.Report) -> str:
    return hashlib.sha256(report.parameters.theta.tobytes()).hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    rng = np.random.default_rng(0)
    for part, rows in enumerate((1500, 7, 2500)):
        x = rng.normal(size=(rows, 4))
        table = {f"x{i}": x[:, i] for i in range(4)}
        table |= {"w": rng.random(rows), "y": rng.integers(0, 3, rows)}
        table["z"] = 5 + 2 * x[:, 0] + rng.normal(size=rows)
        pq.write_table(pa.table(table), folder / f"{part}.parquet", row_group_size=220)
    return folder


def rows_of(folder: Path, target: str = "y", **options) -> Stream:
    names = {"y", "z", "w"} - {target, options.get("weight")}
    options = {"memory_bytes": LITTLE} | options
    return chainrule.stream(
        folder / "*.parquet", target=target, ignore=sorted(names), **options
    )


CLASSES = Network((4, 8, 3), ("relu", "softmax"), "cross_entropy")
NUMBERS = Network((4, 8, 1), ("tanh", "identity"), "squared_error")


@pytest.mark.parametrize("engine", BUILT)
@pytest.mark.parametrize(
    ("weight", "options"),
    [
        (None, {"batch_rows": 97, "dropout": 0.2, "dtype": "float32"}),
        ("w", {"batch_rows": 500, "schedule": "cosine", "clip_norm": 1.0}),
    ],
)
def test_a_streamed_run_is_that_of_the_rows_in_its_order(
    folder: Path, engine: str, weight: str | None, options: dict
) -> None:
    rows = rows_of(folder, weight=weight)
    assert len(rows.order(7, 0).windows) > 2
    options = options | {"seed": 7, "engine": engine, "progress": False}
    streamed = train(CLASSES, rows, max_epochs=3, **options)
    x, t, w = rows.in_memory()

    def order(epoch: int) -> np.ndarray:
        return rows.order(7, epoch).positions()

    whole = train(CLASSES, x, t, sample_weight=w, max_epochs=3, order=order, **options)
    assert sha256(streamed) == sha256(whole)
    assert streamed.loss == whole.loss
    x, t, w = rows.in_order(7, 0)
    lying = {"sample_weight": w, "order": lambda epoch: None}
    one = train(CLASSES, x, t, max_epochs=1, **lying, **options)
    assert sha256(one) == sha256(train(CLASSES, rows, max_epochs=1, **options))
    # the planted fault: another order gives other bits
    assert sha256(streamed) != sha256(
        train(CLASSES, x, t, sample_weight=w, max_epochs=3, **options)
    )


def test_a_run_that_is_resumed_within_an_epoch_is_the_same(
    folder: Path, tmp_path: Path
) -> None:
    options = {
        "seed": 3,
        "batch_rows": 64,
        "dropout": 0.1,
        "validation": 0.2,
        "early_stopping": EarlyStopping(patience=50),
        "max_epochs": 3,
        "progress": False,
    }
    whole = train(NUMBERS, rows_of(folder, "z"), **options)
    for steps in (1, 20, 75):  # the first window, a later one, the second epoch
        saved = Checkpoint(tmp_path / "run")
        train(
            NUMBERS, rows_of(folder, "z"), max_steps=steps, checkpoint=saved, **options
        )
        again = train(NUMBERS, rows_of(folder, "z"), resume=tmp_path / "run", **options)
        assert sha256(again) == sha256(whole)
        assert again.loss == whole.loss
        assert again.validation_loss == whole.validation_loss
    other = rows_of(folder, "z", memory_bytes=2 * LITTLE)
    with pytest.raises(InputError, match="window_rows"):
        train(NUMBERS, other, resume=tmp_path / "run", **options)
    rest, held = rows_of(folder, "z").split(0.2, seed=3)
    in_memory = train(
        NUMBERS,
        rest,
        **options | {"validation": held.in_memory()[:2]},
    )
    assert sha256(in_memory) == sha256(whole)


def test_an_estimator_learns_a_stream_as_rows_in_memory(folder: Path) -> None:
    settings = {"max_iter": 2, "random_state": 0, "shuffle": False}
    for target, kind in (
        ("y", chainrule.MLPClassifier),
        ("z", chainrule.MLPRegressor),
    ):
        rows = rows_of(folder, target)
        streamed, whole = (kind(hidden_layer_sizes=(6,), **settings) for _ in range(2))
        x, y, _ = (rows if target == "y" else in_units(rows)).in_memory()
        with pytest.warns(ConvergenceWarning):
            streamed.fit(rows)
        with pytest.warns(ConvergenceWarning):
            whole.fit(x, y.ravel())
        for one, same in zip(streamed.coefs_, whole.coefs_, strict=True):
            assert np.array_equal(one, same)
        assert np.array_equal(streamed.predict(x), whole.predict(x))
        scored = kind(hidden_layer_sizes=(6,), early_stopping=True, **settings)
        with pytest.warns(ConvergenceWarning):
            assert len(scored.fit(rows).validation_scores_) == 2
        with pytest.raises(InputError, match="y with a stream"):
            streamed.fit(rows, y)
        with pytest.raises(InputError, match="X that is a stream"):
            streamed.predict(rows)
        with pytest.raises(InputError, match="partial_fit with a stream"):
            streamed.partial_fit(rows, None)
    with pytest.raises(InputError, match="rows in memory, as averaged networks"):
        chainrule.TabularRegressor().fit(rows, None)
    kinds = "4 inputs; target z, numbers"
    assert repr(rows) == f"<Stream: 4007 rows in 3 files; {kinds}>"


def test_labels_of_a_stream_are_numbers_only_where_they_are_spelled_so(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rows.csv"
    for labels, classes in (
        (("01", "02", "03"), ["01", "02", "03"]),
        (("1", "2", "10"), [1, 2, 10]),
        (("0.5", "1", "1.5"), [0.5, 1.0, 1.5]),
    ):
        path.write_text("x,y\n" + "".join(f"{i},{labels[i % 3]}\n" for i in range(60)))
        rows = chainrule.stream(path, numbers=False)
        assert class_labels(rows).tolist() == classes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"y": [0]}, "y beside a stream"),
        ({"order": lambda epoch: None}, "order beside a stream"),
        ({"metrics": ["accuracy"]}, "accuracy of a stream without rows to validate on"),
        ({"optimizer": "gradient_descent"}, "gradient_descent, whose every step takes"),
        ({"batch_rows": 10**6}, "batches of 4007 rows"),
    ],
)
def test_what_a_stream_cannot_do_is_said(
    folder: Path, options: dict, said: str
) -> None:
    rows = replace(rows_of(folder), memory_bytes=300_000)
    with pytest.raises(InputError, match=said):
        train(CLASSES, rows, **options)


def test_a_batch_of_all_rows_has_them_as_they_lie(folder: Path) -> None:
    rows = rows_of(folder)
    x, t, _ = rows.in_memory()
    options = {"batch_rows": len(x), "max_epochs": 2, "seed": 7, "progress": False}

    def order(epoch: int) -> np.ndarray:
        return rows.order(7, epoch).positions()

    whole = train(CLASSES, x, t, order=order, **options)
    assert sha256(whole) == sha256(train(CLASSES, rows, **options))


def test_an_order_of_rows_in_memory_is_checked() -> None:
    x, y = np.zeros((5, 4)), np.zeros((5, 1))
    for order in (lambda epoch: [0, 1], lambda epoch: [0, 1, 2, 3, 5], 3):
        with pytest.raises(InputError, match="order"):
            train(NUMBERS, x, y, order=order, batch_rows=2, max_epochs=1)


def test_a_file_that_changes_between_epochs_ends_the_run(
    folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "rows.parquet"
    path.write_bytes((folder / "2.parquet").read_bytes())
    rows = chainrule.stream(path, target="y", ignore=["z", "w"])

    class Change(chainrule.Callback):
        def on_epoch(self, moment: chainrule.Moment) -> None:
            path.write_bytes((folder / "0.parquet").read_bytes())

    with pytest.raises(InputError, match=r"rows\.parquet, which has changed since"):
        train(CLASSES, rows, max_epochs=3, callbacks=[Change()])
