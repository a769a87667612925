"""An explanation as users hold it: its contents, and the forms in which it is shown."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from ..arguments import argument
from ..errors import InputError, counted
from ..files.writing import write_whole
from .contents import Contents
from .render.html import page_of
from .render.json import content_of
from .render.latex import latex_of
from .render.svg import svg_of
from .render.text import text_of
from .spellings import spelling
from .template import Template

__all__ = ["Explanation", "require_form"]

FORMS = (".html", ".txt", ".tex", ".svg", ".json")


def require_form(path: Path, *, blank: bool) -> None:
    """Raise where no form has the ending of this path; of a sheet, `blank`, where it is JSON."""
    if path.suffix not in FORMS:
        raise InputError(
            f"{path}",
            f"a file that ends in {', '.join(FORMS)}",
            "Name it page.html, say.",
        )
    if blank and path.suffix == ".json":
        raise no_json_of_a_sheet()


def no_json_of_a_sheet() -> InputError:
    """The refusal of numbers in full where they are to be filled in."""
    blank = argument("blank", True)
    return InputError(
        f"JSON with {blank}",
        ", ".join(form for form in FORMS if form != ".json"),
        f"JSON has every number in full: write it without {blank}, for the solution.",
    )


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Contents):
    """The result of `chainrule.explain`: prints as text, and shows itself in a notebook.

    Its parameters are those of `Contents`.
    """

    def text(self, notation: str | None = None) -> str:
        """The whole as plain text.

        Parameters
        ----------
        notation : str, optional
            "canonical", "bias-last", "S4", …; by default that of the explanation.
        """
        return text_of(self, self._template(notation))

    def html(self) -> str:
        """One page that needs nothing else; all notations in it."""
        return page_of(self)

    def latex(self, notation: str | None = None) -> str:
        """A LaTeX document."""
        return latex_of(self, self._template(notation))

    def svg(self, notation: str | None = None) -> str:
        """The network drawn, with its numbers."""
        return svg_of(self, self._template(notation))

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON: each number in full, its formulas in every notation, its checks.

        Raises
        ------
        InputError
            Of a sheet to fill in: there is nothing that a program could read.
        """
        if self.blank:
            raise no_json_of_a_sheet()
        return content_of(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file whose ending says the form: .html, .txt, .tex, .svg or .json.

        Raises
        ------
        InputError
            Another ending; .json of a sheet to fill in.
        OSError
            The file cannot be written.
        """
        path = Path(path)
        require_form(path, blank=self.blank)
        if path.suffix == ".html":
            content = self.html()
        elif path.suffix == ".txt":
            content = self.text() + "\n"
        elif path.suffix == ".tex":
            content = self.latex()
        elif path.suffix == ".svg":
            content = self.svg()
        else:
            content = json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n"
        write_whole(path, content.encode())

    def _template(self, notation: str | None) -> Template:
        if notation is None:
            return self.template
        return self.templates[spelling(notation).name]

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        count = sum(len(step.entries) for step in self.steps)
        if self.blank:
            return (
                f"<Explanation: {self.title}, a sheet with {counted(count, 'blank')}>"
            )
        return f"<Explanation: {self.title}, {count} numbers, {'all checked' if self.passed else 'some FAIL'}>"

    def _repr_html_(self) -> str:
        """The page in a frame of its own, as notebooks show it."""
        return (
            f'<iframe title="{escape(self.title)}" style="width:100%;height:52rem;border:1px solid #bbb" '
            f'srcdoc="{escape(self.html())}"></iframe>'
        )
