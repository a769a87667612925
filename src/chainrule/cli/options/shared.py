"""Options that several commands have, and the parts of the help that these stand in."""

from typing import Any

from ..command import argument, option

__all__ = [
    "DATA",
    "DATA_NAME",
    "TRAINING",
    "learning_rate_option",
    "model_argument",
    "notation_option",
]

DATA, TRAINING = "Data", "Training"
DATA_NAME = "A name that `chainrule data` lists, or a file."


def model_argument(shown: str | None = None) -> Any:
    """The model of a command, which has words for its default where it may be left out."""
    words = "A model file, or the folder of a run."
    return argument(words, shown, default=None) if shown else argument(words)


def notation_option() -> Any:
    """The notation of what is shown."""
    return option(
        "Notation: canonical, or a document's: bias-first (S0) … bias-last (S4).",
        default="canonical",
    )


def learning_rate_option() -> Any:
    """The learning rate, which needs no words."""
    return option(None, TRAINING, "by the optimizer", min=1e-12)
