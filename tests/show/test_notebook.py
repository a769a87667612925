"""What a notebook shows: the live line of a run, a network drawn, curves. A real kernel runs it."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

CELLS = [
    "from chainrule import Network, load_data, train\n"
    "network = Network((4, 8, 3), ('tanh', 'softmax'), 'cross_entropy')\nnetwork",
    "iris = load_data('iris')\nreport = train(network, iris.x_train, iris.y_train, max_epochs=300)",
    "train(network, iris.x_train, iris.y_train, max_epochs=3, progress=False);",
    "report.plot()",
]


@pytest.fixture(scope="module")
def outputs():
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS]
    )
    NotebookClient(notebook, timeout=200, kernel_name="python3").execute()
    return [cell.outputs for cell in notebook.cells]


def test_a_network_is_drawn(outputs):
    assert outputs[0][0]["data"]["text/html"].startswith("<svg")


def test_a_run_shows_one_line_that_is_replaced(outputs):
    assert [output["output_type"] for output in outputs[1]] == ["display_data"]
    shown = outputs[1][0]["data"]["text/html"]
    assert "300/300 loss 0." in shown  # the last state, in the place of all before
    assert "in 0:0" in shown
    assert "\n" in shown  # with the curve
    assert outputs[2] == []


def test_curves_are_a_picture(outputs):
    assert "image/png" in outputs[3][0]["data"]
