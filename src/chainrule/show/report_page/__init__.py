"""report.html: what was trained on what, how it went, how good it is, and how to do it again.

One file that needs nothing else: no scripts, no requests, pictures inside. `page` puts the sections of
`sections` and `mistakes` together; `figures` draws.
"""

from __future__ import annotations

from .page import page_of
from .rows import page_of_rows
from .tabular import Tested, page_of_average

__all__ = ["Tested", "page_of", "page_of_average", "page_of_rows"]
