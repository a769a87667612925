"""Code without the blank line that a test of a page needs behind its last output."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx


def end_at_the_last_line(app: Sphinx, page: nodes.document) -> None:
    """Drop blank lines at the end of each block of code."""
    for block in page.findall(nodes.literal_block):
        if block.rawsource == block.astext():  # else it is marked up, and not colored
            block.rawsource = block.rawsource.rstrip()
            block[:] = [nodes.Text(block.rawsource)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register it for each page that was read."""
    app.connect("doctree-read", end_at_the_last_line)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
