"""The options of a network that is typed, which `chainrule explain` and `chainrule explore` have."""

from dataclasses import dataclass

from ..command import option

__all__ = ["TypedNetwork"]

TYPED = "A network that is typed"
OWN = "the document's own"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class TypedNetwork:
    """A network and a sample, or several, as they are typed in a document's notation."""

    weights: str | None = option(
        "A network in the letters of --notation: 'W^1 = [2 -1 0; 4 -1 -2] W^F = [4 -8 2]' of S4.",
        TYPED,
        "none",
    )
    x: str | None = option(
        "Input of the typed network: '1 2'; several as the document lays them out, '[1 0; 2 1]'.",
        TYPED,
        "none",
        flag="--x",
    )
    y: str | None = option(
        "Target of the typed network, laid out likewise.", TYPED, "none", flag="--y"
    )
    activation: str | None = option(
        "Activation of all layers of the typed network but a linear or softmax output; or of each, with commas.",
        TYPED,
        OWN,
    )
    loss: str | None = option(
        "Loss of the typed network: squared_error, with the document's factor, or another one.",
        TYPED,
        OWN,
    )

    @property
    def given(self) -> bool:
        """Return whether any of them is given."""
        return any(one is not None for one in vars(self).values())
