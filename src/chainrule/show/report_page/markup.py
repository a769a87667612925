"""Pieces of HTML: text made safe, tables with their heads, figures with what they show in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Cell", "figure", "paragraph", "section", "table", "text"]

#: The words of a cell, and its class.
Cell = tuple[str, str]


def text(value: object) -> str:
    """Text that means itself.

    Examples
    --------
    >>> text("<=50K & more")
    '&lt;=50K &amp; more'
    """
    return escape(str(value))


def paragraph(words: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{text(words)}</p>"


def section(title: str, *parts: str) -> str:
    """A section under a heading that names it; without parts, nothing."""
    name = "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
    inside = "\n".join(part for part in parts if part)
    if not inside:
        return ""
    return f'<section aria-labelledby="{name}">\n<h2 id="{name}">{text(title)}</h2>\n{inside}\n</section>'


def figure(
    svgs: str | Sequence[str], caption: str, description: str, *, small: bool = False
) -> str:
    """A picture, or some beside each other; its caption; and what it shows for those who do not see it."""
    svgs = [svgs] if isinstance(svgs, str) else svgs
    kind = ' class="small"' if small or len(svgs) > 1 else ""
    return (
        f'<figure{kind}>\n<div class="row" role="img" aria-label="{text(description)}">{"".join(svgs)}</div>\n'
        f"<figcaption>{text(caption)}</figcaption>\n</figure>"
    )


def table(
    caption: str,
    heads: Sequence[str],
    rows: Iterable[Sequence[str | Cell]],
    *,
    numbers: bool = False,
) -> str:
    """A table whose first column names its rows; scrolls sideways where the page is narrow."""
    right = ' class="n"' if numbers else ""
    top = "".join(
        f'<th scope="col"{right if i else ""}>{text(head)}</th>'
        for i, head in enumerate(heads)
    )
    lines = []
    for row in rows:
        cells = [cell if isinstance(cell, tuple) else (cell, "") for cell in row]
        first = f'<th scope="row">{text(cells[0][0])}</th>'
        rest = "".join(
            f'<td class="{" ".join(filter(None, ("n" if numbers else "", kind)))}">{text(words)}</td>'
            for words, kind in cells[1:]
        )
        lines.append(f"<tr>{first}{rest}</tr>")
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}"><table>\n'
        f"<caption>{text(caption)}</caption>\n<thead><tr>{top}</tr></thead>\n<tbody>\n"
        + "\n".join(lines)
        + "\n</tbody></table></div>"
    ).replace(' class=""', "")
