"""Symbols of arrays and their numbers, as templates: #l is the layer, #p the one before, #1 and #2 are indices.

Also #r is the sample, from 1, in a notation that writes it.
"""

from __future__ import annotations

__all__ = ["NEW", "Symbol", "bias_of", "by", "common", "lettered", "weights"]

#: (of the array, of one of its numbers)
Symbol = tuple[str, str]

NEW = r"\word{new}"


def lettered(letter: str, layer: str, *, small: str = "") -> Symbol:
    """An array and its number k: a^{[l]}, a^{[l]}_{k}."""
    return f"{letter}^{{{layer}}}", f"{small or letter}^{{{layer}}}_{{#1}}"


def weights(
    letter: str, layer: str, *, small: str = "", swapped: bool = False, new: str = ""
) -> Symbol:
    """A matrix and its number."""
    index = "#2,#1" if swapped else "#1,#2"
    return (
        f"{letter}^{{{layer}}}" + (f"_{{{new}}}" if new else ""),
        f"{small or letter}^{{{layer}}}_{{{index}{f',{new}' if new else ''}}}",
    )


def by(loss: str, symbol: Symbol) -> Symbol:
    """∂L/∂ of an array and of its number."""
    array, entry = (rf"\frac{{\partial {loss}}}{{\partial {part}}}" for part in symbol)
    return array, entry


def bias_of(symbol: Symbol, index: str, *, swapped: bool = False) -> Symbol:
    """The number of a weight matrix that is a bias, and the matrix itself."""
    at = f"{index},#1" if swapped else f"#1,{index}"
    old = "#2,#1" if swapped else "#1,#2"
    return symbol[0], symbol[1].replace(old, at)


def common(loss: str, layer: str) -> dict[str, Symbol]:
    """The letters that all notations share, as most documents have none for them."""
    return {
        "ell": (loss, loss),
        "s": ("s", "s"),
        "R": ("R", "R"),
        "M": lettered("M", layer),
        "X": lettered("X", layer),
        "E": (rf"\Delta^{{(k){layer}}}", rf"\Delta^{{(#1){layer}}}_{{#2}}"),
        "r": ("r", "r^{(#1)}"),
        "K": (
            r"\jacobian \jacobian^{\top}",
            r"{(\jacobian \jacobian^{\top})}^{(#1,#2)}",
        ),
        "j": (r"\jacobian \delta", r"{(\jacobian \delta)}^{(#1)}"),
        "lam": (r"\lambda", r"\lambda"),
        "prior": ("P", "P"),
        "J": (loss, loss),
        "alpha": (r"\alpha", r"\alpha"),
    }
