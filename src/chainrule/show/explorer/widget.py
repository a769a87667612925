"""The explorer as a notebook widget, by anywidget: JupyterLab, marimo, VS Code and Colab show it."""

from __future__ import annotations

import base64
import json
from importlib import resources
from typing import Any

from ...errors import InputError
from .page import bundled

__all__ = ["widget_of"]


def widget_of(payload: dict[str, Any]) -> Any:
    """A widget that shows the page of a payload.

    Raises
    ------
    InputError
        Without anywidget.
    """
    try:
        import anywidget
    except ImportError as error:
        raise InputError(
            "a widget without anywidget",
            "the extra notebook",
            "Install it: pip install 'chainrule[notebook]'.",
        ) from error
    files = resources.files(__package__)
    binary = base64.b64encode(files.joinpath("engine.wasm").read_bytes()).decode()
    content = {
        "body": files.joinpath("explorer.html").read_text("utf-8"),
        "style": files.joinpath("explorer.css").read_text("utf-8"),
        "engine": binary,
        "payload": json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
    }
    made = f"const CONTENT = {json.dumps(content)};\n{bundled()}\n{RENDER}"
    return anywidget.AnyWidget(_esm=made)


#: A frame keeps the page's style and its keys from the notebook's.
RENDER = """
const render = ({ el }) => {
  const frame = document.createElement("iframe");
  frame.title = "chainrule explorer";
  frame.style.cssText = "width:100%;height:52rem;border:1px solid #8888;border-radius:6px";
  el.append(frame);
  const ready = () => {
    const page = frame.contentDocument; // which some browsers replace once it has loaded
    if (page.body.childElementCount) return;
    page.documentElement.lang = "en";
    page.head.innerHTML = `<meta charset="utf-8"><style>${CONTENT.style}</style>`;
    page.body.innerHTML = CONTENT.body;
    const bytes = Uint8Array.from(atob(CONTENT.engine), (c) => c.charCodeAt(0));
    $main.start(page.body, JSON.parse(CONTENT.payload), bytes).then((made) => { frame.explorer = made; });
  };
  if (frame.contentDocument?.readyState === "complete") ready();
  frame.addEventListener("load", ready, { once: true });
};
export default { render };
"""
