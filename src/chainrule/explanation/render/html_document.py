"""The frame of an HTML page that needs nothing else: its head, which allows it to load nothing."""

from __future__ import annotations

import base64
import hashlib
from html import escape

__all__ = ["POLICY", "allowed", "html_document"]

#: A browser that reads this makes no request and runs no script, whatever else the page says.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def html_document(title: str, style: str, body: str, *, policy: str = POLICY) -> str:
    """The page, HTML.

    Parameters
    ----------
    title : str
        Plain text.
    style, body : str
        CSS and HTML, as they are to stand there.
    policy : str
        The content security policy.

    Examples
    --------
    >>> page = html_document("a < b", "", "<p>c</p>")
    >>> page.splitlines()[0], "<title>a &lt; b</title>" in page
    ('<!DOCTYPE html>', True)
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def allowed(script: str) -> str:
    """The source by which a policy's `script-src` allows this script and no other.

    Examples
    --------
    >>> allowed("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return f"'sha256-{digest}'"
