"""The command `chainrule`.

Exit status: 0 done; 1 a check failed, or the machine could not do it (a full disk, say); 2 the
command or its data cannot be used as given; 130 interrupted (Ctrl-C), 143 terminated (SIGTERM).
"""

from __future__ import annotations

import io
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

__all__ = ["exit_with", "main"]

NOTHING_SAVED = "interrupted; nothing was saved."


class _Terminated(KeyboardInterrupt):
    """SIGTERM, handled as Ctrl-C is: after the current step, with a checkpoint."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # where a terminal knows no Greek
    try:
        from .app import app

        app(arguments)
    except KeyboardInterrupt:
        _fail(NOTHING_SAVED, 130)


def exit_with(run: Callable[[], int]) -> NoReturn:
    """Do a command's work and exit with its status; say what is wrong in a sentence."""
    from ..errors import InputError, NonFiniteError

    terminated = False

    def terminate(number: int, frame: object) -> None:
        nonlocal terminated
        terminated = True
        raise _Terminated

    signal.signal(signal.SIGTERM, terminate)
    try:
        status = run()
    except InputError as error:
        _fail(str(error), 2)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone: nothing to say to anyone
        sys.exit(1)
    except OSError as error:
        _fail(
            f"{error.filename}: {error.strerror}."
            if error.filename and error.strerror
            else str(error),
            1,
        )
    except NonFiniteError as error:
        _fail(str(error), 1)
    except KeyboardInterrupt as error:
        _fail(str(error) or NOTHING_SAVED, 143 if terminated else 130)
    sys.exit(143 if terminated and status == 130 else status)


def _fail(message: str, status: int) -> NoReturn:
    sys.stderr.write(f"chainrule: {message}\n")
    sys.exit(status)
