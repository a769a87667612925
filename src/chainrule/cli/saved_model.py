"""A model file with what `chainrule train` notes in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from ..data.preparation import Preparation
from ..errors import InputError
from ..files.container import fits_together
from ..files.schema import fitted
from ..files.storage import Model, load_model
from .run_folder import model_file

__all__ = ["CheckNotes", "SavedModel", "TrainNotes", "load_saved"]


@dataclass(frozen=True)
class CheckNotes:
    """The gradient check at the saved parameters.

    Parameters
    ----------
    passed : bool
    verdict : str
        The same in words; "" in files that have none.
    """

    passed: bool
    verdict: str = ""


@dataclass(frozen=True)
class TrainNotes:
    """The notes beside the preparation; each may be missing.

    Parameters
    ----------
    data, command : str
        What it was trained on, and by what.
    files : dict of str to str
        The SHA-256 of each file that was read.
    picture : (int, int) or None
        Height and width of the picture that a row is.
    test : dict
        How many rows, and the metrics on them.
    gradient_check : CheckNotes or None
    """

    data: str = ""
    command: str = ""
    files: dict[str, str] = field(default_factory=dict)
    picture: tuple[int, int] | None = None
    test: dict[str, int | float | str] = field(default_factory=dict)
    gradient_check: CheckNotes | None = None


@dataclass(frozen=True)
class SavedModel:
    """A model and how raw rows become its inputs.

    Parameters
    ----------
    path : Path
    model : Model
    preparation : Preparation
    notes : TrainNotes
    """

    path: Path
    model: Model
    preparation: Preparation
    notes: TrainNotes


def load_saved(path: Path) -> SavedModel:
    """Read a model that `chainrule train` saved, or raise `InputError`."""
    path = model_file(path)
    model = load_model(path)
    content = model.notes.get("preparation")
    if content is None:
        raise InputError(
            f"{path}, a model without notes on how to prepare raw rows",
            "a model that `chainrule train` saved",
            "In Python, load_model and Predictor take prepared rows.",
        )
    with fits_together(path, "notes"):
        preparation = Preparation.from_dict(content)
        notes = fitted(TrainNotes, model.notes, "notes")
        _require_fit(model, preparation, notes)
    return SavedModel(path, model, preparation, notes)


def _require_fit(model: Model, preparation: Preparation, notes: TrainNotes) -> None:
    """Raise `ValueError` unless the columns and the target are those of the network."""
    inputs, outputs = model.network.sizes[0], model.network.sizes[-1]
    if len(preparation.inputs) != inputs:
        raise ValueError(
            f"{len(preparation.inputs)} inputs of columns for a network of {inputs}"
        )
    target = preparation.target
    # one sigmoid stands for two classes
    wanted = len(target.classes) or len(target.names)
    if outputs != wanted and not (outputs == 1 and len(target.classes) == 2):
        raise ValueError(f"{wanted} classes or targets for {outputs} outputs")
    pixels = len(preparation.features)
    if notes.picture is not None and notes.picture[0] * notes.picture[1] != pixels:
        raise ValueError(f"pictures of {notes.picture} in {pixels} pixels")
