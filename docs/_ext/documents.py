"""Directives that show the table of the documents' checked lines and the notations.

`{document-lines} S1` renders the lines of one document with their verdicts, each with an address, s1-e73;
`{document-forms} S1` the same lines one by one: the commands that show each, and the code of its forms;
`{document-index}` the counts of all verdicts; `{notation-table}` the table `NOTATIONS`. In the tables of these pages _
and ^ set sub- and superscripts.
"""

from __future__ import annotations

import inspect
import io
import re
import shlex
import signal
import sys
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from tables import Cell, table

from chainrule.cli import main
from chainrule.documents import NOTATIONS, notation
from chainrule.documents.lines import Verdict, label_of
from chainrule.documents.table import LINES, SOURCES

#: How a case in which a printed form fails is called, and the failure.
FAILURES = {
    "value": "wrong numbers",
    "shape": "a wrong shape",
    "product": "shapes do not conform",
    "index": "an index out of range",
    "not finite": "not finite",
}
CASES = {
    "NS": "widths differ",
    "SQ": "widths agree",
    "ML": "hidden = output",
    "-": "as printed",
}


#: A network of each document with the loss that the ready example does not have.
TYPED = {
    "S0": "--weights 'W^[1] = [0 2 -1; -2 4 -1] W^[2] = [2 4 -8; 0 1 1]' --x '1 2' --y '1 0' \\\n"
    "  --activation sigmoid,softmax --loss cross_entropy",
    "S1": "--weights 'W^(1) = [1 2; 0 1] b^(1) = [0 0] W^(2) = [1 -1; 2 0] b^(2) = [0 0]' \\\n"
    "  --x '[1 0; 2 1]' --y '[1 0; 0 1]' --activation relu,softmax --loss cross_entropy",
    "S2": "--weights 'w^0 = [1 0 -2; 0 2 4; 0 -1 -1] w^1 = [1 2; 0 4; 0 -8]' --x '1 2' --y 1",
    "S3": "--weights 'n = [2 2 1] θ = [2 -1 4 -1 4 -8 0 -2 2]' --x '[1 0; 2 1]' --y '[1 0]'",
}


class WithLines(SphinxDirective):
    """A directive that reads the table of lines."""

    def depend(self) -> None:
        """Note that the page is made from the program's modules."""
        for name, module in sys.modules.items():
            if name.startswith("chainrule.documents") and module.__file__:
                self.env.note_dependency(module.__file__)
        for source, _ in SOURCES.values():
            self.env.note_dependency(str(source))


#: A sub- or superscript: in braces, which fall away, in the document's own brackets, or a word.
SCRIPT = re.compile(
    r"([_^])(?:\{((?:[^{}]|\{[^{}]*\})*)\}|(\([^()]*\)|\[[^\[\]]*\]|\w+?(?=_|\b)))"
)


def formula(text: str) -> list[nodes.Node]:
    """A line of formulas, its _ and ^ set as sub- and superscripts, its primes as primes."""
    found: list[nodes.Node] = []
    at = 0
    for script in SCRIPT.finditer(text):
        found.append(nodes.Text(text[at : script.start()].replace("'", "′")))
        kind = nodes.subscript if script[1] == "_" else nodes.superscript
        found.append(kind("", "", *formula(script[2] or script[3])))
        at = script.end()
    return [*found, nodes.Text(text[at:].replace("'", "′"))]


def failures(fails: dict[str, str]) -> str:
    """Where and how a printed form fails, in words."""
    return "; ".join(
        f"{CASES.get(case, case)}: {FAILURES[how]}" for case, how in fails.items()
    )


class DocumentLines(WithLines):
    """The lines of one document: ID, formula, verdict, what it should say."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.depend()
        rows: list[list[Cell]] = []
        for line in LINES.values():
            if line.document == self.arguments[0]:
                correction: Cell = formula(line.correction or "–")
                # the row's own address, for what links to it
                name = line.id.lower().replace(".", "-")
                anchor = nodes.target("", "", ids=[name], names=[name])
                self.state.document.note_explicit_target(anchor)
                page = f"lines_{line.document.lower()}.html"
                shown = nodes.reference("", "", refuri=f"{page}#{name}-code")
                shown += nodes.literal(line.id, line.id)
                rows.append(
                    [
                        [anchor, shown if line.form else (line.id,)],
                        formula(line.quoted),
                        [line.verdict.value],
                        correction,
                        [failures(dict(line.fails)) or line.reason or "–"],
                    ]
                )
        return [
            table(
                ("line", "says", "verdict", "should be, or meant", "the printed form"),
                rows,
            )
        ]


def explained(document: str) -> dict[str, str]:
    """Line → the number by which an explanation in the document's notation shows it."""
    if document == "X":
        return {}
    letters = notation(document).letters
    cited = [*letters.sources.values(), *letters.corrected.values()]
    found = {}
    for one in cited:
        for piece in one.split(", ") if isinstance(one, str) else one:
            number = piece.strip("()")
            found[piece if "." in piece else f"{document}.E{number}"] = number
    return found


def explaining(document: str, number: str) -> str:
    """The command that explains an equation: of the ready example, where that has it, else of a typed network."""
    plain = f"chainrule explain --notation {document} --equation '{number}'"
    for command in (plain, f"{plain} \\\n  {TYPED.get(document, '')}"):
        terminate = signal.getsignal(signal.SIGTERM)
        nowhere = io.StringIO()
        try:
            with redirect_stdout(nowhere), redirect_stderr(nowhere):
                main(shlex.split(command.replace("\\\n", ""))[1:])
            return command
        except SystemExit as stop:
            if not stop.code:
                return command
        finally:
            signal.signal(signal.SIGTERM, terminate)
    raise ExtensionError(f"{command}: {nowhere.getvalue()}")


class DocumentForms(WithLines):
    """Line by line, what leads from an equation to its erratum, its explanation and its code."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        self.depend()
        document = self.arguments[0]
        numbers = explained(document)
        found: list[nodes.Node] = []
        for line in LINES.values():
            if line.document != document or line.form is None:
                continue
            name = f"{line.id.lower().replace('.', '-')}-code"
            section = nodes.section(ids=[name], names=[name])
            self.state.document.note_explicit_target(section)
            section += nodes.title("", f"{line.id}: {line.verdict.value}")
            section += nodes.paragraph("", "", *formula(line.quoted))
            if line.correction:
                words = f"{label_of(line)}: {line.correction}"
                section += nodes.paragraph("", "", *formula(words))
            commands = [f"chainrule errata {line.id}"]
            if line.id in numbers:
                commands.append(explaining(document, numbers[line.id]))
            shell = "\n".join(commands)
            section += nodes.literal_block(shell, shell, language="sh")
            code = inspect.getsource(line.form)
            section += nodes.literal_block(code, code, language="python")
            found.append(section)
        return found


class DocumentIndex(WithLines):
    """How many lines of each verdict each document has, and all that is not as it should be."""

    def run(self) -> list[nodes.Node]:
        self.depend()
        documents = [*(one.alias for one in NOTATIONS.values()), "X"]
        counted = Counter((line.document, line.verdict) for line in LINES.values())
        head = ("document", "lines", *(verdict.value for verdict in Verdict))
        rows: list[list[Cell]] = [
            [[document], [str(sum(counted[document, v] for v in Verdict))]]
            + [[str(counted[document, verdict] or "–")] for verdict in Verdict]
            for document in documents
        ]
        rows.append(
            [["all"], [str(len(LINES))]]
            + [
                [str(sum(counted[document, verdict] for document in documents))]
                for verdict in Verdict
            ]
        )
        return [table(head, rows)]


class NotationTable(WithLines):
    """The table of notations."""

    def run(self) -> list[nodes.Node]:
        self.depend()
        rows: list[list[Cell]] = []
        for one in NOTATIONS.values():
            samples = "one" if one.samples == 1 else "any number"
            rows.append(
                [
                    [(one.name,)],
                    [(one.alias,)],
                    [one.document],
                    [samples],
                    [(one.module.__name__,)],
                ]
            )
        return [
            table(("name", "alias", "document", "samples in a pass", "module"), rows)
        ]


#: The pages whose tables write _ and ^ for sub- and superscripts.
LETTERS = re.compile(r"document_s\d|notations|start_understand")


def raise_scripts(app: Sphinx, page: nodes.document) -> None:
    """Set the _ and ^ in the tables of these pages, but for code."""
    if not LETTERS.fullmatch(app.env.docname):
        return
    for cell in page.findall(nodes.entry):
        for text in [*cell.findall(nodes.Text)]:
            if SCRIPT.search(text) and not isinstance(text.parent, nodes.literal):
                text.parent.replace(text, formula(text))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives, and what is done to the tables."""
    app.connect("doctree-read", raise_scripts)
    app.add_directive("document-lines", DocumentLines)
    app.add_directive("document-forms", DocumentForms)
    app.add_directive("document-index", DocumentIndex)
    app.add_directive("notation-table", NotationTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
