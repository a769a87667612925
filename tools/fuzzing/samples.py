"""Whole files of each kind, from which the mutations are made; the same at every start."""

from __future__ import annotations

import contextlib
import gzip
import io
import shutil
import struct
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "checkpoint",
    "csv",
    "estimator_or_model",
    "idx",
    "mixed",
    "npz",
    "onnx_files",
    "parquet",
    "rows",
    "run",
    "training",
]

#: A table with numbers, categories, missing values, quotes and a date.
PETS = "size,color,born,kind\n" + "".join(
    f"{i * 37 % 101 / 8},{('red', 'green', 'blue')[i % 3]},2020-01-{i % 28 + 1:02},{('cat', 'dog')[i // 2 % 2]}\n"
    for i in range(60)
)
SEMICOLONS = "a;b;price\n" + "".join(
    f'{i},5;"x ""{i % 4}""";{i * i % 97},{i % 10}\n' for i in range(60)
)
SPACES = "".join(f" {i}   {i * 7 % 11}.5  {i * 3 % 17 / 7:.3f}\n" for i in range(60))


def csv(folder: Path) -> Mapping[str, bytes]:
    """Text tables as they are found."""
    texts = {"pets.csv": PETS, "semicolons.csv": SEMICOLONS, "spaces.csv": SPACES}
    whole = {name: text.encode() for name, text in texts.items()}
    return {**whole, "packed.csv": gzip.compress(PETS.encode(), mtime=0)}


def parquet(folder: Path) -> Mapping[str, bytes]:
    """Numbers, texts, missing values, of two compressions, in several groups of rows; by whatever library is here."""
    columns: dict[str, Any] = {
        "z": [None if i % 9 == 0 else i * 37 % 101 / 8 for i in range(90)],
        "count": [i * 7 % 13 for i in range(90)],
        "color": [("red", "green", None)[i % 3] for i in range(90)],
        "flag": [i % 2 == 0 for i in range(90)],
        "kind": [("cat", "dog", "cow")[i % 3] for i in range(90)],
    }
    made = {}
    for name, how in (("plain", "uncompressed"), ("packed", "snappy")):
        buffer = io.BytesIO()
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq

            compression = {"uncompressed": "none"}.get(how, how)
            pq.write_table(
                pa.table(columns), buffer, compression=compression, row_group_size=40
            )
        except ImportError:
            import polars as pl

            pl.DataFrame(columns).write_parquet(
                buffer, compression=how, row_group_size=40
            )
        made[f"{name}.parquet"] = buffer.getvalue()
    return made


def npz(folder: Path) -> Mapping[str, bytes]:
    """Rows and targets: numbers, pixels in two parts, texts; stored and packed."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), np.arange(60) % 3
    pixels = rng.integers(0, 256, (60, 4, 4), np.uint8)
    split = {
        "x_train": pixels[:40],
        "y_train": y[:40],
        "x_test": pixels[40:],
        "y_test": y[40:],
    }
    made = {}
    for name, how, arrays in (
        ("numbers", zipfile.ZIP_STORED, {"x": x, "y": y}),
        ("pixels", zipfile.ZIP_DEFLATED, split),
        (
            "texts",
            zipfile.ZIP_DEFLATED,
            {"x": x.astype("f4"), "y": np.array(["a", "b", "ü"])[y], "z": x},
        ),
    ):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", how) as file:
            for array_name, array in arrays.items():
                member = io.BytesIO()
                np.save(member, array)
                file.writestr(
                    zipfile.ZipInfo(f"{array_name}.npy"), member.getvalue(), how
                )
        made[f"{name}.npz"] = buffer.getvalue()
    return made


def npy(folder: Path) -> Mapping[str, bytes]:
    """Rows of a stream, and targets of three kinds for them."""
    rng = np.random.default_rng(0)
    labels, made = np.array(["a", "b", "ü"])[np.arange(60) % 3], {}
    for name, array in (
        ("rows", rng.normal(size=(60, 3))),
        ("labels", labels),
        ("numbers", rng.normal(size=(60, 2)).astype("f4")),
        ("classes", np.arange(60) % 3),
    ):
        buffer = io.BytesIO()
        np.save(buffer, array)
        made[f"{name}.npy"] = buffer.getvalue()
    return made


def onnx_files(folder: Path) -> Mapping[str, bytes]:
    """Exports, which have a checksum, and the same network as a stranger writes it, without one."""
    from chainrule import Model, Network

    made, path = {}, folder / "m.onnx"
    for name, inner, dtype in (
        ("float", "relu", "float32"),
        ("double", "elu", "float64"),
    ):
        network = Network((3, 5, 4, 2), (inner, "mish", "softmax"), "cross_entropy")
        Model(network, network.init(0, dtype)).export(path)
        made[f"{name}.onnx"] = path.read_bytes()
    import onnx

    plain = onnx.load_model_from_string(made["float.onnx"])
    del plain.metadata_props[:]
    plain.producer_name = "another"
    return {**made, "plain.onnx": plain.SerializeToString(deterministic=True)}


def idx(folder: Path) -> Mapping[str, bytes]:
    """Pictures and labels, packed and not."""
    pictures = b"\0\0\x08\x03" + struct.pack(">3I", 6, 4, 4) + bytes(range(96))
    labels = b"\0\0\x08\x01" + struct.pack(">I", 6) + bytes(range(6))
    return {
        "pictures.gz": gzip.compress(pictures, mtime=0),
        "pictures": pictures,
        "labels": labels,
    }


def rows(folder: Path) -> Path:
    """Raw rows to predict from, for every model made here."""
    path = folder / "rows.csv"
    if not path.exists():
        path.write_text("".join(PETS.splitlines(keepends=True)[:8]))
    return path


def trained(folder: Path) -> Path:
    """The folder of a run of the command, made once."""
    from chainrule.cli import main

    run_folder, table = folder / "trained", folder / "pets.csv"
    if not (run_folder / "model.safetensors").exists():
        table.write_text(PETS)
        command = [
            "train",
            table,
            "--epochs",
            "3",
            "--hidden",
            "4",
            "--threads",
            "1",
            "--output",
            run_folder,
        ]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
            main([str(word) for word in command])
    return run_folder


def training() -> dict[str, Any]:
    """A run whose checkpoint is mutated: the arguments of `train`."""
    from chainrule import EarlyStopping, Network
    from chainrule.optimizers import Adam

    rng = np.random.default_rng(0)
    return {
        "network": Network((3, 5, 4, 2), ("tanh", "relu", "softmax"), "cross_entropy"),
        "x": rng.normal(size=(29, 3)),
        "y": rng.integers(0, 2, 29),
        "optimizer": Adam(learning_rate=0.05),
        "schedule": "adaptive",
        "batch_rows": 6,
        "dropout": (0.25, 0.1),
        "l2": 0.01,
        "validation": 0.2,
        "early_stopping": EarlyStopping(),
        "engine": "reference",
        "max_steps": 14,
    }


def checkpoint(folder: Path) -> Mapping[str, bytes]:
    """A run in the midst of an epoch, with all that a checkpoint can hold."""
    from chainrule import Checkpoint, train

    path = folder / "run.safetensors"
    train(**training(), checkpoint=Checkpoint(path=path))
    return {"checkpoint": path.read_bytes()}


def mixed() -> list[list[Any]]:
    """Rows with a number, a category and a date."""
    start = datetime(2020, 1, 1)
    return [
        [i * 37 % 101 / 8, ("red", "blue", None)[i % 3], start + timedelta(days=i)]
        for i in range(60)
    ]


def estimator_or_model(folder: Path) -> Mapping[str, bytes]:
    """A model of the command, an estimator's, and averaged networks."""
    from chainrule import MLPClassifier, TabularClassifier

    rng = np.random.default_rng(0)
    x, path = rng.normal(size=(20, 3)), folder / "estimator"
    MLPClassifier((4,), solver="lbfgs", max_iter=500, random_state=0).fit(
        x, np.array(["no", "yes"])[x[:, 0].astype(int) % 2]
    ).save(path)
    average = folder / "average"
    TabularClassifier("fast", members=2, epochs=2).fit(
        mixed(), ["no", "yes"] * 30
    ).save(average)
    return {
        "average.safetensors": average.read_bytes(),
        "model.safetensors": (trained(folder) / "model.safetensors").read_bytes(),
        "estimator.safetensors": path.read_bytes(),
    }


def run(folder: Path) -> Mapping[str, bytes]:
    """The files of a run: of one that is finished, and a checkpoint beside them."""
    finished = trained(folder)
    made = {
        name: (finished / name).read_bytes()
        for name in ("model.safetensors", "report.json")
    }
    made |= {"checkpoint.safetensors": next(iter(checkpoint(folder).values()))}
    shutil.rmtree(folder / "work", ignore_errors=True)
    return made
