"""Text from outside on its way to a terminal: control characters are shown as escapes, never obeyed.

Names of columns, labels of classes and paths come from files that may come from anybody. A terminal obeys what is in
them: it clears the screen, sets the clipboard or its title, or turns the direction of writing around.
"""

from __future__ import annotations

import unicodedata

__all__ = ["printable", "printable_lines"]

#: Joiners that scripts and emoji need, and that do nothing else.
JOINERS = "\u200c\u200d"
#: Kinds of characters that are escaped: controls, formats (directions among them), surrogates, ends of lines and
#: paragraphs.
ESCAPED = ("Cc", "Cf", "Cs", "Zl", "Zp")


def printable(text: str) -> str:
    r"""Text in one line, with every character that a terminal obeys as an escape of Python's.

    Examples
    --------
    >>> print(printable("größe\x1b[2J\n\u202e"))
    größe\x1b[2J\n\u202e
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def printable_lines(text: str) -> str:
    r"""The same of text of ours in several lines, which stay apart.

    Examples
    --------
    >>> print(printable_lines("one\x07\ntwo"))
    one\x07
    two
    """
    return "\n".join(map(printable, text.split("\n")))


def _shown(character: str) -> str:
    if character in JOINERS or unicodedata.category(character) not in ESCAPED:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
