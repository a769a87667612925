r"""Formulas: written once in a small part of TeX, read as a tree, shown as text, LaTeX or MathML.

The part is: letters, digits and signs; `^{}` and `_{}`; `\frac{}{}`, `\sqrt{}`; the names in `SIGNS`;
`\text{}`, `\word{}` (a name of several letters); `\rows{a & b \\ c}`, a matrix; and `@name@`, a place that is
filled in by whoever shows the formula. Nothing here knows what a formula means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

__all__ = [
    "FUNCTIONS",
    "SIGNS",
    "Node",
    "latex_text",
    "parse",
    "to_latex",
    "to_mathml",
    "to_text",
]

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
LATEX = {
    "jacobian": r"\tilde{J}",
    "thin": r"\,",
    "minus": "-",
    "Norm": r"\Vert",
    "sum": r"\textstyle\sum",
}
FUNCTIONS = ("log", "exp", "tanh", "max", "min", "cosh")
#: Those that join or compare, and the rest that are no letters.
RELATIONS = {"=", "+", "<", ">", "cdot", "odot", "le", "ge", "leftarrow", "minus"}
RELATIONS |= {"approx", "times", "to"}
OPERATORS = {"sum", "cdots", "quad", "mid", "Norm", "langle", "rangle", "thin"}
OPERATORS |= {name for name in RELATIONS if name in SIGNS}
KINDS = ("sign", "operator")
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


EMPTY = Node("row")


def parse(source: str) -> Node:
    r"""The tree of a formula.

    Examples
    --------
    >>> to_text(parse(r"\frac{\partial L}{\partial h_{j}^{n-1}} = @x@"), lambda name: "0.5")
    '∂L/∂h^(n-1)_j = 0.5'
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
            parts.append(
                Node(
                    "script",
                    "",
                    (base, below, script) if above else (base, script, over),
                )
            )
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
        kind = (
            "number"
            if token[0].isdigit()
            else "letter"
            if token.isalpha()
            else "operator"
        )
        return Node(kind, token), at + 1
    if name in ("text", "word"):
        words, at = _raw(tokens, at + 1)
        return Node(name, words), at
    if name == "frac":
        top, at = _group(tokens, at + 1)
        bottom, at = _group(tokens, at)
        return Node("frac", "", (top, bottom)), at
    if name == "sqrt":
        inside, at = _group(tokens, at + 1)
        return Node("sqrt", "", (inside,)), at
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


Fill = Callable[[str], str]


def to_text(node: Node, fill: Fill) -> str:
    """One line of text; `fill` gives the text of a place."""
    inside = [to_text(part, fill) for part in node.parts]
    if node.kind == "row":
        return _spaced(node.parts, inside)
    if node.kind == "script":
        base, below, above = inside
        if node.parts[2] == Node("sign", "top"):
            above, lifted = "", "ᵀ"
        elif node.parts[2] == Node("sign", "prime"):
            above, lifted = "", "′"
        else:
            lifted = ""
        return base + lifted + _lowered("^", above) + _lowered("_", below)
    if node.kind == "frac":
        return (
            f"{_grouped(node.parts[0], inside[0])}/{_grouped(node.parts[1], inside[1])}"
        )
    if node.kind == "sqrt":
        return (
            f"√({inside[0]})"
            if node.parts[0].kind in ("row", "frac")
            else f"√{inside[0]}"
        )
    if node.kind == "rows":
        return (
            "["
            + "; ".join(
                " ".join(to_text(cell, fill) for cell in line.parts)
                for line in node.parts
            )
            + "]"
        )
    if node.kind == "place":
        return fill(node.text)
    return (
        SIGNS[node.text]
        if node.kind in ("sign", "operator") and node.text in SIGNS
        else node.text
    )


def _spaced(parts: tuple[Node, ...], texts: list[str]) -> str:
    """Spaces about signs between two things, after commas and functions."""
    line = ""
    for number, (part, text) in enumerate(zip(parts, texts, strict=True)):
        previous = parts[number - 1] if number else None
        after_operand = previous is not None and not (
            previous.kind == "text"
            or (previous.kind == "operator" and previous.text not in (")", "]"))
        )
        if (
            part.kind == "operator"
            and part.text in RELATIONS
            and (after_operand or part.text == "=")
        ):
            line = f"{line.rstrip()} {text} "
        elif part.kind == "operator" and part.text in (",", ";"):
            line += f"{text} "
        elif part.kind == "text":
            space = "" if text.startswith(",") else " "
            line = f"{line.rstrip()}{space}{text} "
        elif part.kind == "operator" and part.text == "sum":
            line += text
        else:
            apart = previous is not None and _apart(previous, part, text)
            line += f" {text}" if apart and not line.endswith(" ") else text
    return line.strip()


def _apart(previous: Node, part: Node, text: str) -> bool:
    """Return whether a space stands between two factors, or between a function and its argument."""
    if text[:1] in (")", "]"):
        return False
    if _big(previous) or (_is_array(previous) and _is_array(part)):
        return True
    if previous.kind == "function":
        return text[:1] != "("
    if part.kind in ("operator", "rows") or previous.text == "partial":
        return False
    simple = ("script", "word", "letter", "sign", "number", "frac")
    long = ("script", "word", "frac")
    return (previous.kind in long and part.kind in simple) or (
        previous.kind in simple and part.kind in long
    )


def _big(node: Node) -> bool:
    """Return whether it is Σ with its limits."""
    return node.kind == "script" and node.parts[0] == Node("operator", "sum")


def _is_array(node: Node) -> bool:
    """Return whether a space keeps it from its neighbor: a place, a matrix, or one of these with a script."""
    return node.kind in ("place", "rows") or (
        node.kind == "script" and _is_array(node.parts[0])
    )


def _lowered(sign: str, text: str) -> str:
    if not text:
        return ""
    plain = text.replace(" ", "")
    bare = (
        len(plain) == 1
        or plain.isalnum()
        or (plain[0] in "[(" and plain[-1] in ")]")
        or sign == "_"
    )
    return sign + (
        plain
        if bare and not (sign == "_" and re.search(r"[^\w,]", plain))
        else f"({plain})"
    )


def _grouped(node: Node, text: str) -> str:
    """In brackets where a fraction written in a line would else be read otherwise."""
    loose = node.kind == "row" and any(
        part.kind == "operator" and part.text in ("+", "minus", "cdot", "=", "sum")
        for part in node.parts
    )
    return f"({text})" if loose or node.kind == "frac" else text


def to_latex(node: Node, fill: Fill) -> str:
    """The formula for LaTeX with amsmath; `fill` gives the LaTeX of a place."""
    inside = [to_latex(part, fill) for part in node.parts]
    if node.kind == "row":
        tall = any(r"\frac" in part for part in inside) and inside.count(
            "("
        ) == inside.count(")")
        high = {"(": r"\left(", ")": r"\right)"} if tall else {}
        return " ".join(high.get(part, part) for part in inside)
    if node.kind == "script":
        base, below, above = inside
        base = (
            base
            if node.parts[0].kind
            in ("letter", "number", "sign", "operator", "function")
            else f"{{{base}}}"
        )
        return (
            base
            + (f"_{{{below}}}" if below else "")
            + (f"^{{{above}}}" if above else "")
        )
    if node.kind == "frac":
        return rf"\frac{{{inside[0]}}}{{{inside[1]}}}"
    if node.kind == "sqrt":
        return rf"\sqrt{{{inside[0]}}}"
    if node.kind == "rows":
        lines = (
            " & ".join(to_latex(cell, fill) for cell in line.parts)
            for line in node.parts
        )
        return r"\begin{bmatrix} " + r" \\ ".join(lines) + r" \end{bmatrix}"
    if node.kind == "place":
        return fill(node.text)
    if node.kind == "text":
        return rf"\text{{ {latex_text(node.text)} }}"
    if node.kind == "word":
        return rf"\mathit{{{latex_text(node.text)}}}"
    if node.kind == "operator" and node.text in ("%", "#", "&", "$", "{", "}"):
        return rf"\{node.text}"
    named = node.kind == "function" or (
        node.kind in ("sign", "operator") and node.text in SIGNS
    )
    return LATEX.get(node.text, rf"\{node.text}") if named else node.text


#: What pdfLaTeX does not take as it stands.
PLAIN = {sign: rf"$\{name}$" for name, sign in SIGNS.items() if len(sign.strip()) == 1}
PLAIN |= {"−": "$-$", "′": "$'$", "Σ": r"$\sum$", "‖": r"$\Vert$", "ᵀ": r"$^{\top}$"}
PLAIN |= {"…": r"\dots{}", "✓": "", "✗": "", "½": r"$\frac12$", "–": "--"}
PLAIN |= {"^": r"\textasciicircum{}", "|": r"$\vert$", "<": "$<$", ">": "$>$", "\\": ""}


#: Combining characters → LaTeX's accents.
ACCENTS = dict(
    zip("\u0300\u0301\u0302\u0303\u0308\u030a\u0327", "`'^~\"rc", strict=True)
)


def latex_text(words: str) -> str:
    r"""Plain text for LaTeX; a character that pdfLaTeX lacks by its code point.

    Examples
    --------
    >>> latex_text("4 → 3 tanh, δ ≤ 50 %")
    '4 $\\to$ 3 tanh, $\\delta$ $\\le$ 50 \\%'
    >>> latex_text("é 数")
    "\\'{e} [U+6570]"
    """
    return "".join(_latex_character(c) for c in words)


def _latex_character(c: str) -> str:
    if c in "%#&$_{}":
        return rf"\{c}"
    if c in PLAIN or (c.isascii() and c.isprintable()):
        return PLAIN.get(c, c)
    base, *accents = list(unicodedata.normalize("NFD", c))
    if (
        base.isascii()
        and base.isalpha()
        and len(accents) == 1
        and accents[0] in ACCENTS
    ):
        return rf"\{ACCENTS[accents[0]]}{{{base}}}"
    return " " if c.isspace() else f"[U+{ord(c):04X}]"


#: Signs within a script stand close.
TIGHT = '<mo lspace="0" rspace="0" stretchy="false">'


def to_mathml(node: Node, fill: Fill) -> str:
    """The inside of a MathML formula; `fill` gives the MathML of a place."""
    inside = [to_mathml(part, fill) for part in node.parts]
    if node.kind == "script":
        inside[1:] = [part.replace("<mo>", TIGHT) for part in inside[1:]]
    if node.kind == "row":
        return f"<mrow>{''.join(inside)}</mrow>"
    if node.kind == "script":
        base, below, above = inside
        if node.parts[0] == Node("operator", "sum") and not above_only(node):
            return (
                f"<munderover>{base}{below}{above}</munderover>"
                if above != "<mrow></mrow>"
                else (f"<munder>{base}{below}</munder>")
            )
        if node.parts[1] == EMPTY:
            return f"<msup>{base}{above}</msup>"
        return (
            f"<msub>{base}{below}</msub>"
            if node.parts[2] == EMPTY
            else f"<msubsup>{base}{below}{above}</msubsup>"
        )
    if node.kind in ("frac", "sqrt"):
        tag = {"frac": "mfrac", "sqrt": "msqrt"}[node.kind]
        return f"<{tag}>{''.join(inside)}</{tag}>"
    if node.kind == "rows":
        lines = "".join(
            f"<mtr>{''.join(f'<mtd>{to_mathml(cell, fill)}</mtd>' for cell in line.parts)}</mtr>"
            for line in node.parts
        )
        return f"<mrow><mo>[</mo><mtable>{lines}</mtable><mo>]</mo></mrow>"
    if node.kind == "place":
        return fill(node.text)
    if node.kind == "text":
        return f"<mtext>\u00a0{escape(node.text)}\u00a0</mtext>"
    if node.text == "jacobian":
        return '<mover accent="true"><mi>J</mi><mo>~</mo></mover>'
    shown = escape(
        SIGNS.get(node.text, node.text).replace("-", "−")
        if node.kind in KINDS
        else node.text
    )
    if node.kind == "number":
        return f"<mn>{shown}</mn>"
    if node.text == "thin":
        return '<mspace width="0.17em"></mspace>'
    if node.kind == "operator" or node.text in ("top", "prime"):
        if node.text in ("langle", "rangle"):
            return f"{TIGHT}{shown}</mo>"
        if node.text in ("(", ")"):
            return f'<mo lspace="0" rspace="0">{shown}</mo>'
        return f"<mo>{'T' if node.text == 'top' else shown}</mo>"
    return f"<mi>{shown}</mi>"


def above_only(node: Node) -> bool:
    """Return whether a script has nothing below."""
    return node.parts[1] == EMPTY
