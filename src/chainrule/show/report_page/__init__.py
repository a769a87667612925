"""report.html: what was trained on what, how it went, how good it is, and how to do it again.

One file that needs nothing else: no scripts, no requests, pictures inside. `page` puts the sections of
`sections` and `mistakes` together; `figures` draws. `tabular` is the page of averaged networks, `rows` that for rows in
memory.
"""

from __future__ import annotations

from .page import page_of

__all__ = ["page_of"]
