"""`chainrule explain`: the numbers beside the formulas, in the terminal or as a page, LaTeX, a drawing, JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..data.load import load_data
from ..errors import InputError
from ..explanation import Explanation, explain
from ..explanation.explanation import FORMS
from ..explanation.render.text import checked_words
from ..explanation.replay import settings_of
from ..explanation.request import is_checkpoint
from ..explanation.spellings import spelling
from ..files.container import read_file
from ..files.storage import load_model
from ..printable import printable
from ..training.checkpoints import FORMAT
from .explain_rows import rows_of_model, within
from .options import option_name
from .output import Output
from .recipes import CLASS_LOSSES
from .run_folder import CHECKPOINT, model_file
from .run_notes import noted
from .typed_network import rows_of_text, typed_network

__all__ = ["ExplainRequest", "TypedNetwork", "run"]


@dataclass(frozen=True)
class TypedNetwork:
    """A network and a sample, or several, as they are typed in a document's notation.

    Parameters
    ----------
    weights, x, y : str or None
    activation, loss : str or None
        By default the document's own.
    """

    weights: str | None
    x: str | None
    y: str | None
    activation: str | None
    loss: str | None


@dataclass(frozen=True)
class ExplainRequest:
    """The request to `chainrule explain`.

    Parameters
    ----------
    model : Path or None
        None for the example.
    data : str or None
        A data set's name, or a file.
    row : int or None
        From 0.
    rows : str or None
        The rows whose gradient it is: "0-15".
    step : int or None
        Of a run whose checkpoint `model` is.
    validation : float or None
        Of such a run; None for what its checkpoint notes.
    typed : TypedNetwork or None
        A network on the command line in place of a model.
    to : tuple of Path
        Files to write.
    options : dict
        What `explain` takes beside these.
    reading : dict
        How `load_data` reads the rows of such a run, where that is not noted in its checkpoint.
    """

    model: Path | None
    data: str | None
    row: int | None
    rows: str | None
    step: int | None
    validation: float | None
    typed: TypedNetwork | None
    to: tuple[Path, ...]
    options: dict[str, Any]
    reading: dict[str, Any] = field(default_factory=dict)


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
        console.print_lines(made.text(), soft_wrap=True)
        return 0 if made.passed else 1
    for path in request.to:
        made.save(path)
        console.print(f"{path}", soft_wrap=True)
    console.print(checked_words(made), soft_wrap=True)
    return 0 if made.passed else 1


def explained(request: ExplainRequest) -> Explanation:
    """The explanation that is asked for."""
    if request.typed is not None:
        return explained_text(request, request.typed)
    if request.model is None:
        given = {
            "--data": request.data,
            "--row": request.row,
            "--rows": request.rows,
            "--step": request.step,
            "--validation": request.validation,
            **{
                option_name(name): value or None
                for name, value in request.reading.items()
            },
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
    of_a_run = [
        option_name(name)
        for name in ("target", "test", "ignore", "categories")
        if name in request.reading
    ]
    if of_a_run:
        raise InputError(
            f"{', '.join(of_a_run)} for {request.model}, which is a model",
            "these options for the checkpoint of a run",
            "Leave them out: a model knows how to read its rows.",
        )
    if request.step is not None:
        raise InputError(
            f"--step {request.step} for {request.model}, which holds no checkpoint",
            "a checkpoint, or the folder of an interrupted run",
            "A run that is finished has none: in Python, train with checkpoint=Checkpoint(path, every_epochs=1).",
        )
    path = model_file(request.model)
    x, y, row, name = within(
        rows_of_model(path, request.data, request.reading),
        request.row or 0,
        request.rows,
    )
    return explain(
        load_model(path), x, y, row=row, title=printable(name), **request.options
    )


def explained_text(request: ExplainRequest, given: TypedNetwork) -> Explanation:
    """Of a network that is typed."""
    missing = [
        name
        for name, value in (
            ("--weights", given.weights),
            ("--x", given.x),
            ("--y", given.y),
        )
        if value is None
    ]
    if given.weights is None or given.x is None or given.y is None:
        raise InputError(
            f"a network on the command line without {', '.join(missing)}",
            "--weights, --x and --y together",
            "Write all three, in the letters of --notation.",
        )
    others = {
        "MODEL": request.model,
        "--data": request.data,
        "--rows": request.rows,
        "--step": request.step,
        "--validation": request.validation,
        **{option_name(name): value for name, value in request.reading.items()},
    }
    wrong = [name for name, value in others.items() if value not in (None, ())]
    if wrong:
        raise InputError(
            f"{', '.join(wrong)} with --weights",
            "a network that is typed, or one in a file",
            "Leave one of them out.",
        )
    name = spelling(request.options["notation"]).name
    network, parameters = typed_network(
        name, given.weights, given.activation, given.loss
    )
    x = rows_of_text(name, "--x", given.x, network.sizes[0])
    y = rows_of_text(name, "--y", given.y, network.sizes[-1])
    return explain(
        network, x, y, parameters=parameters, row=request.row or 0, **request.options
    )


def explained_step(request: ExplainRequest, checkpoint: Path) -> Explanation:
    """A step of a run: the rows are those that it was trained on, read as the run read them."""
    if request.rows is not None:
        raise InputError(
            "--rows with a step of a run",
            "the rows that the step had",
            "Leave it out.",
        )
    content = read_file(checkpoint, FORMAT)[0]
    notes = noted(checkpoint, content)
    network, _ = settings_of(checkpoint, content.get("settings"))
    source = notes.data if request.data is None else request.data
    if source is None:
        raise InputError(
            f"{checkpoint} without --data",
            "the data that the run is trained on",
            "Name it, as in --data digits.",
        )
    loss = network.loss.name
    data = load_data(
        source,
        **{**notes.reading, **request.reading},
        numbers=loss not in CLASS_LOSSES,
        standardize_target=loss != "poisson",
    )
    validation = notes.validation if request.validation is None else request.validation
    return explain(
        checkpoint,
        data.x_train,
        data.standardized_targets()[0],
        step=request.step,
        row=request.row or 0,
        validation=validation or None,
        title=printable(data.name),
        **request.options,
    )
