"""`chainrule explain`: the numbers beside the formulas, in the terminal or as a page, LaTeX, a drawing, JSON."""

from __future__ import annotations

from pathlib import Path

from ..data.load import load_data
from ..documents import NOTATIONS
from ..errors import InputError
from ..explanation import Explanation, explain
from ..explanation.explanation import require_form
from ..explanation.render.text import checked_words
from ..explanation.replay import settings_of
from ..explanation.request import is_checkpoint
from ..explanation.spellings import spelling
from ..files.container import read_file
from ..files.storage import load_model
from ..printable import printable
from ..training.checkpoints import FORMAT
from .explain_rows import rows_of_model, within
from .option_spelling import as_option
from .options.explain import Explain
from .output import Output
from .recipe_parts import CLASS_LOSSES
from .run_folder import CHECKPOINT, model_file
from .run_notes import noted
from .typed_network import typed_pass

__all__ = ["run"]


def run(request: Explain) -> int:
    """Explain, print or write; 1 where a check fails."""
    files = request.to or ()
    for path in files:
        require_form(path, blank=request.blank)
    made = explained(request)
    console = Output()
    if not files:
        console.print_lines(made.text(), soft_wrap=True)
        return 0 if made.passed else 1
    for path in files:
        made.save(path)
        console.print(f"{path}", soft_wrap=True)
    console.print(checked_words(made), soft_wrap=True)
    return 0 if made.passed else 1


def explained(request: Explain) -> Explanation:
    """The explanation that is asked for."""
    if request.typed.given:
        return explained_text(request)
    if request.model is None:
        wrong = beside(request, "data", "row", "rows", "step", "validation")
        if wrong:
            raise InputError(
                f"{', '.join(wrong)} without a model",
                "a model file, or the folder of a run",
                "Name it first.",
            )
        return explain(title=title_of_example(request.notation), **request.options)
    checkpoint = request.model / CHECKPOINT if request.model.is_dir() else request.model
    if is_checkpoint(checkpoint):
        return explained_step(request, checkpoint)
    of_a_run = [
        as_option(name)
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


def title_of_example(notation: str) -> str | None:
    """The remark that the ready network is not a document's own, with the way to that."""
    one = NOTATIONS.get(spelling(notation).name)
    if one is None:
        return None
    typed = f"--weights '{one.example}' --x … --y …"
    return f"an example, not the network and loss of {one.alias}; of those: {typed}"


def beside(request: Explain, *names: str) -> list[str]:
    """The options of these names that were given, and those on how rows are read."""
    given = [name for name in names if getattr(request, name) is not None]
    return [as_option(name) for name in (*given, *request.reading)]


def explained_text(request: Explain) -> Explanation:
    """Of a network that is typed."""
    wrong = [] if request.model is None else ["MODEL"]
    wrong += beside(request, "data", "rows", "step", "validation")
    network, parameters, x, y = typed_pass(request.notation, request.typed, wrong)
    return explain(
        network, x, y, parameters=parameters, row=request.row or 0, **request.options
    )


def explained_step(request: Explain, checkpoint: Path) -> Explanation:
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
