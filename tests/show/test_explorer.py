"""`explore`: what it takes, refuses and writes; a session of the page, forward and back, in Node; the widget."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import (
    Explorer,
    InputError,
    Network,
    custom_activation,
    explore,
    losses,
    train,
)
from chainrule.documents import NOTATIONS
from chainrule.show.explorer.page import bundled

from ..support.page_engine import FOLDER, NODE, needs_node

SESSION = Path(__file__).parents[1] / "support" / "explorer_session.mjs"
MOST_BYTES = 1_500_000
#: float64 against float32 after a step, weights below 10.
FLOAT32 = 1e-5
X = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
Y = [0, 1, 1, 0]
XOR = Network((2, 3, 1), ("tanh", "sigmoid"), "binary_cross_entropy")


@pytest.fixture(scope="module")
def example() -> Explorer:
    return explore()


def test_a_page_is_small_and_asks_for_nothing(
    example: Explorer, tmp_path: Path
) -> None:
    example.save(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert len(page.encode()) <= MOST_BYTES
    assert re.findall(r'(?:src|href)="(?!data:|#)', page) == []
    assert "connect-src" not in page
    assert "fetch(" in page  # which the policy allows to a served page alone


def test_each_document_has_its_network(example: Explorer) -> None:
    sets = {one["id"]: one for one in example.payload["sets"]}
    assert {f"worked-{name}" for name in NOTATIONS} < set(sets)
    for name in NOTATIONS:
        assert explore(notation=name).first == f"worked-{name}"
        assert sets[f"worked-{name}"]["start"]["notation"] == name


def test_a_model_of_ones_own_starts_the_page() -> None:
    parameters = XOR.init(3)
    made = explore(
        XOR,
        X,
        Y,
        parameters=parameters,
        names=["p", "q"],
        optimizer="sgd",
        notation="S2",
    )
    own = made.payload["sets"][0]
    raw = base64.b64decode(own["start"]["theta"]["bytes"])
    assert raw == parameters.theta.astype(np.float32).tobytes()
    assert (own["names"], own["start"]["notation"]) == (["p", "q"], "constant-neuron")
    assert made.payload["first"] == "own"
    report = train(XOR, X, Y, max_epochs=2, progress=False)
    assert explore(report, X, Y).payload["sets"][0]["rows"] == len(X)


def test_a_page_has_the_first_rows_of_many() -> None:
    network = Network((100, 1), ("identity",), "squared_error")
    x, y = np.random.default_rng(0).random((5000, 100)), np.zeros(5000)
    own = explore(network, x, y, parameters=network.init(0)).payload["sets"][0]
    assert (own["rows"], own["left"]) == (625, 4375)


def test_pixels_take_a_byte_each_and_are_the_same_numbers() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(4, 64)
    network = Network((64, 1), ("identity",), "squared_error")
    for scale in (np.float32(1 / 255), np.float32(1 / 16)):
        x = pixels.astype(np.float32) * scale
        made = explore(network, x, np.zeros(4), parameters=network.init(0, "float32"))
        own = made.payload["sets"][0]["x"]
        raw = np.frombuffer(base64.b64decode(own["bytes"]), np.uint8)
        assert own["kind"] == "uint8"
        found = (raw * np.float64(own["scale"])).astype(np.float32)
        assert found.tobytes() == x.tobytes()


def test_a_page_of_a_large_model_is_small(tmp_path: Path) -> None:
    network = Network((784, 128, 10), ("relu", "softmax"), "cross_entropy")
    x = np.random.default_rng(0).random((3000, 784))
    made = explore(network, x, np.arange(3000) % 10, parameters=network.init(0))
    assert len(made.html().encode()) <= MOST_BYTES
    wide = Network((784, 256, 10), ("relu", "softmax"), "cross_entropy")
    with pytest.raises(InputError, match="120,000"):
        explore(wide, x, np.arange(3000) % 10, parameters=wide.init(0))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"x": X}, "rows without a model"),
        ({"model": XOR, "x": X, "y": Y}, "without parameters"),
        ({"names": ["p"]}, "1 names"),
        ({"classes": ["a", "b"]}, "2 classes"),
        ({"picture": (2, 2)}, "4 pixels"),
        ({"optimizer": "lbfgs"}, "optimizer 'lbfgs'"),
        ({"notation": "S9"}, "notation 'S9'"),
    ],
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any], named: str) -> None:
    given = {"model": XOR, "x": X, "y": Y, "parameters": XOR.init(0)}
    if arguments.keys() & {"x", "model"}:
        given = {}
    with pytest.raises(InputError, match=named):
        explore(**{**given, **arguments})


def test_functions_that_a_page_cannot_evaluate_are_refused() -> None:
    own = custom_activation(lambda z: z**3, lambda z: 3 * z**2, name="cube")
    network = Network((2, 2, 1), (own, "identity"), "squared_error")
    with pytest.raises(InputError, match="the activation cube"):
        explore(network, X, Y, parameters=network.init(0))
    quantiles = Network((2, 2), ("identity",), losses.pinball((0.1, 0.9)))
    pair = Network((2, 2), ("softmax",), "binary_cross_entropy")
    with pytest.raises(InputError, match="on softmax outputs"):
        explore(pair, X, [[0, 1]] * 4, parameters=pair.init(0))
    with pytest.raises(InputError, match="pinball with one quantile"):
        explore(quantiles, X, Y, parameters=quantiles.init(0))


def test_only_a_page_is_written(example: Explorer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.html"):
        example.save(tmp_path / "page.pdf")


def test_a_title_is_no_markup() -> None:
    made = explore(XOR, X, Y, parameters=XOR.init(0), title="</script><b>")
    assert "</script><b>" not in made.html()
    assert "</script><b>" not in Explorer("</script><b>", None, "xor", (1,), {}).html()


def test_a_notebook_without_anywidget_is_told_what_to_install(
    example: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    with pytest.raises(InputError, match="notebook"):
        example.widget()
    assert "<iframe" in example._repr_html_()


@pytest.mark.skipif(
    importlib.util.find_spec("anywidget") is None, reason="no anywidget here"
)
def test_a_widget_has_all_in_its_module(example: Explorer) -> None:
    assert "export default { render }" in example.widget()._esm


@needs_node
def test_the_bundle_is_a_module(tmp_path: Path) -> None:
    assert NODE is not None
    path = tmp_path / "bundle.mjs"
    path.write_text(bundled(), encoding="utf-8")
    subprocess.run([NODE, "--check", path], check=True)


@pytest.fixture(scope="module")
def session(example: Explorer, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("session") / "payload.json"
    path.write_text(json.dumps(example.payload), encoding="utf-8")
    assert NODE is not None
    done = subprocess.run(
        [NODE, SESSION, FOLDER, path, FOLDER / "engine.wasm"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_steps_back_and_forward_again_are_the_same_bits(session: Any) -> None:
    assert (session["steps"], session["wrong"], session["beyond"]) == (500, [], False)
    assert session["undone"]
    assert session["again"]


@needs_node
def test_the_step_that_is_shown_is_the_step_that_is_made(session: Any) -> None:
    assert 0 < session["announced"] < FLOAT32


@needs_node
def test_frozen_units_stay_and_removed_ones_are_nothing(session: Any) -> None:
    assert session["frozen"]
    assert session["removed"]
    assert session["others"]


@needs_node
def test_shares_paths_and_differences_are_of_the_gradient(session: Any) -> None:
    assert session["shares"] < 1e-12
    assert session["paths"] < 1e-12
    assert session["difference"] < 1e-8


@needs_node
def test_every_function_of_a_page_agrees_with_its_engine(session: Any) -> None:
    """With its formula, and as a difference quotient."""
    assert session["everywhere"] == []
    assert session["everywhereCount"] > 5_000


@needs_node
def test_a_link_opens_the_same_state(session: Any) -> None:
    assert session["link"]


@needs_node
def test_a_link_that_somebody_else_wrote_is_refused(session: Any) -> None:
    assert session["opened"] == []


@needs_node
def test_a_step_beyond_the_finite_numbers_is_not_made(session: Any) -> None:
    assert session["stopped"]
