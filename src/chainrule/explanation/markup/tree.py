r"""Formulas written once in a small part of TeX, read as a tree.

The part is: letters, digits and signs; `^{}` and `_{}`; `\frac{}{}`, `\sqrt{}`; the names in `SIGNS`;
`\text{}`, `\word{}` (a name of several letters); `\rows{a & b \\ c}`, a matrix; and `@name@`, a place that is
filled in by whoever shows the formula. Nothing here knows what a formula means.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = [
    "EMPTY",
    "FUNCTIONS",
    "RELATIONS",
    "SIGNS",
    "SUM",
    "Fill",
    "Node",
    "parse",
    "shown",
]

#: From the name of a place to what is shown there.
Fill = Callable[[str], str]
#: name → the character, and what LaTeX calls it where that is something else.
SIGNS = {"quad": "  ", "thin": " "} | dict(
    re.findall(
        r"(\w+) (\S)",
        """
partial ∂  delta δ  Delta Δ  phi φ  sigma σ  mu μ  alpha α  eta η  theta θ  lambda λ
beta β  epsilon ε  rho ρ  ell ℓ  Phi Φ  nabla ∇  pi π  odot ⊙  cdot ·  sum Σ  le ≤
ge ≥  cdots ⋯  leftarrow ←  top ᵀ  prime ′  minus −  mid |  Norm ‖  langle ⟨  rangle ⟩
approx ≈  times ×  infty ∞  to →
""",
    )
)
SIGNS["jacobian"] = "J\u0303"
FUNCTIONS = ("log", "exp", "tanh", "max", "min", "cosh")
#: Those that join or compare, and the rest that are no letters.
RELATIONS = {"=", "+", "<", ">", "cdot", "odot", "le", "ge", "leftarrow", "minus"}
RELATIONS |= {"approx", "times", "to"}
OPERATORS = {"sum", "cdots", "quad", "mid", "Norm", "langle", "rangle", "thin"}
OPERATORS |= {name for name in RELATIONS if name in SIGNS}
TOKEN = re.compile(r"\\\\|\\[A-Za-z]+|@[^@]*@|\d+(?:\.\d+)?|\s+|.", re.DOTALL)


@dataclass(frozen=True)
class Node:
    """A part of a formula.

    Parameters
    ----------
    kind : str
        "row", "letter", "number", "operator", "sign", "function", "text", "word", "place", "frac", "sqrt", "script",
        "rows".
    text : str
        What a leaf shows.
    parts : tuple of Node
        Of "script" the base, what is below and what is above, either of which may be an empty row.
    """

    kind: str
    text: str = ""
    parts: tuple[Node, ...] = ()


EMPTY, SUM = Node("row"), Node("operator", "sum")


def parse(source: str) -> Node:
    r"""The tree of a formula.

    Examples
    --------
    >>> [part.kind for part in parse(r"\frac{a}{b} = @x@").parts]
    ['frac', 'operator', 'place']
    """
    return _row(TOKEN.findall(source), 0, ())[0]


def _row(tokens: list[str], at: int, ends: tuple[str, ...]) -> tuple[Node, int]:
    parts: list[Node] = []
    while at < len(tokens) and tokens[at] not in ends:
        if tokens[at].isspace():
            at += 1
        elif tokens[at] in ("^", "_"):
            above = tokens[at] == "^"
            script, at = _group(tokens, at + 1)
            base = parts.pop() if parts else EMPTY
            below, over = EMPTY, EMPTY
            if base.kind == "script" and base.parts[2 if above else 1] == EMPTY:
                base, below, over = base.parts
            below, over = (below, script) if above else (script, over)
            parts.append(Node("script", "", (base, below, over)))
        else:
            part, at = _part(tokens, at)
            parts.append(part)
    return (parts[0] if len(parts) == 1 else Node("row", "", tuple(parts))), at


def _group(tokens: list[str], at: int) -> tuple[Node, int]:
    """The content of braces, or the one token without them."""
    if tokens[at] != "{":
        return _part(tokens, at)
    node, at = _row(tokens, at + 1, ("}",))
    return node, at + 1


def _raw(tokens: list[str], at: int) -> tuple[str, int]:
    """The characters between braces, as they stand."""
    end = tokens.index("}", at)
    return "".join(tokens[at + 1 : end]), end + 1


def _part(tokens: list[str], at: int) -> tuple[Node, int]:
    token = tokens[at]
    name = token[1:]
    if token[0] == "@":
        return Node("place", token[1:-1]), at + 1
    if token[0] == "{":
        return _group(tokens, at)
    if token[0] == "}":
        raise ValueError("a } too many")
    if token[0] != "\\":
        letter = "letter" if token.isalpha() else "operator"
        return Node("number" if token[0].isdigit() else letter, token), at + 1
    if name in ("text", "word"):
        words, at = _raw(tokens, at + 1)
        return Node(name, words), at
    if name in ("frac", "sqrt"):
        first, at = _group(tokens, at + 1)
        if name == "sqrt":
            return Node(name, "", (first,)), at
        bottom, at = _group(tokens, at)
        return Node(name, "", (first, bottom)), at
    if name == "rows":
        return _matrix(tokens, at + 2)
    if name in FUNCTIONS:
        return Node("function", name), at + 1
    return Node("operator" if name in OPERATORS else "sign", name), at + 1


def _matrix(tokens: list[str], at: int) -> tuple[Node, int]:
    lines: list[Node] = []
    cells: list[Node] = []
    while True:
        cell, at = _row(tokens, at, ("&", "\\\\", "}"))
        cells.append(cell)
        end, at = tokens[at], at + 1
        if end != "&":
            lines.append(Node("row", "", tuple(cells)))
            cells = []
        if end == "}":
            return Node("rows", "", tuple(lines)), at


def shown(node: Node) -> str:
    """The characters of a leaf."""
    named = node.kind in ("sign", "operator")
    return SIGNS.get(node.text, node.text) if named else node.text
