"""The directive `try-it`: the explorer in the page, as `chainrule explore --to` writes it."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from chainrule import explore

PAGE = "try_it.html"


class TryIt(SphinxDirective):
    """The frame that the explorer stands in."""

    def run(self) -> list[nodes.Node]:
        frame = (
            f'<iframe class="try-it" src="{PAGE}" title="The explorer" loading="lazy"></iframe>'
            f'<p><a href="{PAGE}">Open it in a page of its own.</a></p>'
        )
        return [nodes.raw("", frame, format="html")]


def write(app: Sphinx, failed: Exception | None) -> None:
    """Write the page beside those of the site."""
    if failed is None and app.builder.format == "html":
        explore().save(Path(app.outdir) / PAGE)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, and write the page at the end."""
    app.add_directive("try-it", TryIt)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
