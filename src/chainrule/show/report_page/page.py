"""The page as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ...data.dataset import Dataset
from ...data.evaluation import Evaluation, headline
from ...equations.gradient_check import GradientCheck
from ...errors import capitalized
from ...training.report import Report
from . import sections
from .markup import paragraph, text
from .mistakes import worst_mistakes
from .sections import Choices
from .style import STYLE

__all__ = ["page_of", "whole_page"]

#: A browser that reads this makes no request, whatever else the page says.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page_of(
    data: Dataset,
    choices: Choices,
    report: Report,
    done: Evaluation,
    checked: GradientCheck,
    command: str,
) -> str:
    """The page, HTML.

    Parameters
    ----------
    data : Dataset
    choices : Choices
    report : Report
    done : Evaluation
        On the test rows.
    checked : GradientCheck
        At the trained parameters.
    command : str
        The command line that trains again.
    """
    target = ", ".join(data.preparation.target.names)
    title = f"{data.name}: {target}" if data.scale is None else data.name
    parts = [
        sections.what_was_trained(data, choices, report),
        sections.how_it_went(report),
        sections.how_good(done),
        sections.how_calibrated(done),
        worst_mistakes(data, done),
        sections.inside(report),
        sections.first_layer(data, report),
        sections.gradient_check(checked),
        sections.columns(data),
        sections.again(data, report, command),
    ]
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    found = headline(done)
    lead = f"{capitalized(found)}. Written by chainrule {report.versions['chainrule']}, {written}."
    return whole_page(title, lead, sections.numbers(done, report), parts)


def whole_page(title: str, lead: str, numbers: str, parts: Sequence[str]) -> str:
    """A page of sections under a title, a sentence, and a list of numbers."""
    body = "\n".join(part for part in parts if part)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{text(title)} – chainrule</title>
<link rel="icon" href="data:,">
<style>{STYLE}</style>
</head>
<body>
<main>
<header>
<h1>{text(title)}</h1>
{paragraph(lead).replace("<p>", '<p class="lead">')}
{numbers}
</header>
{body}
</main>
</body>
</html>
"""
