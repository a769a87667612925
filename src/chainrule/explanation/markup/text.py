"""A formula as a line of text."""

from __future__ import annotations

import re

from .tree import RELATIONS, SUM, Fill, Node, shown

__all__ = ["to_text"]


def to_text(node: Node, fill: Fill) -> str:
    r"""One line of text; `fill` gives the text of a place.

    Examples
    --------
    >>> from chainrule.explanation.markup import parse
    >>> to_text(parse(r"\frac{\partial L}{\partial h_{j}^{n-1}} = @x@"), lambda name: "0.5")
    '∂L/∂h^(n-1)_j = 0.5'
    """
    inside = [to_text(part, fill) for part in node.parts]
    if node.kind == "row":
        return _spaced(node.parts, inside)
    if node.kind == "script":
        base, below, above = inside
        if above in ("ᵀ", "′"):
            base, above = base + above, ""
        return base + _lowered("^", above) + _lowered("_", below)
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
    return shown(node)


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
        elif part == SUM:
            line += text
        else:
            apart = previous is not None and _apart(previous, part, text)
            line += f" {text}" if apart and not line.endswith(" ") else text
    return line.strip()


def _apart(previous: Node, part: Node, text: str) -> bool:
    """Return whether a space stands between two factors, or between a function and its argument."""
    if text[:1] in (")", "]"):
        return False
    big = previous.kind == "script" and previous.parts[0] == SUM  # with its limits
    if big or (_is_array(previous) and _is_array(part)):
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
