"""The places of numbers, arrays and the rest of a sum in a formula of text or of LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .markup import Node, to_latex, to_text

__all__ = ["LATEX", "TEXT", "Form", "bracketed", "latex_number"]


def bracketed(number: str) -> str:
    """In brackets where it has a sign."""
    return f"({number})" if number.startswith("-") else number


def latex_number(number: str) -> str:
    r"""A number for LaTeX.

    Examples
    --------
    >>> latex_number("(-1.5e-07)")
    '(-1.5 \\cdot 10^{-7})'
    """
    return re.sub(
        r"e([+-])0*(\d+)",
        lambda m: rf" \cdot 10^{{{'-' if m[1] == '-' else ''}{m[2]}}}",
        number,
    )


@dataclass(frozen=True)
class Form:
    """The form of numbers in a formula of text or of LaTeX.

    Parameters
    ----------
    show : callable
        A formula in this form.
    number : callable
        A number, or several.
    dots : str
        For the rest of a sum.
    rest : callable
        That, or its number, with how many terms it is.
    near : str
        The sign ≈.
    blank, working : str
        For a number that is withheld, and for its formula with numbers.
    beside, below : str
        Between the numbers of a row, and between rows.
    ends : (str, str)
        Of an array.
    """

    show: Callable[[Node, Callable[[str], str]], str]
    number: Callable[[str], str]
    dots: str
    rest: Callable[[str, str], str]
    near: str
    blank: str
    working: str
    beside: str
    below: str
    ends: tuple[str, str]


TEXT = Form(
    to_text,
    str,
    "⋯",
    lambda shown, count: f"{shown} [{count} more]",
    "≈",
    "_" * 12,
    "." * 48,
    " ",
    "; ",
    ("[", "]"),
)
LATEX = Form(
    to_latex,
    latex_number,
    r"\cdots",
    lambda shown, count: rf"\underbrace{{{shown}}}_{{{count}\text{{ more}}}}",
    r"\approx",
    r"\rule[-2pt]{9em}{0.4pt}\rule{0pt}{4ex}",
    r"\makebox[36em]{\dotfill}\rule{0pt}{4ex}",
    " & ",
    r" \\ ",
    (r"\begin{bmatrix} ", r" \end{bmatrix}"),
)
