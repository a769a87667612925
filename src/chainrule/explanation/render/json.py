"""An explanation as one JSON object: every number in full, its formulas in every notation, its checks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...files.json_text import json_ready, versions
from ..contents import Contents
from ..paths import paths_of
from ..steps import Step
from ..template import Template
from .text import how_of

__all__ = ["content_of"]


def content_of(explained: Contents) -> dict[str, Any]:
    """The content of the file; docs/explain.md describes it."""
    n = explained.numbers
    found = {
        "format": "chainrule-explanation",
        "version": 1,
        "title": explained.title,
        "network": str(n.moment.network),
        "rows": n.rows,
        "row": n.row,
        "engine": n.engine,
        "dtype": str(np.asarray(n.moment.state.theta).dtype),
        "optimizer": n.moment.rules.optimizer.specification(),
        "passed": explained.passed,
        "failed": list(explained.failed),
        "notations": {
            name: one.spelled.document for name, one in explained.templates.items()
        },
        "arrays": {
            name: np.asarray(values).tolist() for name, values in n.arrays.items()
        },
        "steps": [_step(explained, step) for step in explained.steps],
        "numbers": {
            name: _number(explained, name)
            for step in explained.steps
            for name in step.entries
        },
        "paths": _paths(explained),
        "versions": versions(),
    }
    return {key: json_ready(value) for key, value in found.items()}


def _step(explained: Contents, step: Step) -> dict[str, Any]:
    return {
        "key": step.key,
        "phase": step.phase,
        "layer": step.layer,
        "equation": step.equation,
        "title": step.title,
        "numbers": list(step.entries),
        "general": {
            name: {
                "source": one.source(step),
                "corrected": corrected_of(one, step),
                "text": [explained.in_text(one, line) for line in one.general(step)],
                "latex": [explained.in_latex(one, line) for line in one.general(step)],
            }
            for name, one in explained.templates.items()
        },
    }


def corrected_of(one: Template, step: Step) -> list[dict[str, str]]:
    """The lines that the document prints otherwise."""
    return [
        {
            "line": line.id,
            "printed": line.says,
            "place": line.place,
            "right": line.correction,
        }
        for line in one.corrected(step)
    ]


def _number(explained: Contents, name: str) -> dict[str, Any]:
    formulas = {}
    for key, one in explained.templates.items():
        markup = explained.formula(one, name)
        formulas[key] = {
            "symbol": explained.in_text(one, f"@!{name}@"),
            "indices": explained.in_text(one, markup),
            "numbers": explained.in_text(one, markup, numbers=True),
            "latex": explained.in_latex(one, markup),
        }
    checks = [
        {
            "how": how_of(explained, explained.template, c),
            "value": c.value,
            "difference": c.difference,
            "tolerance": c.tolerance,
            "passed": c.passed,
        }
        for c in explained.checks[name]
    ]
    return {
        "value": explained.value(name),
        "exact": explained.numbers.exact(name),
        "formulas": formulas,
        "checks": checks,
    }


def _paths(explained: Contents) -> dict[str, Any]:
    found = {}
    for weight in explained.weights:
        paths = paths_of(explained.numbers, weight)
        if paths is not None:
            listed = [
                {"units": list(path.units), "product": path.value}
                for path in paths.listed
            ]
            found[weight] = {"count": paths.count, "listed": listed}
    return found
