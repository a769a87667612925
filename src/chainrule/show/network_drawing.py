"""A network drawn, for notebooks and pages: layers of units with their weights between them, as SVG.

Draws what it is told and knows no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["drawing"]

#: Units of a layer that are drawn; of more, the first and last with an ellipsis between.
MOST_UNITS = 8
LAYER_GAP, UNIT_GAP, RADIUS, MARGIN = 130, 26, 8, 46


def drawing(sizes: Sequence[int], names: Sequence[str], loss: str) -> str:
    """An SVG element that shows layers from left to right.

    Parameters
    ----------
    sizes : sequence of int
        Widths n_0 … n_L.
    names : sequence of str
        Activations of layers 1 … L.
    loss : str

    Examples
    --------
    >>> svg = drawing((2, 3, 1), ("tanh", "sigmoid"), "binary_cross_entropy")
    >>> svg.count("<circle"), svg.count("<line")
    (6, 9)
    """
    height = MARGIN * 2 + UNIT_GAP * (min(max(sizes), MOST_UNITS) - 1)
    width = MARGIN * 2 + LAYER_GAP * (len(sizes) - 1)
    places = [
        [
            (MARGIN + LAYER_GAP * i, height / 2 + UNIT_GAP * (j - (_shown(n) - 1) / 2))
            for j in range(_shown(n))
        ]
        for i, n in enumerate(sizes)
    ]
    said = " → ".join(
        [
            f"{sizes[0]} inputs",
            *(f"{n} {name}" for n, name in zip(sizes[1:], names, strict=True)),
        ]
    )
    parts = [
        f'<line x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'
        for left, right, n, m in zip(places, places[1:], sizes, sizes[1:], strict=False)
        for x1, y1 in _drawn(left, n)
        for x2, y2 in _drawn(right, m)
    ]
    for layer, n in zip(places, sizes, strict=True):
        parts += [
            f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}"/>' for x, y in _drawn(layer, n)
        ]
        if n > MOST_UNITS:
            x, y = layer[MOST_UNITS // 2]
            parts.append(f'<text x="{x:g}" y="{y + 5:g}" font-weight="bold">⋮</text>')
    for i, n in enumerate(sizes):
        x = MARGIN + LAYER_GAP * i
        parts.append(f'<text x="{x}" y="16">{n}</text>')
        parts.append(
            f'<text x="{x}" y="{height - 8}">{escape("inputs" if i == 0 else names[i - 1])}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(said)}, loss {escape(loss)}" style="max-width:{width}px;width:100%;height:auto" '
        'font-family="sans-serif" font-size="12" text-anchor="middle" fill="currentColor">'
        '<g stroke="currentColor" stroke-opacity="0.2" stroke-width="1" fill="#56B4E9">'
        + "".join(part for part in parts if not part.startswith("<text"))
        + "</g>"
        + "".join(part for part in parts if part.startswith("<text"))
        + "</svg>"
    )


def _shown(n: int) -> int:
    """Places that a layer of n units takes."""
    return min(n, MOST_UNITS)


def _drawn(places: Sequence[tuple[float, float]], n: int) -> list[tuple[float, float]]:
    """The places of units: all, or all but the one of the ellipsis."""
    return [
        place
        for j, place in enumerate(places)
        if n <= MOST_UNITS or j != MOST_UNITS // 2
    ]
