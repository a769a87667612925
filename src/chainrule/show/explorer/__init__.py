"""The explorer: a network with its numbers beside the formulas, trained forward and back by hand, in one page.

`explore` takes a network and its rows; an `Explorer` is a page, and `Server` hands it out. The page's templates are
those of `explanation`, put into JSON by `expressions`, `notations` and `tables`; its numbers and its steps are those of
the library's own engine, compiled to WebAssembly (`engine.mjs`).
"""

from __future__ import annotations

from .opening import Explorer, explore
from .server import Server

__all__ = ["Explorer", "Server", "explore"]
