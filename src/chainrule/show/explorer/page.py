"""The explorer as one HTML page that needs nothing else: its tables and data as JSON, the engine, and its modules."""

from __future__ import annotations

import base64
import gzip
import json
import re
from importlib import resources
from typing import Any

from ...explanation.render.html_document import allowed, html_document

__all__ = ["MODULES", "bundled", "page_of"]

#: The modules of the page, each after those that it imports.
MODULES = (
    "engine",
    "markup",
    "rounding",
    "expressions",
    "templates",
    "moment",
    "links",
    "session",
    "markup_views",
    "drawing",
    "panel",
    "pictures",
    "cards",
    "typed",
    "building",
    "sharing",
    "walks",
    "main",
)
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.mjs";$', re.MULTILINE)
EXPORT = re.compile(
    r"^export (?:const|class|function|async function) (\w+)", re.MULTILINE
)


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def bundled() -> str:
    """The modules as one: each a function that gives what it exports.

    Examples
    --------
    >>> "import" in {line.split(" ")[0] for line in bundled().splitlines()}
    False
    """
    return "\n".join(_wrapped(name, _file(f"{name}.mjs")) for name in MODULES)


def _wrapped(name: str, source: str) -> str:
    exported = ", ".join(EXPORT.findall(source))
    body = IMPORT.sub(lambda m: f"const {{{m[1]}}} = ${m[2]};", source)
    body = re.sub(r"^export ", "", body, flags=re.MULTILINE)
    return f"const ${name} = (() => {{\n{body}\nreturn {{ {exported} }};\n}})();"


def page_of(payload: dict[str, Any], title: str, *, served: bool = False) -> str:
    """The page, HTML.

    Parameters
    ----------
    payload : dict
        The tables, the data sets, and where to start.
    title : str
    served : bool
        True for a page that may ask its server for more.
    """
    script = bundled()
    data = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    binary = resources.files(__package__).joinpath("engine.wasm").read_bytes()
    body = f"""{_file("explorer.html")}
<script type="application/gzip" id="payload">{packed(data)}</script>
<script type="application/gzip" id="engine">{packed(binary)}</script>
<script type="module">{script}</script>"""
    return html_document(
        f"{title} – chainrule explorer",
        _file("explorer.css"),
        body,
        policy=_policy(script, served),
    )


def packed(content: bytes) -> str:
    """Bytes as the page unpacks them, the same for the same bytes."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _policy(script: str, served: bool) -> str:
    """Nothing may be loaded, and no script run but this one and the engine; a page from a server may ask that."""
    more = "; connect-src 'self'" if served else ""
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:; "
        f"script-src {allowed(script)} 'wasm-unsafe-eval'{more}"
    )
