"""A model file with what `chainrule train` notes in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..data.preparation import Preparation
from ..errors import InputError
from ..files.storage import Model, load_model
from .run_folder import model_file

__all__ = ["SavedModel", "load_saved"]


@dataclass(frozen=True)
class SavedModel:
    """A model and how raw rows become its inputs.

    Parameters
    ----------
    path : Path
    model : Model
    preparation : Preparation
    notes : dict
    """

    path: Path
    model: Model
    preparation: Preparation
    notes: dict[str, Any]


def load_saved(path: Path) -> SavedModel:
    """Read a model that `chainrule train` saved, or raise `InputError`."""
    path = model_file(path)
    model = load_model(path)
    try:
        preparation = Preparation.from_dict(model.notes["preparation"])
        fits = len(preparation.inputs) == model.network.sizes[0]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}, a model without notes on how to prepare raw rows ({error})",
            "a model that `chainrule train` saved",
            "In Python, load_model and Predictor take prepared rows.",
        ) from error
    if not fits:
        raise InputError(
            f"{path}, whose columns make {len(preparation.inputs)} inputs for a network of {model.network.sizes[0]}",
            "a model that `chainrule train` saved",
            "Train again.",
        )
    return SavedModel(path, model, preparation, model.notes)
