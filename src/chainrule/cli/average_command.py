"""`chainrule train --preset`: averaged networks on a table, tested, looked at, and saved with their report."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.evaluation import Evaluation, evaluate, headline
from ..equations.gradient_check import GradientCheck
from ..errors import InputError
from ..estimators.tabular import TabularClassifier, TabularRegressor
from ..estimators.tabular.columns import Rows
from ..estimators.tabular.files import write_tabular
from ..files.json_text import json_ready
from ..files.writing import write_whole
from .options import option_name
from .output import Output
from .run_folder import MODEL, PAGE, REPORT, prepare_folder
from .saved_average import outputs, rows_of
from .train_output import say_data, say_next

__all__ = ["Asked", "run_average"]

#: The trained gradient of the first network is checked on so many rows, so many entries of each array.
CHECK_ROWS, CHECK_ENTRIES = 5, 20

Matrix = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Asked:
    """The request to the command.

    Parameters
    ----------
    data : str
    reading : dict
    preset : str
    seed : int
    threads : int or None
    epochs : int or None
    output : Path or None
    as_json : bool
    command : str
        The command line.
    """

    data: str
    reading: dict[str, Any]
    preset: str
    seed: int
    threads: int | None
    epochs: int | None
    output: Path | None
    as_json: bool
    command: str


def run_average(asked: Asked, others: dict[str, Any], data: Dataset) -> int:
    """Train, test, look, save; the exit status.

    Parameters
    ----------
    asked : Asked
    others : dict
        Options of the plain network, which must be None.
    data : Dataset
    """
    wrong = [option_name(name) for name, value in others.items() if value is not None]
    if wrong:
        raise InputError(
            f"--preset beside {', '.join(wrong)}",
            "--preset, whose recipe decides about these, or a network of your own",
            f"Leave out --preset, or {wrong[0]}.",
        )
    if data.train_rows is None or data.test_rows is None:
        raise InputError(
            f"--preset {asked.preset} for {data.name}, which is pictures",
            "a table",
            "Leave out --preset.",
        )
    target = data.preparation.target
    in_units = replace(
        target, mean=(0.0,) * len(target.mean), std=(1.0,) * len(target.std)
    )
    data = replace(data, preparation=replace(data.preparation, target=in_units))
    existed = asked.output is not None and asked.output.exists()
    folder = prepare_folder(asked.output, data.name)
    try:
        return _train(asked, data, folder)
    except InputError:
        if not existed:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _train(asked: Asked, data: Dataset, folder: Path) -> int:
    console = Output(quiet=asked.as_json)
    say_data(console, data)
    assert data.train_rows is not None
    assert data.test_rows is not None
    rows = rows_of(data.preparation, data.train_rows)
    others = rows_of(data.preparation, data.test_rows)
    kind = TabularClassifier if data.classes else TabularRegressor
    began = time.perf_counter()
    model: TabularClassifier | TabularRegressor = kind(
        asked.preset,
        epochs=asked.epochs,
        random_state=asked.seed,
        n_threads=asked.threads,
    )
    y = data.y_train
    model.fit(rows, y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y)
    seconds = time.perf_counter() - began
    done = evaluate(data.preparation.target, outputs(model, others), data.y_test)
    checked = _check(model, others, data.y_test, asked.seed)
    for line in (*model.recipe_.lines(), *model.notes_):
        console.print(line, soft_wrap=True)
    console.print(f"\ntrained in {seconds:.1f} s")
    console.print(f"{headline(done)}\n")
    console.print_lines(f"{checked}\n", soft_wrap=True)
    content = _content(asked, data, model, done, checked, seconds)
    _save(asked, data, folder, model, others, done, checked, content)
    if asked.as_json:
        sys.stdout.write(json.dumps({"output": str(folder), **content}) + "\n")
    console.print(f"model and report in {folder}/", soft_wrap=True)
    say_next(console, folder)
    return 1 if checked.failed else 0


def _check(
    model: TabularClassifier | TabularRegressor, rows: Rows, y: Matrix, seed: int
) -> GradientCheck:
    few = rows[:CHECK_ROWS]
    return model.check_gradient(
        few, y[: len(few)], max_entries=CHECK_ENTRIES, seed=seed
    )


def _content(
    asked: Asked,
    data: Dataset,
    model: TabularClassifier | TabularRegressor,
    done: Evaluation,
    checked: GradientCheck,
    seconds: float,
) -> dict[str, Any]:
    """The content of report.json."""
    found: dict[str, Any] = json_ready(
        {
            "command": asked.command,
            "data": {
                "name": data.name,
                "source": data.source,
                "train_rows": data.rows,
                "test_rows": len(data.x_test),
                "remarks": list(data.remarks),
                "files": data.checksums,
            },
            "recipe": model.recipe_.as_dict(),
            "notes": model.notes_,
            "members": [
                {"seed": m.seed, "epoch": m.epoch, "epochs": m.epochs, "score": m.score}
                for m in model.members_
            ],
            "seconds": seconds,
            "columns": model.encoding_.words(),
            "test": done.as_dict(),
            "gradient_check": checked.as_dict(),
        }
    )
    return found


def _units(data: Dataset) -> dict[str, str]:
    """The units that stood beside the numbers of a file, by column."""
    dialect = data.preparation.dialect
    kinds = {} if dialect is None else dialect.columns
    return {n: kind.number.unit for n, kind in kinds.items() if kind.number is not None}


def _save(
    asked: Asked,
    data: Dataset,
    folder: Path,
    model: TabularClassifier | TabularRegressor,
    rows: Rows,
    done: Evaluation,
    checked: GradientCheck,
    content: dict[str, Any],
) -> None:
    """Write model, report.json and report.html."""
    from ..show.report_page.tabular import Tested, page_of_average

    assert data.test_rows is not None
    seen, preparation = data.test_rows.columns, data.preparation
    tested = Tested(
        f"{data.name}: {', '.join(preparation.target.names)}",
        {feature.name: seen[feature.name] for feature in preparation.features},
        [
            ("Data", f"{data.name}{f' ({data.source})' if data.source else ''}"),
            ("Rows", f"{len(data.x_train)} to train on, {len(data.x_test)} to test on"),
        ],
        remarks=data.remarks,
        units=_units(data),
        again=asked.command,
        checksums=data.checksums,
        seconds=content["seconds"],
    )
    page = page_of_average(model, rows, data.y_test, done, checked, tested)
    files = dict(zip(("train", "test"), data.checksums.values(), strict=False))
    extra = {
        "data": data.name,
        "files": files,
        "preparation": data.preparation.as_dict(),
        "command": asked.command,
        "test": json_ready({"rows": len(data.x_test), **done.metrics}),
        "gradient_check": checked.as_dict(),
    }
    write_tabular(folder / MODEL, model, extra)
    write_whole(folder / REPORT, (json.dumps(content, indent=2) + "\n").encode())
    write_whole(folder / PAGE, page.encode())
