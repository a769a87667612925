"""Configuration of the documentation site.

Build: `sphinx-build -W --keep-going -b html docs docs/_build/html`. Needs no network.
"""

from __future__ import annotations

import sys
from pathlib import Path

import chainrule

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "chainrule"
author = "The chainrule authors"
copyright = author  # noqa: A001  # the name that Sphinx reads
version = release = chainrule.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "code_blocks",
    "figures",
    "tables",
    "documents",
    "mathml",
    "public_names",
    "try_it",
]
exclude_patterns = ["_build", "_ext"]
default_role = "py:obj"

# every example runs at each build; nothing on its page depends on the machine's speed
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "subsection_order": [
        f"../examples/{name}"
        for name in (
            "start",
            "tables",
            "regression",
            "own_functions",
            "inside",
            "interchange",
            "documents",
        )
    ],
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "image_scrapers": ("matplotlib", "figures.returned_figure"),
    "capture_repr": ("_repr_html_",),
    "remove_config_comments": True,
    "download_all_examples": False,
    "show_signature": False,
    "min_reported_time": 3600,
    "write_computation_times": False,
}

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3

autosummary_generate = False  # the pages are written by public_names
autodoc_typehints = "none"  # docstrings state types and shapes
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False

html_math_renderer = "mathml"
html_theme = "furo"
html_title = f"chainrule {release}"
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["chainrule.css"]
pygments_style = "tango"
