"""An explanation as a LaTeX document: amsmath and geometry, nothing else.

The formulas of a number are set as text, so that TeX breaks a long sum over lines.
"""

from __future__ import annotations

import re

from ...documents.spelling import Spelling
from ..contents import Contents
from ..equations import general_equations, source_of
from ..markup import latex_text
from ..places import latex_number
from ..steps import Step
from .text import check_words, checked_words, corrections, head

__all__ = ["latex_of"]

PREAMBLE = r"""\documentclass[10pt]{article}
\usepackage[a4paper,landscape,margin=14mm]{geometry}
\usepackage{amsmath}
\setlength{\parindent}{0pt}
\setlength{\arraycolsep}{3pt}
\setcounter{MaxMatrixCols}{20}
\allowdisplaybreaks
\raggedright
\setlength{\lineskip}{4pt}
\setlength{\lineskiplimit}{3pt}
\newlength{\before}
\newcommand{\entry}[1]{\par\medskip\settowidth{\before}{$\displaystyle #1$}\hangindent\dimexpr\before+2em\relax
  \hangafter1\relax$\displaystyle #1$}
\newcommand{\equal}[1]{$\displaystyle {} = #1$}
\newcommand{\further}{\par\nopagebreak\hangindent\dimexpr\before+2em\relax\hangafter1\relax\hspace*{\before}}
\begin{document}
"""


def latex_of(explained: Contents, spelled: Spelling) -> str:
    """The document: steps as sections, each number with its formula, with numbers, its value and its checks."""
    lines = [PREAMBLE, rf"\section*{{{latex_text(explained.title)}}}", ""]
    lines += [rf"{latex_text(line)}\par" for line in head(explained, spelled)[:-1]]
    lines.append(rf"{latex_text(checked_words(explained))}\par")
    phase = ""
    for step in explained.steps_in(spelled):
        if step.phase != phase:
            phase = step.phase
            lines.append(rf"\section*{{{phase.capitalize()}}}")
        lines += _step(explained, spelled, step)
    return "\n".join([*lines, r"\end{document}", ""])


def _step(explained: Contents, spelled: Spelling, step: Step) -> list[str]:
    n = explained.numbers
    source = source_of(spelled, step, explained.traits)
    where = ", ".join(
        filter(None, (source if source != step.equation else "", step.equation))
    )
    title = f"Layer {spelled.label(step.layer, n.layers)}: {step.title}"
    lines = [rf"\subsection*{{{latex_text(title)} \quad [{latex_text(where)}]}}"]
    general = general_equations(spelled, step, explained.traits)
    if general:
        below = " \\\\ ".join(explained.in_latex(spelled, line) for line in general)
        lines.append(rf"\begin{{gather*}} {below} \end{{gather*}}")
    lines += [
        rf"{latex_text(words)}\par"
        for words in corrections(spelled, step, explained.traits)
    ]
    for line in explained.equations_of_arrays(spelled, step):
        for numbers in (False, True):
            shown = explained.in_latex(spelled, line, numbers=numbers)
            lines.append(rf"\par\medskip{{\scriptsize$\displaystyle {shown}$\par}}")
    for name in step.entries:
        lines += _entry(explained, spelled, name)
    return lines


def _entry(explained: Contents, spelled: Spelling, name: str) -> list[str]:
    symbol = explained.in_latex(spelled, f"@!{name}@")
    markup = explained.formula(name, spelled.style)
    value = latex_number(explained.rounded(explained.value(name)))
    checks = "; ".join(
        _check(check_words(explained, spelled, check))
        for check in explained.checks[name]
    )
    parts = (
        [
            explained.in_latex(spelled, markup),
            explained.in_latex(spelled, markup, numbers=True),
        ]
        if markup
        else []
    )
    rows = [rf"\equal{{{part}}}" for part in [*parts, value]]
    return [rf"\entry{{{symbol}}}" + "\n\\further".join(rows) + rf"\qquad {checks}"]


def _check(said: str) -> str:
    """A check in words that pdfLaTeX has."""
    return latex_text(re.sub("^✓ ", "ok: ", said))
