"""`chainrule errata`, as a real process with a fault planted in a notation's pass: red, and status 1."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from chainrule.documents import NOTATIONS

#: What is planted, over `made`, a notation's pass: in its values, its derivatives, its shapes.
FAULTS = {
    "bias-first": (
        "replace(made, delta={l: 1.001 * d for l, d in made.delta.items()})",
        "replace(made, x={l: 0 * x for l, x in made.x.items()})",
    ),
    "column-batch": (
        "replace(made, dC_dW={l: made.N * g for l, g in made.dC_dW.items()})",
        "replace(made, Delta={l: -d for l, d in made.Delta.items()})",
    ),
    "constant-neuron": (
        "replace(made, dL_dw={l: g * 0.5 for l, g in made.dL_dw.items()})",
        "replace(made, delta={l: d + 1e-9 for l, d in made.delta.items()})",
    ),
    "flat-theta": (
        "replace(made, dL_dtheta=made.dL_dtheta[::-1])",
        "replace(made, a={k: 1.0000001 * a for k, a in made.a.items()})",
    ),
    "bias-last": (
        "replace(made, dL_dg={n: d.T for n, d in made.dL_dg.items()})",
        "replace(made, dL_dW={n: g * 1.001 for n, g in made.dL_dW.items()})",
    ),
}
PLANT = """
import sys
from dataclasses import replace
from chainrule.documents import NOTATIONS
module = NOTATIONS[{name!r}].module
run = module.run
def faulty(*given, **named):
    made = run(*given, **named)
    return {fault}
module.run = faulty
from chainrule.cli import main
sys.argv = ["chainrule", "errata", *{arguments!r}]
main()
"""


def with_fault(name: str, fault: str, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [
            sys.executable,
            "-c",
            PLANT.format(name=name, fault=fault, arguments=arguments),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "FORCE_COLOR": "1", "TERM": "xterm"},
    )


def test_every_notation_has_faults() -> None:
    assert list(FAULTS) == list(NOTATIONS)


@pytest.mark.parametrize(
    ("name", "fault"), [(name, fault) for name, two in FAULTS.items() for fault in two]
)
def test_a_fault_in_a_notations_pass_turns_the_command_red(name, fault) -> None:
    done = with_fault(name, fault, NOTATIONS[name].alias)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    # Rich before 14.3 makes the end of the line red, too
    last = [
        line for line in done.stdout.splitlines() if re.sub(r"\x1b\[[\d;]*m", "", line)
    ][-1]
    assert "NOT AS LISTED" in last
    assert "\x1b[1;31m" in last  # bold red
    assert "all as listed" not in done.stdout


def test_without_a_fault_it_is_not_red() -> None:
    done = with_fault("bias-first", "made", "S0")
    assert done.returncode == 0
    assert "\x1b[1;31m" not in done.stdout
    assert "37 lines evaluated, all as listed" in done.stdout


def test_one_line_and_the_list_of_all_say_it_too() -> None:
    fault = FAULTS["bias-last"][1]
    one = with_fault("bias-last", fault, "S4.E78")
    assert one.returncode == 1
    assert "NOT AS LISTED: widths all different: does not hold: off by" in one.stdout
    all_documents = with_fault("bias-last", fault)
    assert all_documents.returncode == 1
    assert "S4.E78" in all_documents.stdout  # a line that holds is listed once it fails
    assert "holds to 5e-01" not in all_documents.stdout
