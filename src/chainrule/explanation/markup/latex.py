"""A formula, and words, for LaTeX with amsmath."""

from __future__ import annotations

import unicodedata

from .tree import SIGNS, Fill, Node

__all__ = ["latex_text", "to_latex"]

LATEX = {
    "jacobian": r"\tilde{J}",
    "thin": r"\,",
    "minus": "-",
    "Norm": r"\Vert",
    "sum": r"\textstyle\sum",
}
#: Kinds of a base that needs no braces before a script.
SINGLE = ("letter", "number", "sign", "operator", "function")


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
        if node.parts[0].kind not in SINGLE:
            base = f"{{{base}}}"
        base += f"_{{{below}}}" if below else ""
        return base + (f"^{{{above}}}" if above else "")
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
