"""The engine in a page, asked from Python: by Node, or in a browser."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule

__all__ = ["FOLDER", "described", "in_browser", "in_node", "needs_node"]

FOLDER = Path(chainrule.__file__).parent / "show" / "explorer"
JOBS = Path(__file__).with_name("page_engine.mjs")
NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="no node on this machine")

IN_NODE = """
import { readFileSync } from "node:fs";
const [module, binary, jobs] = process.argv.slice(1);
const { Engine } = await import(module);
const { answers } = await import(jobs);
const given = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(await answers(Engine, readFileSync(binary), given)));
"""
IN_BROWSER = """
const [module, binary, jobs, given, done] = arguments;
const imported = (text) => import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
(async () => {
  const { Engine } = await imported(module);
  const { answers, unpacked } = await imported(jobs);
  return answers(Engine, unpacked(binary), JSON.parse(given));
})().then((all) => done(JSON.stringify(all)), (error) => done(JSON.stringify(String(error.stack))));
"""


def packed(value: Any) -> Any:
    """Arrays as [kind, base64]."""
    if isinstance(value, np.ndarray):
        kind = f"{value.dtype.kind}{value.dtype.itemsize}"
        return {"array": [kind, base64.b64encode(value.tobytes()).decode()]}
    if isinstance(value, dict):
        return {name: packed(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [packed(one) for one in value]
    return value


def unpacked(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"array"}:
        kind, text = value["array"]
        return np.frombuffer(base64.b64decode(text), kind)
    if isinstance(value, dict):
        return {name: unpacked(one) for name, one in value.items()}
    return [unpacked(one) for one in value] if isinstance(value, list) else value


def in_node(jobs: list[dict[str, Any]], binary: Path | None = None) -> list[Any]:
    """The answers to these jobs of page_engine.mjs."""
    assert NODE is not None
    paths = [FOLDER / "engine.mjs", binary or FOLDER / "engine.wasm", JOBS]
    done = subprocess.run(
        [NODE, "--input-type=module", "-e", IN_NODE, *map(str, paths)],
        input=json.dumps(packed(jobs)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(unpacked(json.loads(done.stdout)))


def in_browser(browser: Any, jobs: list[dict[str, Any]]) -> list[Any]:
    """The same, in an open browser."""
    browser.set_script_timeout(120)
    binary = np.frombuffer((FOLDER / "engine.wasm").read_bytes(), np.uint8)
    text = browser.execute_async_script(
        IN_BROWSER,
        (FOLDER / "engine.mjs").read_text(encoding="utf-8"),
        packed(binary),
        JOBS.read_text(encoding="utf-8"),
        json.dumps(packed(jobs)),
    )
    answers = json.loads(text)
    assert isinstance(answers, list), answers
    return list(unpacked(answers))


def described(network: Any, rules: Any = None) -> dict[str, Any]:
    """A network and its rules as the page takes them: their specifications."""
    # without rules nothing is trained
    of_rules = {"optimizer": "sgd"} if rules is None else rules.specification()
    kept = (
        *("optimizer", "dropout", "frozen_layers", "l1", "l2"),
        *("clip_value", "clip_norm", "max_norm"),
    )
    chosen = {name: of_rules[name] for name in kept if name in of_rules}
    alpha = 0.0 if rules is None else rules.alpha
    return {
        "sizes": list(network.sizes),
        "activations": [phi.specification() for phi in network.activations],
        "loss": network.loss.specification(),
        "alpha": alpha,
        **chosen,
    }
