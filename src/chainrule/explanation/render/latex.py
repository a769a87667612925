"""An explanation as a LaTeX document: amsmath and geometry, nothing else.

The formulas of a number are set as text, so that TeX breaks a long sum over lines.
"""

from __future__ import annotations

import re

from ..contents import Contents
from ..markup import latex_text
from ..places import LATEX
from ..steps import Step
from ..template import Template
from .text import checks_in_words, corrections, head

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
\newcommand{\near}[1]{$\displaystyle {} \approx #1$}
\newcommand{\further}{\par\nopagebreak\hangindent\dimexpr\before+2em\relax\hangafter1\relax\hspace*{\before}}
\begin{document}
"""


def latex_of(explained: Contents, template: Template) -> str:
    """The document: steps as sections, each number with its formula, with numbers, its value and its checks."""
    lines = [PREAMBLE, rf"\section*{{{latex_text(explained.title)}}}", ""]
    lines += [rf"{latex_text(line)}\par" for line in head(explained, template)]
    if explained.blank:
        given = explained.lines_of_given(LATEX, template)
        lines.append(r"\section*{Given}")
        lines += [rf"\par\medskip$\displaystyle {line}$\par" for line in given]
    phase = ""
    for step in explained.steps_in(template):
        if step.phase != phase:
            phase = step.phase
            lines.append(rf"\section*{{{phase.capitalize()}}}")
        lines += _step(explained, template, step)
    return "\n".join([*lines, r"\end{document}", ""])


def _step(explained: Contents, template: Template, step: Step) -> list[str]:
    title = f"Layer {template.label(step.layer)}: {step.title}"
    lines = [
        rf"\subsection*{{{latex_text(title)} \quad [{latex_text(template.where(step))}]}}"
    ]
    general = template.general(step)
    if general:
        below = " \\\\ ".join(explained.in_latex(template, line) for line in general)
        lines.append(rf"\begin{{gather*}} {below} \end{{gather*}}")
    lines += [rf"{latex_text(words)}\par" for words in corrections(template, step)]
    lines += map(_small, explained.lines_of_arrays(LATEX, template, step))
    for name in step.entries:
        lines += _entry(explained, template, name)
    return lines


def _small(line: str) -> str:
    """A line of arrays."""
    return rf"\par\medskip{{\scriptsize$\displaystyle {line}$\par}}"


def _entry(explained: Contents, template: Template, name: str) -> list[str]:
    symbol = explained.in_latex(template, f"@!{name}@")
    checks = "; ".join(map(_check, checks_in_words(explained, template, name)))
    rows = [
        rf"\{'near' if sign == '≈' else 'equal'}{{{line}}}"
        for sign, line in explained.lines_of(LATEX, template, name)
    ]
    return [rf"\entry{{{symbol}}}" + "\n\\further".join(rows) + rf"\qquad {checks}"]


def _check(said: str) -> str:
    """A check in words that pdfLaTeX has."""
    return latex_text(re.sub("^✓ ", "ok: ", said))
