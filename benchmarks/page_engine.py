"""The engine in the page: its size, the time to load it, an epoch of digits in Node and in Chromium.

64-10-10, 1 797 rows in batches of 32. `python benchmarks/page_engine.py` needs node, chromium and chromedriver.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.support.browser import open_page, started_browser
from tests.support.page_engine import FOLDER, in_browser, in_node

EPOCHS, BATCH, SIZES = 200, 32, (64, 10, 10)


def job(optimizer: str) -> dict[str, Any]:
    digits = load_digits()
    theta = np.random.default_rng(0).uniform(-0.3, 0.3, 64 * 10 + 10 * 10 + 20)
    return {
        "do": "seconds",
        "network": {
            "sizes": SIZES,
            "activations": ["relu", "softmax"],
            "loss": "cross_entropy",
            "optimizer": optimizer,
            "parameters": theta.astype(np.float32),
        },
        "X": (digits.data / 16).astype(np.float32),
        "Y": np.eye(10, dtype=np.float32)[digits.target],
        "batch": BATCH,
        "epochs": EPOCHS,
    }


def line(where: str, optimizer: str, answer: dict[str, Any]) -> str:
    first, *others = (1e3 * seconds for seconds in answer["epochs"])
    load = 1e3 * answer["load"]
    return (
        f"{where:9} {optimizer:5} load {load:.1f} ms, first epoch {first:.2f} ms, "
        f"median of {len(others)} more: {median(others):.3f} ms\n"
    )


def main() -> None:
    for name in ("engine.wasm", "engine.mjs"):
        sys.stdout.write(f"{name}: {(FOLDER / name).stat().st_size} bytes\n")
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text("<!doctype html><title>a page</title>")
        browser = started_browser(Path(folder, "profile"))
        try:
            open_page(browser, page.as_uri())
            for optimizer in ("sgd", "adam"):
                given = [job(optimizer)]
                sys.stdout.write(line("Node", optimizer, in_node(given)[0]))
                answers = in_browser(browser, given)
                sys.stdout.write(line("Chromium", optimizer, answers[0]))
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
