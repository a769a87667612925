"""`python -m chainrule` is the command `chainrule`."""

from __future__ import annotations

from .cli import main

main()
