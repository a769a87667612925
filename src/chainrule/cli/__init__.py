"""The command `chainrule`.

Exit status: 0 done; 1 a check failed, or the machine could not do it (a full disk, say); 2 the
command or its data cannot be used as given; 130 interrupted (Ctrl-C), 143 terminated (SIGTERM), 129 hung up (SIGHUP).
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from signal import SIGINT, pthread_kill
from typing import Any

from .exit_status import NOTHING_SAVED, SaidLog, fail

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # where a terminal knows no Greek
    sys.unraisablehook = _interrupt_again
    logger = logging.getLogger("chainrule")
    said = SaidLog(logging.WARNING)
    logger.addHandler(said)
    try:
        from .app import app

        app(arguments)
    except KeyboardInterrupt:
        fail(NOTHING_SAVED, 130)
    finally:
        logger.removeHandler(said)


def _interrupt_again(ignored: Any) -> None:
    """Interrupt once more where Python would ignore it: within a destructor or the callback of a weak reference."""
    if issubclass(ignored.exc_type, KeyboardInterrupt):
        # not within this hook; by a signal, which wakes a main thread that waits
        main_thread = threading.main_thread().ident
        threading.Timer(0.01, pthread_kill, (main_thread, SIGINT)).start()
    else:
        sys.__unraisablehook__(ignored)
