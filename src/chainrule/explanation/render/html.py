"""An explanation as one HTML page that needs nothing else: its data as JSON, and a script that shows them.

The script fills places by symbols or numbers, and follows clicks; it computes nothing.
"""

from __future__ import annotations

import json
import re
from html import escape
from importlib import resources
from typing import Any

import numpy as np

from ...errors import capitalized
from ..contents import Contents
from ..markup import parse, to_mathml, to_text
from ..numbers import has_rows
from ..paths import paths_of
from ..steps import PHASES, Step
from ..template import Template
from .html_document import POLICY, allowed, html_document
from .svg import svg_of
from .text import corrections, origin, verdict

__all__ = ["page_of"]

#: Stand for the indices in a template.
INDEX = {"901": "#1", "902": "#2"}
#: Stands for the row, from 0, where a notation writes it, from 1.
ROW, ROW_WRITTEN = "903", "904"

SKIP = '<a class="skip" href="#step">Skip to the step</a>\n'
#: The page below the drawing: the steps one by one, and on paper all of them.
STEPS = """<figcaption>Click a unit or a connection. {left_out}</figcaption></figure>
<nav aria-label="Steps"><p class="player"><button id="previous" type="button">← Previous</button> \
<span id="where"></span> <button id="next" type="button">Next →</button></p><div id="list"></div></nav>
<section id="step" aria-labelledby="title" tabindex="-1">
<h2 id="title"></h2><div id="general" class="wide" tabindex="0" role="region" aria-label="The equations"></div>
<h3>Its numbers</h3><div id="results"></div></section>
<section id="entry" aria-live="polite" aria-label="The number that was chosen"></section>
</main>
<div id="paper" aria-hidden="true"></div>"""
#: The same of a sheet to fill in, which looks on a screen as it does on paper.
SHEET = """</figure>
<div id="paper" class="sheet"></div>
</main>"""


def page_of(explained: Contents) -> str:
    """The page."""
    files = resources.files(__package__)
    style, script = (
        files.joinpath(name).read_text("utf-8") for name in ("page.css", "page.js")
    )
    data = json.dumps(
        content_of(explained), ensure_ascii=False, separators=(",", ":")
    ).replace("</", "<\\/")
    options = "".join(
        f'<option value="{name}"{" selected" if name == explained.notation else ""}>{escape(name)}: '
        f"{escape(one.spelled.document)}</option>"
        for name, one in explained.templates.items()
    )
    body = f"""{"" if explained.blank else SKIP}<header>
<h1>{escape(explained.title)}</h1>
{_lead(explained)}
<noscript><p class="failed">The formulas are shown by a script that is in this page: allow it to run.</p></noscript>
<p><label for="notation">Notation</label> <select id="notation">{options}</select></p>
<p id="remark" class="lead"></p>
</header>
<main>
<figure id="network"><div class="wide" tabindex="0" role="region" aria-label="The network">
{svg_of(explained, explained.template)}</div>
{SHEET if explained.blank else STEPS.format(left_out=_left_out(explained))}
<script type="application/json" id="data">{data}</script>
<script>{script}</script>"""
    return html_document(
        f"{explained.title} – chainrule",
        style,
        body,
        policy=f"{POLICY}; script-src {allowed(script)}",
    )


def _lead(explained: Contents) -> str:
    """The origin of the numbers, and the outcome of the checks."""
    n = explained.numbers
    rows = (
        f"Row {n.row} of a batch of {n.rows}, counted from 0."
        if n.rows > 1
        else "One row."
    )
    said, more = (
        origin(explained),
        "; a click on a number shows it in full, with its formula",
    )
    lead = capitalized(said) + ("" if explained.blank else more)
    kind = "passed" if explained.passed else "failed"
    outcome = escape(verdict(explained).replace("checks", "Checks", 1))
    shown = f'\n<p id="verdict" class="{kind}">{outcome}.</p>' if outcome else ""
    return f'<p class="lead">{rows} {escape(lead)}.</p>{shown}'


def _left_out(explained: Contents) -> str:
    if explained.shown.whole:
        return ""
    return (
        "Some units are shown: of the hidden layers those with the largest |Δ|, of the input those with the largest "
        f"product of number and derivative; of long sums the {explained.shown.terms} largest terms, the others as one "
        "number."
    )


def content_of(explained: Contents) -> dict[str, Any]:
    """The content that the script shows."""
    steps = explained.steps
    names = [name for step in steps for name in step.entries]
    notations = [_notation(explained, one) for one in explained.templates.values()]
    formulas: dict[str, dict[str, str]] = {}
    for one in explained.templates.values():
        key = _style_key(one)
        if key not in formulas:
            formulas[key] = {
                name: _mathml(explained.formula(one, name)) for name in names
            }
    paths = {} if explained.blank else _paths(explained)
    used = {*names, *_places([formulas, notations, paths])}
    used |= _drawn(explained)
    return {
        "digits": explained.digits,
        "row": explained.numbers.row,
        "phases": PHASES,
        "blank": explained.blank,
        "values": {
            name: explained.numbers.exact(name)
            for name in sorted(used)
            if explained.numbers.shows(name)
        },
        "steps": [
            {
                "key": s.key,
                "phase": s.phase,
                "layer": s.layer,
                "equation": s.equation,
                "title": s.title,
                "entries": s.entries,
            }
            for s in steps
        ],
        "checks": {} if explained.blank else _checks(explained),
        "formulas": formulas,
        "near": [n for n in names if explained.sign(explained.template, n) == "≈"],
        "notations": notations,
        "paths": paths,
    }


def _checks(explained: Contents) -> dict[str, Any]:
    return {
        name: [
            [c.how, None if c.value is None else repr(c.value), c.passed]
            for c in checks
        ]
        for name, checks in explained.checks.items()
    }


def _style_key(one: Template) -> str:
    style = one.spelled.style
    order = "-w" if style.weight_first else ""
    share = f"-{style.share}" if style.share else ""
    return f"{style.constant or 'apart'}{order}{share}"


def _mathml(markup: str) -> str:
    return to_mathml(parse(markup), lambda name: f"@{name}@") if markup else ""


def _places(content: Any) -> set[str]:
    """The names of numbers in any text of the content."""
    found = set(re.findall(r"@([^@]+)@", json.dumps(content, ensure_ascii=False)))
    return {
        place.removeprefix("!")
        for place in found
        if not place.startswith(("[", "rest:"))
    }


def _drawn(explained: Contents) -> set[str]:
    n, shown = explained.numbers, explained.shown
    units = [
        shown.units[l] if not shown.whole else range(1, w + 1)
        for l, w in enumerate(n.sizes)
    ]
    weights = {
        f"W{l}.{k}.{j}"
        for l in range(1, n.layers + 1)
        for k in units[l]
        for j in units[l - 1]
    }
    back = {f"D{l}.{k}" if l else f"G0.{k}" for l, of in enumerate(units) for k in of}
    return weights | back | {f"A{l}.{k}" for l, of in enumerate(units) for k in of}


def _notation(explained: Contents, one: Template) -> dict[str, Any]:
    n = explained.numbers
    kept = {step.key for step in explained.steps_in(one)}
    steps = {
        step.key: _step(explained, one, step)
        for step in explained.steps
        if step.key in kept
    }
    given = [_mathml(place) for place in one.given] if explained.blank else []
    arrays = set(re.findall(r"@\[([^\]]+)\]@", json.dumps([steps, given])))
    return {
        "name": one.spelled.name,
        "remark": one.remark,
        "lossRow": n.row if one.one_letter else None,
        "style": _style_key(one),
        "layers": [one.label(l) for l in range(n.layers + 1)],
        "symbols": {
            array: _filled(_mathml(_template(explained, one, array)))
            for array in n.arrays
        },
        "words": {
            array: _filled(to_text(parse(_template(explained, one, array)), str))
            for array in n.arrays
        },
        "arrays": {array: _array(explained, one, array) for array in sorted(arrays)},
        "given": given,
        "steps": steps,
    }


def _template(explained: Contents, one: Template, array: str) -> str:
    """The symbol of the numbers of an array, with stand-ins for its indices."""
    n = explained.numbers
    axes = np.ndim(n.arrays[array]) - has_rows(array)
    name = array + "".join(f".{i}" for i in list(INDEX)[:axes])
    if has_rows(array) and ROW_WRITTEN in one.spelled.symbol(f"{name}~{ROW}", n.layers):
        return one.spelled.symbol(f"{name}~{ROW}", n.layers)
    if array == "ell":  # the script adds the row, of one's own and of the others
        return one.spelled.symbol(array, n.layers)
    return one.symbol(name)


def _filled(template: str) -> str:
    """#1 and #2 in place of the stand-ins."""
    for number, place in {**INDEX, ROW_WRITTEN: "#r"}.items():
        template = template.replace(number, place)
    return template


def _array(explained: Contents, one: Template, array: str) -> dict[str, Any]:
    return {"symbol": _mathml(one.array(array)), "grid": one.grid(array)}


def _step(explained: Contents, one: Template, step: Step) -> dict[str, Any]:
    return {
        "source": one.source(step),
        "corrected": corrections(one, step),
        "general": [_mathml(line) for line in one.general(step)],
        "arrays": [
            [_mathml(line), explained.sign_of_arrays(one, step, line)]
            for line in one.of_arrays(step)
        ],
    }


def _paths(explained: Contents) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for weight in explained.weights:
        paths = paths_of(explained.numbers, weight)
        if paths is not None:
            listed = [
                [
                    "→".join(map(str, p.units)),
                    _mathml(p.markup),
                    repr(p.value),
                    explained.sign_of(p.product, p.value),
                ]
                for p in paths.listed
            ]
            found[weight] = {
                "count": f"{paths.count:,}",
                "listed": listed,
                "total": repr(paths.total),
            }
    return found
