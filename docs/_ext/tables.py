"""Directives that show the program's own tables, so that the pages cannot differ from them.

`{activation-table}` renders `ACTIVATIONS`, `{loss-table}` renders `LOSSES`, `{optimizer-table}` renders
`OPTIMIZERS`, `{schedule-table}` renders `SCHEDULES`, `{stop-reason-table}` renders `StopReason`.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from docutils import nodes
from mathml import APPLIED
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from chainrule import ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES, StopReason
from chainrule.explanation.functions import (
    general_activation,
    general_loss,
    general_loss_slope,
    general_slope,
)
from chainrule.explanation.markup import parse, to_mathml
from chainrule.explanation.updates import general_update

#: A cell: pieces of text, those in a tuple set as code, and pieces that are set already.
Cell = Sequence[str | tuple[str] | nodes.Node]
#: Ranges are shown, and pairs are tried, for a layer of this many units.
WIDTH = 2
#: Of the names in a rule's update.
LETTERS = {"theta": r"\theta", "g": r"\nabla J", "alpha": r"\alpha"}
LETTERS |= {"m": "m", "v": "v"}
#: Parameters that lead to other updates.
VARIANTS = {
    "": {},
    "with momentum": {"momentum": 0.9},
    "with Nesterov": {"momentum": 0.9, "nesterov": True},
}


def table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> nodes.container:
    """A table of cells, in a box that scrolls where the page is narrow."""

    def row_of(cells: Sequence[Cell]) -> nodes.row:
        row = nodes.row()
        for cell in cells:
            paragraph = nodes.paragraph()
            for piece in cell:
                if isinstance(piece, nodes.Node):
                    paragraph += piece
                    continue
                text = piece if isinstance(piece, str) else piece[0]
                paragraph += (
                    nodes.Text(text)
                    if isinstance(piece, str)
                    else nodes.literal(text, text)
                )
            row += nodes.entry("", paragraph)
        return row

    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]
    group += nodes.thead("", row_of([[title] for title in head]))
    group += nodes.tbody("", *(row_of(row) for row in rows))
    return nodes.container("", nodes.table("", group), classes=["table-wrapper"])


def drawn(markup: str, *, sums: bool = True) -> nodes.raw:
    """A formula as MathML, in pieces, as a browser breaks none: before its conditions, else before `sums` and σ."""
    whole = parse(markup)
    parts = whole.parts if whole.kind == "row" else (whole,)
    sums = sums and not any(part.kind == "text" for part in parts)
    pieces: list[str] = [""]
    depth, before = 0, "("
    for part in parts:
        # brackets that do not grow, with the spaces of brackets
        found = to_mathml(part, str).replace(
            'lspace="0" rspace="0"', 'stretchy="false"'
        )
        term = part.text in ("+", "minus") or (part.text, before) == ("sigma", "thin")
        if part.kind == "text":
            pieces[-1] += (
                "<mtext>,</mtext>" * part.text.startswith(",") + "</mrow></math> "
            )
            pieces.append(f"<mtext>{part.text.lstrip(', ')}\u00a0</mtext>")
        elif sums and term and depth == 0 and before != "(":
            pieces[-1] += "</mrow></math><wbr>"
            pieces.append(found.replace("<mo>", '<mo form="infix">'))
        else:
            pieces[-1] += found
        depth += {"(": 1, ")": -1}.get(part.text, 0)
        before = part.text
    inside = "".join(f"<math><mrow>{piece}" for piece in pieces) + "</mrow></math>"
    inside = APPLIED.sub(r'\1<mspace width="0.17em"/>', inside)
    return nodes.raw("", inside, format="html")


def commas(names: Iterable[str]) -> list[str | tuple[str]]:
    """Names as code, separated by commas; a dash for none."""
    pieces: list[str | tuple[str]] = []
    for name in names:
        pieces += [", "] if pieces else []
        pieces.append((name,))
    return pieces or ["–"]


def parameters_of(thing: Any) -> list[str]:
    """The parameters of an activation, a loss or an optimizer, with their defaults."""
    return [f"{k}={v}" for k, v in thing.specification().items() if k != "name"]


class ActivationTable(SphinxDirective):
    """The table of activations."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(
            sys.modules["chainrule.equations.activations"].__file__
        )
        head = ("name, parameters", "φ(z)", "φ′(z)", "range", "kinks", "source")
        rows = [
            (
                commas((name, *parameters_of(phi))),
                [drawn(general_activation(phi))],
                [drawn(general_slope(phi))],
                [str(phi.range(WIDTH))],
                [", ".join(f"{kink:g}" for kink in phi.kinks) or "–"],
                [phi.source],
            )
            for name, phi in ((name, make()) for name, make in ACTIVATIONS.items())
        ]
        return [table(head, rows)]


class LossTable(SphinxDirective):
    """The table of losses, each with the output activations that fit."""

    def run(self) -> list[nodes.Node]:
        for module in ("chainrule.equations.losses", "chainrule.equations.activations"):
            self.env.note_dependency(sys.modules[module].__file__)
        head = (
            "name, parameters",
            "ℓ(y, a) of one row",
            "∂ℓ/∂a_k",
            "accepted a",
            "source",
            "fits outputs of",
        )
        ranges = {name: make().range(WIDTH) for name, make in ACTIVATIONS.items()}
        rows = []
        for name, make in LOSSES.items():
            ell = make()
            fitting = [
                phi for phi, values in ranges.items() if ell.accepts.contains(values)
            ]
            fits = ["all"] if len(fitting) == len(ranges) else commas(fitting)
            rows.append(
                (
                    commas((name, *parameters_of(ell))),
                    [drawn(general_loss(ell))],
                    [drawn(general_loss_slope(ell))],
                    [str(ell.accepts)],
                    [ell.source],
                    fits,
                )
            )
        return [table(head, rows)]


def said(thing: Any) -> tuple[Cell, str]:
    """What a docstring says before its first section, names as code, and its references."""
    parts = re.split(r"(?:^|\n\n)(\w+)\n-+\n", inspect.getdoc(thing) or "")
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    pieces = " ".join(parts[0].split()).split(
        "`"
    )  # every second one stood between backticks
    cell = [(piece,) if i % 2 else piece for i, piece in enumerate(pieces)]
    return cell, " ".join(sections.get("References", "–").split())


def update_of(make: Any) -> Cell:
    """The lines of a rule's update; of one with momentum the three that it has."""
    if not make().update:
        return ["–"]
    lines: list[str | nodes.Node] = []
    for word, options in VARIANTS.items():
        if options.keys() <= make.__dataclass_fields__.keys():
            update = general_update(make(**options), LETTERS, LETTERS)
            lines += [word] if word else []
            lines += [drawn(r" \leftarrow ".join(u), sums=False) for u in update]
    ends = [nodes.raw("", "<br>", format="html") for _ in lines[1:]]
    return [piece for pair in zip(lines, [*ends, ""], strict=True) for piece in pair]


class OptimizerTable(SphinxDirective):
    """The table of optimizers."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(
            sys.modules["chainrule.optimizers.first_order"].__file__
        )
        rows = []
        for name, make in OPTIMIZERS.items():
            words, source = said(make)
            slots = commas(getattr(make, "slot_names", ()))
            rows.append(
                (
                    commas((name, make.__name__, *parameters_of(make()))),
                    words,
                    update_of(make),
                    slots,
                    [source],
                )
            )
        return [
            table(
                (
                    *("name, class, parameters", "step", "update rule"),
                    *("slots", "source"),
                ),
                rows,
            )
        ]


class ScheduleTable(SphinxDirective):
    """The table of schedules."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(sys.modules["chainrule.optimizers.schedules"].__file__)
        rows = []
        for name, make in SCHEDULES.items():
            factor, source = said(make)
            own = [
                f"{k}={v}"
                for k, v in make().specification().items()
                if k not in ("name", "warmup_epochs")
            ]
            counts = [inspect.getdoc(make._has_settled).rstrip(".").lower()]
            names = commas((name, make.__name__, *own))
            rows.append((names, factor, counts, [source]))
        head = ("name, class, parameters", "factor", "patience counts", "source")
        return [table(head, rows)]


class StopReasonTable(SphinxDirective):
    """Why a run stops."""

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(sys.modules["chainrule.training.stopping"].__file__)
        return [
            table(
                ("name", "sentence"),
                [([(reason.name,)], [reason.value]) for reason in StopReason],
            )
        ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("activation-table", ActivationTable)
    app.add_directive("loss-table", LossTable)
    app.add_directive("optimizer-table", OptimizerTable)
    app.add_directive("schedule-table", ScheduleTable)
    app.add_directive("stop-reason-table", StopReasonTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
