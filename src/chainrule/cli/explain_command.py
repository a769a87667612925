"""`chainrule explain`: the numbers beside the formulas, in the terminal or as a page, LaTeX, a drawing, JSON."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.load import load_data
from ..errors import InputError
from ..explanation import Explanation, explain
from ..explanation.explanation import FORMS
from ..explanation.render.text import checked_words
from ..explanation.request import is_checkpoint
from ..files.storage import load_model
from .explain_rows import rows_of_model, within
from .output import Output
from .run_folder import CHECKPOINT, model_file

__all__ = ["ExplainRequest", "run"]


@dataclass(frozen=True)
class ExplainRequest:
    """What `chainrule explain` is asked for.

    Parameters
    ----------
    model : Path or None
        None for the example.
    data : str or None
        A data set's name, or a file.
    row : int or None
        From 0.
    batch : str or None
        The rows whose gradient it is: "0-15".
    step : int or None
        Of a run whose checkpoint `model` is.
    validation : float or None
        Of such a run.
    to : tuple of Path
        Files to write.
    options : dict
        What `explain` takes beside these.
    """

    model: Path | None
    data: str | None
    row: int | None
    batch: str | None
    step: int | None
    validation: float | None
    to: tuple[Path, ...]
    options: dict[str, Any]


def run(request: ExplainRequest) -> int:
    """Explain, print or write; 1 where a check fails."""
    for path in request.to:
        if path.suffix not in FORMS:
            raise InputError(
                f"--to {path}",
                f"a file that ends in {', '.join(FORMS)}",
                "Name it page.html, say.",
            )
    made = explained(request)
    console = Output()
    if not request.to:
        console.print(made.text(), soft_wrap=True)
        return 0 if made.passed else 1
    for path in request.to:
        made.save(path)
        console.print(f"{path}", soft_wrap=True)
    console.print(checked_words(made), soft_wrap=True)
    return 0 if made.passed else 1


def explained(request: ExplainRequest) -> Explanation:
    """The explanation that is asked for."""
    if request.model is None:
        given = {
            "--data": request.data,
            "--row": request.row,
            "--batch": request.batch,
            "--step": request.step,
        }
        wrong = [name for name, value in given.items() if value is not None]
        if wrong:
            raise InputError(
                f"{', '.join(wrong)} without a model",
                "a model file, or the folder of a run",
                "Name it first.",
            )
        return explain(**request.options)
    checkpoint = request.model / CHECKPOINT if request.model.is_dir() else request.model
    if is_checkpoint(checkpoint):
        return explained_step(request, checkpoint)
    if request.step is not None:
        raise InputError(
            f"--step {request.step} for {request.model}, which holds no checkpoint",
            "a checkpoint, or the folder of an interrupted run",
            "A run that is finished has none: in Python, train with checkpoint=Checkpoint(path, every_epochs=1).",
        )
    path = model_file(request.model)
    x, y, row, name = within(
        rows_of_model(path, request.data), request.row or 0, request.batch
    )
    return explain(load_model(path), x, y, row=row, title=name, **request.options)


def explained_step(request: ExplainRequest, checkpoint: Path) -> Explanation:
    """A step of a run: the rows are those that it was trained on."""
    if request.data is None:
        raise InputError(
            f"{checkpoint} without --data",
            "the data that the run is trained on",
            "Say --data digits, say.",
        )
    if request.batch is not None:
        raise InputError(
            "--batch with a step of a run",
            "the rows that the step had",
            "Leave it out.",
        )
    data = load_data(request.data)
    return explain(
        checkpoint,
        data.x_train,
        data.standardised_targets()[0],
        step=request.step,
        row=request.row or 0,
        validation=request.validation or None,
        title=data.name,
        **request.options,
    )
