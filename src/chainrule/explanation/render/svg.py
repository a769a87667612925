"""The network drawn with its numbers: A in each unit, Δ beside it, W on each edge."""

from __future__ import annotations

from html import escape

from ..contents import Contents
from ..template import Template

__all__ = ["svg_of"]

LAYER_GAP, UNIT_GAP, RADIUS, MARGIN_X, MARGIN_Y, FOOT = 240, 66, 22, 70, 60, 34
#: Weights are written on the edges where there are no more of them.
MOST_LABELS = 40
#: Characters that a unit has room for.
WIDEST = 7
POSITIVE, NEGATIVE, BACK = "#0072B2", "#D55E00", "#7a3fb0"
LEGEND = (
    f'in a unit A, below it <tspan class="back" fill="{BACK}">Δ, at the input ∂ℓ/∂X</tspan>; weights '
    f'<tspan class="positive" fill="{POSITIVE}">positive</tspan>, '
    f'<tspan class="negative" fill="{NEGATIVE}">negative</tspan>'
)


def svg_of(explained: Contents, template: Template) -> str:
    """An SVG element; units and edges have the names of their numbers in ``data-name``."""
    n, shown = explained.numbers, explained.shown
    units = [
        shown.units[l] if not shown.whole else tuple(range(1, w + 1))
        for l, w in enumerate(n.sizes)
    ]
    height = 2 * MARGIN_Y + UNIT_GAP * (max(len(of) for of in units) - 1)
    width = 2 * MARGIN_X + LAYER_GAP * n.layers
    places = {
        (l, k): (
            MARGIN_X + LAYER_GAP * l,
            height / 2 + UNIT_GAP * (i - (len(of) - 1) / 2),
        )
        for l, of in enumerate(units)
        for i, k in enumerate(of)
    }
    edges = [
        (l, k, j)
        for l in range(1, n.layers + 1)
        for k in units[l]
        for j in units[l - 1]
    ]
    largest = max(abs(explained.value(f"W{l}.{k}.{j}")) for l, k, j in edges) or 1.0
    lines = [
        _edge(
            explained,
            template,
            f"W{l}.{k}.{j}",
            (places[l - 1, j], places[l, k]),
            largest,
        )
        for l, k, j in edges
    ]
    labels = []
    if len(edges) <= MOST_LABELS:
        shares = [
            (units[l - 1].index(j) + 0.5) / len(units[l - 1]) for l, _, j in edges
        ]
        labels = [
            _label(explained, f"W{l}.{k}.{j}", (places[l - 1, j], places[l, k]), share)
            for (l, k, j), share in zip(edges, shares, strict=True)
        ]
    nodes = [
        _node(explained, template, l, k, places[l, k])
        for l, of in enumerate(units)
        for k in of
    ]
    heads = [
        _head(explained, template, l, len(of), height) for l, of in enumerate(units)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + FOOT}" role="group" '
        f'aria-label="{escape(f"The network: {n.moment.network}")}" font-family="system-ui, sans-serif" font-size="12" '
        'text-anchor="middle" fill="currentColor">'
        f'<g class="edges" stroke-opacity="0.55">{"".join(lines)}</g>'
        '<g class="weights" font-size="10" stroke="#fff" stroke-width="3" paint-order="stroke">'
        f'{"".join(labels)}</g><g class="units">{"".join(nodes)}</g><g class="heads">{"".join(heads)}'
        f'<text x="{width / 2:g}" y="{height + FOOT - 8:g}" font-size="11">{LEGEND}</text></g></svg>\n'
    )


Ends = tuple[tuple[float, float], tuple[float, float]]


def _edge(
    explained: Contents, template: Template, name: str, ends: Ends, largest: float
) -> str:
    (x1, y1), (x2, y2) = ends
    w = explained.value(name)
    kind, color = ("positive", POSITIVE) if w > 0 else ("negative", NEGATIVE)
    return (
        f'<line class="edge {kind}" data-name="{name}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}" '
        f'stroke="{color}" stroke-width="{0.6 + 2.4 * abs(w) / largest:.2f}">'
        f"<title>{escape(explained.in_text(template, f'@{name}@'))} = {_short(explained, name)}</title></line>"
    )


def _label(explained: Contents, name: str, ends: Ends, share: float) -> str:
    """The weight beside its line: the further down its source, the nearer to its target, else labels overlap."""
    (x1, y1), (x2, y2) = ends
    at = 0.58 + 0.28 * share
    x, y = x1 + at * (x2 - x1), y1 + at * (y2 - y1) - 2
    return f'<text class="weight" data-name="{name}" x="{x:.1f}" y="{y:.1f}">{_short(explained, name, 2)}</text>'


def _short(explained: Contents, name: str, digits: int = 3) -> str:
    """The number of a name, as it fits into a unit; nothing where it is to be filled in."""
    if not explained.numbers.shows(name):
        return ""
    number = explained.value(name)
    shown = f"{number + 0.0:.{digits}g}"
    return (
        shown
        if len(shown) <= WIDEST
        else f"{number:.0e}".replace("e-0", "e-").replace("e+0", "e")
    )


def _node(
    explained: Contents,
    template: Template,
    l: int,
    k: int,
    place: tuple[float, float],
) -> str:
    x, y = place
    a, back = f"A{l}.{k}", f"D{l}.{k}" if l else f"G0.{k}"
    said = (
        f"{explained.in_text(template, f'@{a}@')} = {_short(explained, a) or 'blank'}"
    )
    passed_back = f"{explained.in_text(template, f'@{back}@')} = {_short(explained, back) or 'blank'}"
    role = 'role="img"' if explained.blank else 'tabindex="0" role="button"'
    return (
        f'<g class="unit" data-name="{a}" data-back="{back}" {role} '
        f'aria-label="{escape(f"{said}, {passed_back}")}"><title>{escape(said)}</title>'
        f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="#fff" fill-opacity="0.92" stroke="currentColor"/>'
        f'<text x="{x:g}" y="{y + 4:g}" fill="#111">{_short(explained, a)}</text>'
        f'<text class="back" x="{x:g}" y="{y + RADIUS + 13:g}" font-size="10" fill="{BACK}">'
        f"{_short(explained, back)}</text></g>"
    )


def _head(
    explained: Contents, template: Template, l: int, drawn: int, height: float
) -> str:
    n = explained.numbers
    x = MARGIN_X + LAYER_GAP * l
    name = "input" if l == 0 else n.moment.network.activations[l - 1].name
    number = template.label(l)
    left = n.sizes[l] - drawn
    words = f'{escape(name)}, layer <tspan data-layer="{l}">{number}</tspan>'
    more = (
        f'<text x="{x}" y="{height + 6:g}" font-style="italic">⋮ {left} more</text>'
        if left
        else ""
    )
    return f'<text x="{x}" y="18" font-weight="600">{words}</text>{more}'
