"""`python -m chainrule` is the command `chainrule`."""

from __future__ import annotations

try:
    from .cli import main
except KeyboardInterrupt:
    raise SystemExit(130) from None

main()
