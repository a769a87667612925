"""Pictures of the gallery that are the value of a block, as `report.plot()` is: such a figure is not pyplot's."""

from __future__ import annotations

import ast
from typing import Any

from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx_gallery.scrapers import figure_rst


def returned_figure(
    block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any]
) -> str:
    """Save the figure that the block's last expression is, and give its reStructuredText."""
    statements = ast.parse(block.content).body
    if not statements or not isinstance(statements[-1], ast.Expr):
        return ""
    # the gallery keeps the value under this name
    value = block_vars["example_globals"].get("___")
    if not isinstance(value, Figure):
        return ""
    path = next(block_vars["image_path_iterator"])
    value.savefig(path)
    return figure_rst([path], gallery_conf["src_dir"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Nothing to register: the gallery finds the function by its name."""
    return {"parallel_read_safe": True, "parallel_write_safe": True}
