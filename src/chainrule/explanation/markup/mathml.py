"""A formula as MathML."""

from __future__ import annotations

from html import escape

from .tree import EMPTY, SUM, Fill, Node, shown

__all__ = ["to_mathml"]

#: Signs within a script stand close.
TIGHT = '<mo lspace="0" rspace="0" stretchy="false">'


def to_mathml(node: Node, fill: Fill) -> str:
    """The inside of a MathML formula; `fill` gives the MathML of a place."""
    inside = [to_mathml(part, fill) for part in node.parts]
    if node.kind == "script":
        below, above = (part.replace("<mo>", TIGHT) for part in inside[1:])
        under, over = ("under", "over") if node.parts[0] == SUM else ("sub", "sup")
        if node.parts[1] == EMPTY:
            return f"<msup>{inside[0]}{above}</msup>"
        if node.parts[2] == EMPTY:
            return f"<m{under}>{inside[0]}{below}</m{under}>"
        return f"<m{under}{over}>{inside[0]}{below}{above}</m{under}{over}>"
    tags = {"row": "mrow", "frac": "mfrac", "sqrt": "msqrt"}
    if node.kind in tags:
        return f"<{tags[node.kind]}>{''.join(inside)}</{tags[node.kind]}>"
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
    words = shown(node)
    if node.kind in ("sign", "operator"):
        words = words.replace("-", "−")
    words = escape(words)
    if node.kind == "number":
        return f"<mn>{words}</mn>"
    if node.text == "thin":
        return '<mspace width="0.17em"></mspace>'
    if node.kind == "operator" or node.text in ("top", "prime"):
        if node.text in ("langle", "rangle"):
            return f"{TIGHT}{words}</mo>"
        if node.text in ("(", ")"):
            return f'<mo lspace="0" rspace="0">{words}</mo>'
        return f"<mo>{'T' if node.text == 'top' else words}</mo>"
    return f"<mi>{words}</mi>"
