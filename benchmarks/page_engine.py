"""The engine in the page: its size, the time to load it, an epoch of digits in Node and in Chromium; and the explorer.

64-10-10, 1 797 rows in batches of 32. Of the explorer's page: its size, its first paint, the time until it can be used,
and the frames while one scrubs along 500 steps.

`python benchmarks/page_engine.py` needs node, chromium and chromedriver.
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
from chainrule import explore
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


#: 500 steps are made, then each frame shows another of them: the times between frames, and of what one does.
SCRUB = """
const [data, done] = arguments, root = document, $ = (id) => root.getElementById(id);
$("data").value = data;
$("data").dispatchEvent(new Event("change"));
for (let k = 0; k < 500; k += 1) explorer.session.step();
explorer.render();
const frames = [], works = [];
let last = performance.now(), k = 0;
const frame = () => {
  const now = performance.now();
  frames.push(now - last);
  last = now;
  if (k === 60) { done([frames.slice(1), works]); return; }
  $("scrub").value = String(500 - 8 * (k += 1));
  $("scrub").dispatchEvent(new Event("input"));
  works.push(performance.now() - now);
  requestAnimationFrame(frame);
};
requestAnimationFrame(frame);
"""


def explorer_figures(browser: Any, folder: Path) -> None:
    path = folder / "explorer.html"
    explore().save(path)
    sys.stdout.write(f"explorer.html: {path.stat().st_size} bytes\n")
    paints, ready = [], []
    for _ in range(5):
        open_page(browser, path.as_uri(), 1280)
        while not browser.execute_script("return !!window.explorer"):
            pass
        found = browser.execute_script(
            "return [performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0, explorer.ready]"
        )
        paints.append(found[0])
        ready.append(found[1])
    sys.stdout.write(
        f"first paint {median(paints):.0f} ms, ready {median(ready):.0f} ms (medians of 5)\n"
    )
    browser.set_script_timeout(120)
    for data in ("example", "iris", "digits"):
        frames, works = browser.execute_async_script(SCRUB, data)
        slowest = sorted(frames)[int(0.95 * len(frames))]
        sys.stdout.write(
            f"scrubbing {data:8} frame {median(frames):.1f} ms, 95 % below {slowest:.1f} ms, "
            f"of which work {median(works):.1f} ms\n"
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
            explorer_figures(browser, Path(folder))
        finally:
            browser.quit()


if __name__ == "__main__":
    main()
