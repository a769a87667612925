"""The command `chainrule`.

Exit status: 0 done; 1 a check failed, or the machine could not do it (a full disk, say); 2 the
command or its data cannot be used as given; 130 interrupted.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit."""
    from ..errors import InputError, NonFiniteError
    from .app import app

    try:
        app(arguments)
    except InputError as error:
        _fail(str(error), 2)
    except (NonFiniteError, OSError) as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("interrupted.", 130)


def _fail(message: str, status: int) -> None:
    sys.stderr.write(f"chainrule: {message}\n")
    sys.exit(status)
