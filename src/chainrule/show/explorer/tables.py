"""The formulas, letters, equations and functions of every network that a page can show, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...documents.spelling import Shape
from ...equations.network import Network
from ...errors import InputError
from ...explanation.spellings import SPELLINGS, spelled_for
from .expressions import Carried
from .functions import UNTRAINED
from .notations import Choices, Texts, notations_of, style_name

__all__ = ["WHOLE_SQUARES", "tables_of"]

#: The page's name of Σ (a - y)².
WHOLE_SQUARES = "squared_error(factor=1)"


def tables_of(choices: Choices, depths: Sequence[int]) -> dict[str, Any]:
    """The tables for networks of these depths.

    Parameters
    ----------
    choices : Choices
        The functions that are offered.
    depths : sequence of int
        The numbers of weight layers.
    """
    texts, carried = Texts(), Carried()
    notations = notations_of(choices, depths, texts)
    styles = _styles(depths)
    return {
        "notations": notations,
        "texts": texts.listed,
        "entries": texts.entries,
        "wholeSquares": WHOLE_SQUARES,
        "linear": {key: carried.linear(style) for key, style in styles.items()},
        "elementwise": {
            name: carried.elementwise(phi) for name, phi in choices.activations.items()
        },
        "outputs": dict(_outputs(choices, carried)),
        "losses": {
            name: {
                **carried.lost(_fitting(choices, name), loss),
                "specification": loss.specification(),
            }
            for name, loss in choices.losses.items()
        },
        "optimizers": {
            name: {
                "moved": carried.moved(one),
                "slots": list(one.slot_names),
                "specification": one.specification(),
            }
            for name, one in choices.optimizers.items()
        },
        "activations": {
            name: phi.specification() for name, phi in choices.activations.items()
        },
        "syntax": carried.syntax,
    }


def _styles(depths: Sequence[int]) -> dict[str, Any]:
    """Every style, by the name that the blocks have for it."""
    found = {}
    for name in SPELLINGS:
        for depth in depths:
            for trials in ("", "mean"):
                style = spelled_for(name, Shape(depth, True, True, trials)).style
                found[style_name(style)] = style
    return found


def _fits(phi: Any, loss: Any) -> bool:
    try:
        Network((2, 2), (phi,), loss)
    except InputError:
        return False
    return True


def _fitting(choices: Choices, name: str) -> Any:
    """An output activation that fits a loss."""
    loss = choices.losses[name]
    return next(phi for phi in choices.activations.values() if _fits(phi, loss))


def _outputs(choices: Choices, carried: Carried) -> Any:
    for name, phi in choices.activations.items():
        for lost, loss in choices.losses.items():
            if _fits(phi, loss) and (name, lost) != UNTRAINED:
                yield f"{name}|{lost}", carried.output(phi, loss)
