"""Formulas: written once in a small part of TeX, read as a tree, shown as text, LaTeX or MathML."""

from __future__ import annotations

from .latex import latex_text, to_latex
from .mathml import to_mathml
from .text import to_text
from .tree import FUNCTIONS, SIGNS, Node, parse

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
