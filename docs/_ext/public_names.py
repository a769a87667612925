"""The directive `public-names`: documents every name of `chainrule.__all__`, none forgotten.

It stands in reStructuredText (in a page of Markdown: inside `{eval-rst}`), as docstrings do.
Docstrings are read as numpydoc text in which | and * mean themselves.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import nested_parse_with_titles

import chainrule


def data_comment(module: str, name: str) -> list[str]:
    """The comment `#:` above a module's constant."""
    return ModuleAnalyzer.for_module(module).find_attr_docs().get(("", name), [])


def document(
    path: str, value: Any, home: str, name: str, *, members: bool = True
) -> Iterator[str]:
    """The reStructuredText that documents one name."""
    if inspect.isclass(value):
        yield f".. autoclass:: {path}"
        yield f"   :members: {written_here(value)}" if members else ""
        yield "   :undoc-members:" if issubclass(value, enum.Enum) else ""
        yield "   :show-inheritance:" if issubclass(value, Exception) else ""
    elif callable(value):
        yield f".. autofunction:: {path}"
    else:
        yield f".. py:data:: {path}"
        yield ""
        yield from (f"   {line}" for line in data_comment(home, name))
        yield f"   Names: {', '.join(f'``{key}``' for key in value)}."
    yield ""


def written_here(value: type) -> str:
    """The names of the members to document: nothing for all; of an estimator those that are not scikit-learn's."""
    if not any(base.__module__.startswith("sklearn") for base in value.__mro__):
        return ""
    found = {
        name: getattr(value, name) for name in dir(value) if not name.startswith("_")
    }
    home = {
        name: getattr(member, "fget", member) for name, member in found.items()
    }  # of a property its function
    return ", ".join(
        name
        for name, member in home.items()
        if str(getattr(member, "__module__", "")).startswith("chainrule")
    )


def everything() -> Iterator[str]:
    """The whole of the public names: a list, those of `chainrule` module by module, then the namespaces."""
    names = sorted(chainrule._HOME, key=str.lower)
    yield from (", ".join(f":py:obj:`~chainrule.{name}`" for name in names) + ".", "")
    homes: dict[str, list[str]] = {}
    for name in chainrule._HOME:
        homes.setdefault(chainrule._HOME[name], []).append(name)
    for module, names in homes.items():
        home = importlib.import_module(f"chainrule.{module}")
        title = (home.__doc__ or module).split("\n", 1)[0].rstrip(".")
        yield from (
            title,
            "-" * len(title),
            "",
            ".. autosummary::",
            "   :nosignatures:",
            "",
        )
        yield from (
            f"   chainrule.{name}"
            for name in names
            if callable(getattr(chainrule, name))
        )
        yield ""
        for name in names:
            yield from document(
                f"chainrule.{name}", getattr(chainrule, name), home.__name__, name
            )
    for name in chainrule._NAMESPACES:
        yield from namespace(f"chainrule.{name}", getattr(chainrule, name))


def namespace(path: str, module: Any) -> Iterator[str]:
    """The reStructuredText of a module whose names are those of a table; its classes with their parameters."""
    yield from (path, "-" * len(path), "", module.__doc__, "")
    values = {name: getattr(module, name) for name in module.__all__}
    here = {
        name: value
        for name, value in values.items()
        if getattr(chainrule, name, None) is not value
    }
    classes = {name: value for name, value in here.items() if inspect.isclass(value)}
    others = [f"``{name}``" for name in here if name not in classes]
    yield from (f"Names: {', '.join(others)}." if others else "", "")
    for name, value in classes.items():
        members = name == "FirstOrder"
        yield from document(f"{path}.{name}", value, path, name, members=members)


class PublicNames(SphinxDirective):
    """Every public name."""

    def run(self) -> list[nodes.Node]:
        section = nodes.section()
        section.document = self.state.document
        nested_parse_with_titles(
            self.state, StringList(list(everything()), source="public-names"), section
        )
        return section.children


def escape_marks(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Escape | and * in running text: |W| is a magnitude, *parameters an argument list."""
    in_example = False
    for i, line in enumerate(lines):
        in_example = line.lstrip().startswith(">>>") or (
            in_example and bool(line.strip())
        )
        if not in_example:
            pieces = re.split(r"(`+[^`]*`+)", line)
            pieces[::2] = [re.sub(r"([|*])", r"\\\1", piece) for piece in pieces[::2]]
            lines[i] = "".join(pieces)
            lines[i] = re.sub(
                r"^(\d+)\.$", r"\1\\.", lines[i]
            )  # a number, not the start of a list
    if what in ("attribute", "property") and lines:
        lines[0] = (
            f": {lines[0]}"  # no type: else napoleon takes what stands before a colon for one
        )


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, and read docstrings before napoleon does."""
    app.add_directive("public-names", PublicNames)
    app.connect("autodoc-process-docstring", escape_marks, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
