"""Formulas as MathML, made at build time: they are drawn without a script and without a network."""

from __future__ import annotations

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.writers.html5 import HTML5Translator

#: Signs that are written as themselves, which the converter takes for names, and functions without parentheses.
SIGNS = re.compile(r"<mi>([⊙≥≤←→∈≠≈×·±…])</mi>")
APPLIED = re.compile(
    r"(<mi>(?:log|exp|max|min|tanh|sech|cosh)</mi>)(?=<m(?:i|n|sub|sup|row|frac)>)"
)
#: A minus of one number: behind an opening bracket, a comma, or an equals sign.
NEGATIVE = re.compile(
    r"(<mo[^>]*>(?:&#x00028;|\[|&#x0002C;|&#x0003D;)</mo>)<mo>(?=&#x02212;</mo>)"
)
#: A command, or an environment with its &, that the converter does not know and leaves as it is.
UNKNOWN = re.compile(r"<mi>(?:&|\\\w+)</mi>")


def mathml(text: str, display: str) -> str:
    """A formula of LaTeX as MathML."""
    found = SIGNS.sub(r"<mo>\1</mo>", convert(text, display=display))
    if left := UNKNOWN.search(found):
        raise ExtensionError(f"{left[0]} in the MathML of {text}")
    found = NEGATIVE.sub(r'\1<mo form="prefix">', found)
    return APPLIED.sub(r'\1<mspace width="0.17em"/>', found)


def inline(writer: HTML5Translator, node: nodes.math) -> None:
    """A formula within a line."""
    writer.body.append(mathml(node.astext(), "inline"))
    raise nodes.SkipNode


def block(writer: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own, which scrolls where it is wider than the page."""
    written = mathml(node.astext(), "block")
    writer.body.append(
        writer.starttag(node, "div", CLASS="formula") + written + "</div>\n"
    )
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer, which `html_math_renderer` names."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
