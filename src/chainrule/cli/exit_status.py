"""The exit status of a command, and the sentence that goes with it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from ..errors import InputError, NonFiniteError

__all__ = ["NOTHING_SAVED", "exit_with", "fail"]

NOTHING_SAVED = "interrupted; nothing was saved."


class _Terminated(KeyboardInterrupt):
    """SIGTERM, handled as Ctrl-C is: after the current step, with a checkpoint."""


def exit_with(run: Callable[[], int]) -> NoReturn:
    """Do a command's work and exit with its status; say what is wrong in a sentence."""
    terminated = False

    def terminate(number: int, frame: object) -> None:
        nonlocal terminated
        terminated = True
        raise _Terminated

    signal.signal(signal.SIGTERM, terminate)
    try:
        status = run()
    except InputError as error:
        fail(str(error), 2)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone: nothing to say to anyone
        sys.exit(1)
    except OSError as error:
        fail(
            f"{error.filename}: {error.strerror}."
            if error.filename and error.strerror
            else str(error),
            1,
        )
    except NonFiniteError as error:
        fail(str(error), 1)
    except KeyboardInterrupt as error:
        fail(str(error) or NOTHING_SAVED, 143 if terminated else 130)
    sys.exit(143 if terminated and status == 130 else status)


def fail(message: str, status: int) -> NoReturn:
    """Write a sentence to standard error and exit."""
    sys.stderr.write(f"chainrule: {message}\n")
    sys.exit(status)
