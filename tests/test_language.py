"""The rules of language of CONTRIBUTING.md, as far as a machine sees them: in docstrings, messages and pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import chainrule

pytestmark = pytest.mark.quick

SOURCE = Path(chainrule.__file__).parent
ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "examples").rglob("*.py")),
    *sorted((ROOT / "examples").rglob("*.rst")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
]
#: A clause is no subject: a head begins with a noun or an imperative.
CLAUSES = {"What", "How", "Whether", "When", "Where", "Which", "Who", "Why", "That"}
#: Pattern → what stands in its place.
WORDS = {
    r"\b(go|goes|going|gone) on\b": "continue, resume",
    r"\bmend(s|ed|ing)?\b": "fix, correct",
    r"optimis|initialis|normalis|standardis|penalis|recognis|minimis|maximis": "-iz-",
    r"behaviour|\bcolour|neighbour|favour": "-or",
    r"\b(cancell|labell|modell)(ed|ing)\b": "one l",
    r"\bChange it\.": "the action that helps",
}
#: An attribute of HTML; what 0.1 called otherwise, in the table of its names.
ALLOWED = re.compile(r"aria-labelledby|standardise(_target=…|d_targets\(\))")

#: An option of the command, not a variable of a style sheet.
OPTION = re.compile(r"(?<!var\()(?<![\w-])--[a-z][a-z-]*+(?!\s*:)")


def heads(source: str) -> Iterator[tuple[int, str]]:
    """Line and first word of each docstring."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text.split()[0].strip(",:;")


def misspelled(text: str) -> list[str]:
    """The words that the rules replace."""
    text = ALLOWED.sub("", text)
    return [m[0] for pattern in WORDS for m in re.finditer(pattern, text, re.I)]


def options(source: str) -> list[str]:
    """The options of the command that a source outside of `cli/` names."""
    return [m[0] for text in texts(source) for m in OPTION.finditer(text)]


def texts(source: str) -> Iterator[str]:
    """The strings of a file, docstrings and messages."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda p: str(p.relative_to(SOURCE))
)
def test_a_file_keeps_the_rules(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert [place for place in heads(source) if place[1] in CLAUSES] == []
    assert [word for text in texts(source) for word in misspelled(text)] == []
    assert "cli" in path.parts or options(source) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_page_keeps_the_rules(page: Path) -> None:
    assert misspelled(page.read_text(encoding="utf-8")) == []


def test_what_breaks_a_rule_is_seen() -> None:
    assert list(heads('def f():\n    """What it does."""')) == [(2, "What")]
    assert misspelled("The optimiser goes on; mend the colour. Change it.") == [
        *("goes on", "mend", "optimis", "colour", "Change it.")
    ]
    assert options('f"name it: --separator {x}."') == ["--separator"]
    assert misspelled('<i aria-labelledby="a"> line.correction') == []
