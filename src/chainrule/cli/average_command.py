"""`chainrule train --preset`: averaged networks on a table, tested, looked at, and saved with their report."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.evaluation import Evaluation, evaluate, headline
from ..equations.check_result import GradientCheck
from ..errors import InputError
from ..estimators.tabular import TabularClassifier, TabularRegressor
from ..estimators.tabular.columns import Rows
from ..estimators.tabular.files import write_tabular
from ..files.json_text import json_ready
from ..files.writing import write_whole
from .option_spelling import as_option
from .options.train import Train
from .output import Output
from .run_folder import MODEL, PAGE, REPORT, prepare_folder
from .saved_average import outputs, rows_of
from .train_output import say_data, say_next

__all__ = ["run_average"]

#: The trained gradient of the first network is checked on so many rows, so many entries of each array.
CHECK_ROWS, CHECK_ENTRIES = 5, 20

Matrix = np.ndarray[Any, Any]


def run_average(request: Train, preset: str, data: Dataset) -> int:
    """Train the networks of a preset, test, look, save; the exit status."""
    wrong = [
        as_option(name)
        for name, value in request.asked.items()
        if value is not None and name != "epochs"
    ]
    if wrong:
        raise InputError(
            f"--preset beside {', '.join(wrong)}",
            "--preset, whose recipe decides about these, or a network of your own",
            f"Leave out --preset, or {wrong[0]}.",
        )
    if data.train_rows is None or data.test_rows is None:
        raise InputError(
            f"--preset {preset} for {data.name}, which is pictures",
            "a table",
            "Leave out --preset.",
        )
    target = data.preparation.target
    in_units = replace(
        target, mean=(0.0,) * len(target.mean), std=(1.0,) * len(target.std)
    )
    data = replace(data, preparation=replace(data.preparation, target=in_units))
    existed = request.output is not None and request.output.exists()
    folder = prepare_folder(request.output, data.name)
    try:
        return _train(request, preset, data, folder)
    except InputError:
        if not existed:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _train(request: Train, preset: str, data: Dataset, folder: Path) -> int:
    console = Output(quiet=request.as_json)
    say_data(console, data)
    if request.preset is None:
        console.print(
            f"averaged networks, by --preset {preset}; --preset fast takes less time",
            soft_wrap=True,
        )
    assert data.train_rows is not None
    assert data.test_rows is not None
    rows = rows_of(data.preparation, data.train_rows)
    others = rows_of(data.preparation, data.test_rows)
    kind = TabularClassifier if data.classes else TabularRegressor
    began = time.perf_counter()
    model: TabularClassifier | TabularRegressor = kind(
        preset,
        epochs=request.recipe.epochs,
        random_state=request.seed,
        n_threads=request.threads,
    )
    y = data.y_train
    model.fit(rows, y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y)
    seconds = time.perf_counter() - began
    done = evaluate(data.preparation.target, outputs(model, others), data.y_test)
    checked = _check(model, others, data.y_test, request.seed)
    for line in (*model.recipe_.lines(), *model.notes_):
        console.print(line, soft_wrap=True)
    console.print(f"\ntrained in {seconds:.1f} s")
    console.print(f"{headline(done)}\n")
    console.print_lines(f"{checked}\n", soft_wrap=True)
    command = request.command(output=request.output)
    content = _content(command, data, model, done, checked, seconds)
    _save(folder, data, model, others, done, checked, content)
    if request.as_json:
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
    command: str,
    data: Dataset,
    model: TabularClassifier | TabularRegressor,
    done: Evaluation,
    checked: GradientCheck,
    seconds: float,
) -> dict[str, Any]:
    """The content of report.json."""
    found: dict[str, Any] = json_ready(
        {
            "command": command,
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
    folder: Path,
    data: Dataset,
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
    learned = [feature.name for feature in preparation.features]
    tested = Tested(
        f"{data.name}: {', '.join(preparation.target.names)}",
        {name: seen[name] for name in (*data.named_by, *learned)},
        [
            ("Data", f"{data.name}{f' ({data.source})' if data.source else ''}"),
            ("Rows", f"{len(data.x_train)} to train on, {len(data.x_test)} to test on"),
        ],
        remarks=data.remarks,
        units=_units(data),
        again=content["command"],
        checksums=data.checksums,
        seconds=content["seconds"],
        places=data.test_rows.places,
    )
    page = page_of_average(model, rows, data.y_test, done, checked, tested)
    files = dict(zip(("train", "test"), data.checksums.values(), strict=False))
    extra = {
        "data": data.name,
        "files": files,
        "preparation": data.preparation.as_dict(),
        "command": content["command"],
        "test": json_ready({"rows": len(data.x_test), **done.metrics}),
        "gradient_check": checked.as_dict(),
    }
    write_tabular(folder / MODEL, model, extra)
    write_whole(folder / REPORT, (json.dumps(content, indent=2) + "\n").encode())
    write_whole(folder / PAGE, page.encode())
