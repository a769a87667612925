"""`chainrule train`: the worked example of document S1, from data to a checked, saved model."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..checkpoints import Checkpoint
from ..data import Dataset, load_data
from ..errors import InputError
from ..forward_pass import forward
from ..gradient_check import GradientCheck, check_gradient
from ..network import Network, Parameters
from ..optimizers import GradientDescent
from ..report import Report, StopReason
from ..storage import save_model, write_whole
from ..training import train
from .output import Cell, Output

__all__ = ["run"]

HIDDEN, LEARNING_RATE, STEPS = 10, 0.1, 1000
#: The trained gradient is checked on this many rows, at most so many entries of each array.
CHECK_ROWS, CHECK_ENTRIES = 20, 200
CHECKPOINT, MODEL, REPORT = "checkpoint.safetensors", "model.safetensors", "report.json"


def run(name: str, seed: int, output: Path | None, *, resume: bool = False) -> int:
    """Train, test, check, save; the exit status."""
    data = load_data(name)
    folder = prepare_folder(output, name, resume=resume)
    again = f"chainrule train {name} --output {folder} --resume"
    try:
        return train_and_save(Output(), data, folder, again, seed, resume=resume)
    except KeyboardInterrupt as stop:
        if (folder / CHECKPOINT).exists():
            stop.args = (f"interrupted; go on: {again}",)
        elif (folder / MODEL).exists():  # this run's, or that of one before
            stop.args = ("interrupted.",)
        raise


def train_and_save(console: Output, data: Dataset, folder: Path, again: str, seed: int, *, resume: bool) -> int:
    """The job itself: `again` is the command that goes on with it; the exit status."""
    saved = folder / CHECKPOINT
    network = Network((data.x_train.shape[1], HIDDEN, len(data.classes)), ("relu", "softmax"), "cross_entropy")
    x_test = data.scaled("float32")[1]
    console.print(f"{data.name}: {len(data.x_train)} rows to train on, {len(x_test)} to test on ({data.source})")
    console.print(f"{network}: {network.n_parameters} parameters")
    console.print(f"gradient descent on all rows, learning rate {LEARNING_RATE}, {STEPS} steps, he_normal, seed {seed}")

    report = train(
        network,
        data.x_train,
        data.y_train,
        input_scale=data.scale,
        initializer="he_normal",
        dtype="float32",
        optimizer=GradientDescent(learning_rate=LEARNING_RATE),
        max_epochs=STEPS,
        seed=seed,
        checkpoint=Checkpoint(saved, every_seconds=5),
        resume=saved if resume else None,
    )
    rate = report.steps / report.seconds
    loss = f"loss {report.loss[0]:.4f} → {report.loss[-1]:.4f}, " if report.loss else ""
    console.print(
        f"\n{loss}{report.steps} steps in {report.seconds:.1f} s ({rate:.0f} steps/s), {report.engine} engine"
    )

    predicted = np.argmax(forward(network, report.parameters, x_test).output, axis=1)
    confusion = count_pairs(data.y_test, predicted, len(data.classes))
    accuracy = float(np.mean(predicted == data.y_test))
    console.print(f"test accuracy {accuracy:.4f} ({int(np.trace(confusion))} of {len(x_test)})\n")
    console.print_table("rows: true class, columns: predicted", data.classes, confusion_table(confusion, data.classes))

    checked = check_trained(network, report.parameters, x_test, data.y_test, seed)
    console.print(f"\n{checked}\n", soft_wrap=True)
    save(folder, data, report, accuracy, confusion, checked)
    console.print(f"model and report in {folder}/", soft_wrap=True)
    if report.stopped is StopReason.INTERRUPTED:
        console.print(f"{report.stopped.value} Go on: {again}", soft_wrap=True)
        return 130
    saved.unlink(missing_ok=True)
    return 0 if checked.passed else 1


def prepare_folder(output: Path | None, name: str, *, resume: bool = False) -> Path:
    """The folder for the results: the one that was asked for, or the first free numbered one."""
    if resume:
        return folder_to_resume(output)
    if output is None:
        output, number = Path(f"chainrule-{name}"), 1
        while output.exists():
            number += 1
            output = Path(f"chainrule-{name}-{number}")
    if output.exists() and not output.is_dir():
        raise InputError(f"--output {output}, which is a file", "a folder, made where it is missing", "Name another.")
    try:
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=output):  # said now, not when the work is done
            pass
    except OSError as error:
        why = f"the folder cannot be written in ({error.strerror}); choose another one by --output"
        raise OSError(error.errno, why, str(output)) from error
    return output


def folder_to_resume(output: Path | None) -> Path:
    """The folder of an interrupted run, or `InputError`."""
    if output is not None and (output / CHECKPOINT).is_file():
        return output
    allowed, remedy = (
        "--output with the folder of an interrupted run",
        "Name that folder, or train anew without --resume.",
    )
    if output is None:
        raise InputError("--resume without --output", allowed, remedy)
    if (output / MODEL).is_file() and (output / REPORT).is_file():
        raise InputError(
            f"--resume with {output}, whose run is finished",
            allowed,
            f"Its model and report are in {output}/; train anew without --resume.",
        )
    raise InputError(f"--resume with {output}, which holds no checkpoint", allowed, remedy)


def count_pairs(true: np.ndarray[Any, Any], predicted: np.ndarray[Any, Any], classes: int) -> np.ndarray[Any, Any]:
    """How often each class (row) was taken for each class (column)."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (true, predicted), 1)
    return counts


def confusion_table(counts: np.ndarray[Any, Any], classes: tuple[str, ...]) -> list[tuple[str, list[Cell]]]:
    """The rows of the confusion table, errors apart from hits."""
    return [
        (label, [(str(n), "green" if i == j else "red") if n or i == j else (".", "") for j, n in enumerate(counts[i])])
        for i, label in enumerate(classes)
    ]


def check_trained(
    network: Network, parameters: Parameters, x: np.ndarray[Any, Any], y: np.ndarray[Any, Any], seed: int
) -> GradientCheck:
    """The gradient check at the trained parameters, in float64."""
    exact = Parameters(parameters.sizes, parameters.theta.astype(np.float64))
    return check_gradient(network, exact, x[:CHECK_ROWS], y[:CHECK_ROWS], max_entries=CHECK_ENTRIES, seed=seed)


def save(
    folder: Path,
    data: Dataset,
    report: Report,
    accuracy: float,
    confusion: np.ndarray[Any, Any],
    checked: GradientCheck,
) -> None:
    """Write model.safetensors and report.json."""
    record = checked.as_dict()
    notes = {"classes": list(data.classes), "scale": data.scale, "data": data.name, "gradient_check": record}
    save_model(folder / MODEL, report.network, report.parameters, notes)
    content = {
        "data": {
            "name": data.name,
            "source": data.source,
            "train_rows": len(data.x_train),
            "test_rows": len(data.x_test),
            "scale": data.scale,
        },
        "training": report.as_dict(),
        "test": {"accuracy": accuracy, "confusion": confusion.tolist(), "classes": list(data.classes)},
        "gradient_check": record,
    }
    write_whole(folder / REPORT, (json.dumps(content, indent=2) + "\n").encode())
