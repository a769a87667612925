"""`chainrule explore`: a page in a file, or served until Ctrl-C."""

from __future__ import annotations

import base64
import gzip
import json
import os
import re
import signal
import subprocess
import threading
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import Network, save_model

from ..support.commands import COMMAND, chainrule, in_process


def payload(path: Path) -> Any:
    """The data in a page."""
    found = re.search(r'id="payload">([^<]*)<', path.read_text("utf-8"))
    assert found
    return json.loads(gzip.decompress(base64.b64decode(found[1])))


def test_a_page_is_written(tmp_path: Path) -> None:
    done = chainrule("explore", "--notation", "S2", "--to", "page.html", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "page.html\n", "")
    assert payload(tmp_path / "page.html")["first"] == "worked-constant-neuron"


def test_a_typed_network_is_explored_as_explain_takes_it(tmp_path: Path) -> None:
    typed = ["--notation", "S3", "--weights", "W^[2] = [1 -2] b^[2] = [0.5]"]
    typed += ["--x", "1 2", "--y", "1"]
    assert in_process("explore", *typed, "--to", str(tmp_path / "a.html")) == 0
    own = payload(tmp_path / "a.html")["sets"][0]
    assert own["start"]["sizes"] == [2, 1]
    assert in_process("explain", *typed, "--to", str(tmp_path / "a.json")) == 0
    assert in_process("explore", *typed, "--data", "iris") == 2


def test_a_file_and_a_model_are_explored(tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal((60, 2))
    np.savez(tmp_path / "rows.npz", x=x, y=(x.sum(axis=1) > 0).astype(int))
    done = chainrule("explore", "--data", "rows.npz", "--to", "a.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    own = payload(tmp_path / "a.html")["sets"][0]
    assert own["start"]["sizes"] == [2, 8, 2]
    done = chainrule("train", "iris", "--epochs", "3", "--output", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = chainrule("explore", "run", "--to", "b.html", "--batch", "8", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    own = payload(tmp_path / "b.html")["sets"][0]
    assert (own["id"], own["start"]["batch"]) == ("own", 8)
    assert "virginica" in own["classes"]


def test_an_average_is_explored_as_the_network_that_it_is(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((80, 2)).round(3).tolist()
    lines = ["a,b,y", *(f"{a},{b},{a + b:.3f}" for a, b in rows)]
    (tmp_path / "t.csv").write_text("\n".join(lines), encoding="utf-8")
    done = chainrule(
        "train", "t.csv", "--preset", "fast", "--output", "run", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    done = chainrule(
        "explore", "run", "--data", "t.csv", "--to", "a.html", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert payload(tmp_path / "a.html")["sets"][0]["id"] == "own"


def test_a_model_without_its_preparation_is_refused_with_the_way(
    tmp_path: Path,
) -> None:
    network = Network((2, 1), ("identity",), "squared_error")
    save_model(tmp_path / "m.safetensors", network, network.init(0))
    done = chainrule("explore", "m.safetensors", "--to", "a.html", cwd=tmp_path)
    assert done.returncode == 2
    assert 'chainrule.explore("m.safetensors", x, y)' in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "page.pdf"), "Name it page.html"),
        (("--notation", "S9"), "notation 'S9'"),
        (("--optimizer", "lbfgs"), "first-order"),
        (("missing",), "missing"),
    ],
)
def test_bad_requests_exit_with_2(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    more = () if "--to" in arguments else ("--to", "page.html")
    data = ("--data", "iris") if "--optimizer" in arguments else ()
    done = chainrule("explore", *arguments, *more, *data, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr


def test_it_is_served_until_ctrl_c(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "explore", "--no-browser"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # as a terminal starts it: who runs the tests in the background ignores Ctrl-C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        ended = threading.Timer(60, process.kill)
        ended.start()
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert process.stdout.readline() == "Ctrl-C ends it.\n"
        with urllib.request.urlopen(address, timeout=20) as answer:
            assert b"chainrule explorer" in answer.read()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
        ended.cancel()
        assert (process.returncode, output, errors) == (0, "", "")
