"""The letters and general equations of every notation, for networks of a few depths, as JSON.

An equation of a step depends on few things: on the activation of its layer, on the loss where it is the output's, on
the optimizer, and on whether there are masks, a penalty, several rows. Its key names those that it depends on.
The text is that of `explanation.equations`; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from ...documents import NOTATIONS
from ...documents.spelling import Shape, Spelling, Style
from ...equations.activation import Activation
from ...equations.losses import Loss
from ...equations.network import Network
from ...errors import InputError
from ...explanation.equations import (
    array_equations,
    general_equations,
    remark_of,
    source_of,
)
from ...explanation.render.text import corrections
from ...explanation.spellings import SPELLINGS, spelled_for
from ...explanation.steps import Selection, Step
from ...explanation.template import Template
from ...explanation.traits import Traits
from ...optimizers import Optimizer
from ...optimizers.rules import Rules

__all__ = ["Choices", "Texts", "notations_of", "style_name", "variant_of"]

Json = Any
#: Stand for the indices in a symbol, and for the row, from 0, which some notations write from 1.
INDEX, ROW, ROW_WRITTEN = {"901": "#1", "902": "#2"}, "903", "904"
NOTHING = Selection(True, (), {}, {}, 0, 0)
OF_UNITS = ("A", "Z", "P", "D", "G", "M", "X", "Y", "b", "db", "b+")
OF_WEIGHTS = ("W", "dW", "W+")
REMEMBERED = ("m", "v")
ARRAYS: tuple[str, ...] = (
    "A",
    "Z",
    "W",
    "B",
    "b",
    "M",
    "N",
    "X",
    "Y",
    "P",
    "D",
    "G",
    "x",
    "Zx",
    "Dx",
    "Gx",
)
ARRAYS += ("dW", "db", "W+", "b+")


@dataclass(frozen=True)
class Choices:
    """The functions that a page offers, by the names that it knows them by."""

    activations: Mapping[str, Activation]
    losses: Mapping[str, Loss]
    optimizers: Mapping[str, Optimizer]


@dataclass
class Texts:
    """Strings, each once; everything refers to them by number."""

    listed: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    entries: list[list[list[int]]] = field(default_factory=list)
    entry_numbers: dict[str, int] = field(default_factory=dict)

    def number(self, text: str) -> int:
        """The number of a string."""
        if text not in self.numbers:
            self.numbers[text] = len(self.listed)
            self.listed.append(text)
        return self.numbers[text]

    def entry(self, *parts: Iterable[str]) -> int:
        """The number of an entry for a step: its equations, and those of arrays."""
        found = [self.several(part) for part in parts]
        key = repr(found)
        if key not in self.entry_numbers:
            self.entry_numbers[key] = len(self.entries)
            self.entries.append(found)
        return self.entry_numbers[key]

    def several(self, texts: Iterable[str]) -> list[int]:
        """Those of several."""
        return [self.number(text) for text in texts]


def variant_of(linear: bool, squares: bool, trials: str) -> str:
    """The name of a shape, for a depth."""
    return f"{'linear' if linear else ''}|{'squares' if squares else ''}|{trials}"


def style_name(style: Style) -> str:
    """The name of an order of terms."""
    order = "-w" if style.weight_first else ""
    share = f"-{style.share}" if style.share else ""
    return f"{style.constant or 'apart'}{order}{share}"


def notations_of(choices: Choices, depths: Sequence[int], texts: Texts) -> Json:
    """Depth → the keys of equations; notation → by depth and variant its letters, and entries in that order."""
    keys = {
        str(depth): [key for key, _, _ in _steps(depth, choices)] for depth in depths
    }
    return {
        "keys": keys,
        **{name: _notation(name, choices, depths, texts) for name in SPELLINGS},
    }


def _notation(name: str, choices: Choices, depths: Sequence[int], texts: Texts) -> Json:
    blocks: list[Json] = []
    where: dict[str, dict[str, int]] = {}
    for depth in depths:
        seen: dict[int, int] = {}
        found = where.setdefault(str(depth), {})
        shapes = product((False, True), (False, True), ("", "mean"))
        for linear, squares, trials in shapes:
            spelled = spelled_for(name, Shape(depth, linear, squares, trials))
            if id(spelled) not in seen:
                seen[id(spelled)] = len(blocks)
                blocks.append(_block(spelled, depth, choices, texts))
            found[variant_of(linear, squares, trials)] = seen[id(spelled)]
    plain = SPELLINGS[name]
    return {
        "document": plain.document,
        "alias": plain.alias,
        "alone": NOTATIONS[name].alone if name in NOTATIONS else "",
        "factor": plain.factor,
        "outputPhi": plain.output_phi,
        "blocks": blocks,
        "where": where,
    }


def _block(spelled: Spelling, depth: int, choices: Choices, texts: Texts) -> Json:
    style = spelled.style
    lines = []
    for _, step, t in _steps(depth, choices):
        lines.append(
            texts.entry(
                general_equations(spelled, step, t),
                array_equations(spelled, step, t),
            )
        )
    return {
        "style": style_name(style),
        "constant": style.constant,
        "columns": spelled.columns,
        "transposed": spelled.transposed,
        "rows": sorted(spelled.rows),
        "hidden": sorted(spelled.hidden),
        "labels": [spelled.label(l, depth) for l in range(depth + 1)],
        "oneLetter": spelled.loss == spelled.objective,
        "symbols": dict(_symbols(spelled, depth, texts)),
        "arrays": dict(_arrays(spelled, depth, texts)),
        "remarks": dict(_remarks(spelled, depth, choices, texts)),
        "lines": lines,
        **_printed(spelled, depth, choices, texts),
    }


def _printed(
    spelled: Spelling, depth: int, choices: Choices, texts: Texts
) -> dict[str, dict[str, Any]]:
    """The places of equations in the document, and its remarks on misprints; by its own output or another."""
    sources, notes = dict[str, int](), dict[str, dict[str, list[int]]]()
    names = dict.fromkeys(("identity", "softmax", *choices.activations))
    for own, loss, outputs in _own_outputs(spelled, choices, list(names)):
        for name, last in outputs:
            phi = choices.activations[name]
            try:
                t = _traits(depth, choices, phi=phi, output=last, loss=loss)
            except InputError:
                continue
            for step in _every_step(depth):
                key = f"{own}|{step.key}"
                if (source := source_of(spelled, step, t)) and key not in sources:
                    sources[key] = texts.number(source)
                found = corrections(Template(t, NOTHING, spelled, 0), step)
                shown = t.network.activations[step.layer - 1].name
                notes.setdefault(key, {})[shown] = texts.several(found)
    return {"sources": sources, "notes": dict(_common(notes))}


def _common(
    notes: Mapping[str, Mapping[str, list[int]]],
) -> Iterator[tuple[str, list[int]]]:
    """The notes that every activation has, by their step; those of one, with its name."""
    for key, by_phi in notes.items():
        often = [found for found in by_phi.values() if found]
        if not often:
            continue
        common = max(often, key=often.count)
        yield key, common
        for phi, found in by_phi.items():
            if found != common:
                yield f"{key}|{phi}", found


def _own_outputs(
    spelled: Spelling, choices: Choices, names: list[str]
) -> Iterator[tuple[str, Loss, list[tuple[str, Activation]]]]:
    """The document's own outputs, "softmax" and "squares", and others: name, loss, hidden and output activations."""
    known = choices.activations
    softmax = known["softmax"]
    yield "softmax", choices.losses["cross_entropy"], [(n, softmax) for n in names]
    squares = next(
        loss
        for loss in choices.losses.values()
        if loss.specification() == {"name": "squared_error", "factor": spelled.factor}
    )
    lasts = [spelled.output_phi] if spelled.output_phi else names
    yield (
        "squares",
        squares,
        [(n, known[lasts[0]]) for n in names] + [("tanh", known[n]) for n in lasts],
    )
    other = choices.losses["huber"]
    yield (
        "other",
        other,
        [(n, known["identity"]) for n in names] + [("tanh", known[n]) for n in names],
    )


def _every_step(depth: int) -> Iterator[Step]:
    yield _step("A0", 1)
    for kind in ("ell", "J", "GL"):
        yield _step(kind, depth)
    for kind, l in product(("Z", "A", "P", "D", "dW", "G", "W+"), range(1, depth + 1)):
        yield _step(kind, l)


def _symbols(spelled: Spelling, depth: int, texts: Texts) -> Iterator[tuple[str, int]]:
    def symbol(array: str, indices: int, rows: bool) -> int:
        name = array + "".join(f".{i}" for i in list(INDEX)[:indices])
        written = spelled.symbol(f"{name}~{ROW}", depth) if rows else ""
        if ROW_WRITTEN not in written:
            written = spelled.symbol(name, depth)
        for number, place in {**INDEX, ROW_WRITTEN: "#r"}.items():
            written = written.replace(number, place)
        return texts.number(written)

    for name in ("ell", "s", "J", "R", "alpha", "N"):
        yield name, symbol(name, 0, name in ("ell", "s"))
    for l in range(depth + 1):
        for kind in OF_UNITS:
            yield f"{kind}{l}", symbol(f"{kind}{l}", 1, kind in "XAZMPGDY")
        for kind in ("one", "Gone"):
            yield f"{kind}{l}", symbol(f"{kind}{l}", 0, False)
        for kind in OF_WEIGHTS if l else ():
            yield f"{kind}{l}", symbol(f"{kind}{l}", 2, False)
        for letter, end in product(REMEMBERED if l else (), ("", "+")):
            yield f"{letter}W{end}{l}", symbol(f"{letter}W{end}{l}", 2, False)
            yield f"{letter}b{end}{l}", symbol(f"{letter}b{end}{l}", 1, False)


def _arrays(spelled: Spelling, depth: int, texts: Texts) -> Iterator[tuple[str, int]]:
    for kind, l in product(ARRAYS, range(depth + 1)):
        yield f"{kind}{l}", texts.number(spelled.array(kind, l, depth))


def _remarks(
    spelled: Spelling, depth: int, choices: Choices, texts: Texts
) -> Iterator[tuple[str, int]]:
    for many, penalized in product((False, True), (False, True)):
        t = _traits(depth, choices, many=many, penalized=penalized)
        key = f"{'many' if many else 'one'}|{'penalty' if penalized else ''}"
        yield key, texts.number(remark_of(spelled, t))


def _traits(
    depth: int,
    choices: Choices,
    *,
    phi: Activation | None = None,
    output: Activation | None = None,
    loss: Loss | None = None,
    optimizer: str = "gradient_descent",
    masked: bool = False,
    many: bool = False,
    penalized: bool = False,
    ones: bool = True,
) -> Traits:
    """The traits that some choice of a network has."""
    between: Any = "tanh" if phi is None else phi
    last: Any = "identity" if output is None else output
    chosen = choices.losses["squared_error"] if loss is None else loss
    network = Network((2,) * (depth + 1), (*(between,) * (depth - 1), last), chosen)
    rules = Rules(choices.optimizers[optimizer], l2=0.1 if penalized else 0.0)
    masks = frozenset(range(depth)) if masked else frozenset[int]()
    rows = 4 if many else 1
    trials = "mean" if many else ""
    return Traits(
        network, rules, "mean", masks, rows, not many, trials, ones, ones, 1.0
    )


def _steps(depth: int, choices: Choices) -> Iterator[tuple[str, Step, Traits]]:
    """The key, the step and the traits of every equation."""
    plain = _traits(depth, choices)
    for l in range(1, depth + 1):
        yield f"{l}Z", _step("Z", l), plain
        yield f"{l}G", _step("G", l), plain
        for many, penalized in product((False, True), (False, True)):
            t = _traits(depth, choices, many=many, penalized=penalized)
            key = f"{'many' if many else 'one'}|{'penalty' if penalized else ''}"
            yield f"{l}dW|{key}", _step("dW", l), t
        for name in choices.optimizers:
            t = _traits(depth, choices, optimizer=name)
            yield f"{l}W+|{name}", _step("W+", l), t
    for many, penalized in product((False, True), (False, True)):
        t = _traits(depth, choices, many=many, penalized=penalized)
        given = ("R", "J") if penalized else ("J",)
        key = f"{'many' if many else 'one'}|{'penalty' if penalized else ''}"
        yield f"J|{key}", _step("J", depth, *given), t
    masked = _traits(depth, choices, masked=True)
    yield "A0", _step("A0", 1), masked
    yield "1G|masked", _step("G", 1), masked
    yield from _of_activations(depth, choices)
    yield from _of_losses(depth, choices)


def _of_activations(depth: int, choices: Choices) -> Iterator[tuple[str, Step, Traits]]:
    for name, phi in choices.activations.items():
        for l, masked in product(range(1, depth), (False, True)):
            t = _traits(depth, choices, phi=phi, masked=masked)
            end = f"{name}{'|masked' if masked else ''}"
            for kind in ("A", "D"):
                yield f"{l}{kind}|{end}", _step(kind, l), t
            if not masked:
                yield f"{l}P|{name}", Step("P", l, "", "", "", ()), t


def _of_losses(depth: int, choices: Choices) -> Iterator[tuple[str, Step, Traits]]:
    written = set()
    for (name, phi), (lost, loss) in product(
        choices.activations.items(), choices.losses.items()
    ):
        try:
            t = _traits(depth, choices, output=phi, loss=loss)
        except InputError:  # no pair
            continue
        yield f"{depth}D|{name}|{lost}", _step("D", depth), t
        if lost == "cross_entropy":
            t = _traits(depth, choices, output=phi, loss=loss, ones=False)
            yield f"{depth}D|{name}|{lost}|weighed", _step("D", depth), t
        if name not in written:  # of the activation alone
            written.add(name)
            for kind in ("A", "P"):
                yield f"{depth}{kind}|{name}", _step(kind, depth), t
        end = f"{'linear' if t.linear else ''}|{lost}"
        if end in written:
            continue
        written.add(end)
        yield f"GL|{end}", _step("GL", depth), t
        for many, penalized in product((False, True), (False, True)):
            t = _traits(
                depth, choices, output=phi, loss=loss, many=many, penalized=penalized
            )
            key = f"{end}|{'many' if many else 'one'}|{'penalty' if penalized else ''}"
            yield f"ell|{key}", _step("ell", depth), t


def _step(kind: str, layer: int, *given: str) -> Step:
    return Step(kind, layer, "", "", "", given)
