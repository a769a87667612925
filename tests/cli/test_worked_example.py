"""S1's worked example on MNIST is one command: the one that its page shows, run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest

from ..support.commands import results

HAS_MNIST = Path(os.environ.get("CHAINRULE_DATA", "/nowhere"), "mnist").is_dir()
needs_mnist = pytest.mark.skipif(
    not HAS_MNIST, reason="no MNIST: CHAINRULE_DATA names no folder with mnist/ in it"
)
PAGE = Path(__file__).parents[2] / "docs" / "document_s1.md"


def command_of_the_page() -> list[str]:
    (line,) = re.findall(
        r"^chainrule (train mnist .*)$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return shlex.split(line)


def test_the_command_is_the_documents_recipe() -> None:
    command = command_of_the_page()
    options = dict(zip(command[2::2], command[3::2], strict=True))
    assert options["--hidden"] == "10"
    assert options["--learning-rate"] == "0.1"
    assert (options["--epochs"], options["--batch-rows"]) == ("1000", "60000")
    assert (options["--optimizer"], options["--schedule"]) == (
        "gradient_descent",
        "constant",
    )


@needs_mnist
@pytest.mark.parametrize(
    ("epochs", "low", "high"),
    [("3", 0.1, 0.7), pytest.param("1000", 0.90, 0.93, marks=pytest.mark.full)],
)
def test_it_runs_and_reaches_what_the_document_says(
    epochs, low, high, tmp_path
) -> None:
    command = command_of_the_page()
    command[command.index("--epochs") + 1] = epochs
    found = results(
        *command, "--output", tmp_path / "run", cwd=tmp_path, CHAINRULE_NUM_THREADS="2"
    )
    training = found["training"]
    assert training["steps"] == int(epochs)  # a step for each epoch: all rows
    assert low <= found["test"]["accuracy"] <= high
    assert found["gradient_check"]["passed"]
    assert training["n_parameters"] == 7960
