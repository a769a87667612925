"""The exit status of a command, and the sentence that goes with it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from ..errors import InputError, NonFiniteError
from ..printable import printable

__all__ = ["NOTHING_SAVED", "SaidLog", "exit_with", "fail", "say"]

NOTHING_SAVED = "interrupted; nothing was saved."
#: Signals that end a run as Ctrl-C does, where the system has them.
ENDING = ("SIGTERM", "SIGHUP")
NO_MEMORY = (
    "Given: data that need more memory than there is. Allowed: what fits the memory of this machine, or of the "
    "limit that is set. Use fewer rows or columns, or a machine with more memory."
)


class _Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP, handled as Ctrl-C is: after the current step, with a checkpoint."""


class SaidLog(logging.Handler):
    """A handler that prints what the library logs, as a sentence on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


def exit_with(run: Callable[[], int]) -> NoReturn:
    """Do a command's work and exit with its status; print what is wrong in a sentence."""
    ended_by: list[int] = []
    terminals = [number for number in (1, 2) if os.isatty(number)]

    def end(number: int, frame: object) -> None:
        ended_by.append(number)
        if signal.Signals(number).name == "SIGHUP":
            _leave(terminals)
        raise _Terminated

    for name in ENDING:
        number = getattr(signal, name, None)
        # whoever starts it with nohup wants it to ignore that the terminal goes away
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
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
    except MemoryError:
        fail(NO_MEMORY, 1)
    except KeyboardInterrupt as error:
        fail(str(error) or NOTHING_SAVED, 128 + ended_by[0] if ended_by else 130)
    _leave_with(128 + ended_by[0] if ended_by and status == 130 else status)


def _leave_with(status: int) -> NoReturn:
    """Exit with a status that no interrupt changes any more: Python would die of one while it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


def _leave(terminals: list[int]) -> None:
    """Write nowhere instead of to a terminal that is gone, which would be an error in the midst of saving."""
    for number in terminals:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def say(sentence: str) -> None:
    """Write a line to standard error, whatever is in it escaped."""
    sys.stderr.write(f"chainrule: {printable(sentence)}\n")


def fail(sentence: str, status: int) -> NoReturn:
    """Write a line to standard error and exit."""
    say(sentence)
    _leave_with(status)
