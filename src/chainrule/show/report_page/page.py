"""The page as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from ...data.dataset import Dataset
from ...data.evaluation import Evaluation, headline
from ...equations.check_result import GradientCheck
from ...errors import capitalized
from ...explanation.render.html_document import html_document
from ...training.report import Report
from . import sections
from .markup import paragraph, text
from .mistakes import worst_mistakes
from .sections import Choices
from .style import STYLE

__all__ = ["page_of", "whole_page"]


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
    inside = "\n".join(part for part in parts if part)
    body = f"""<main>
<header>
<h1>{text(title)}</h1>
{paragraph(lead).replace("<p>", '<p class="lead">')}
{numbers}
</header>
{inside}
</main>"""
    return html_document(f"{title} – chainrule", STYLE, body)
