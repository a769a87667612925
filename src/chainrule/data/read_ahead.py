"""Reading ahead: one thread makes the next item while the last one is used; no more than these two are alive."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Generator, Iterator
from typing import Any, TypeVar

__all__ = ["ClosedError", "ahead"]

Item = TypeVar("Item")


class ClosedError(Exception):
    """An item is made for nobody: raised by what makes it, so as not to be waited for."""


def ahead(
    items: Iterator[Item], closed: threading.Event | None = None
) -> Generator[Item]:
    """The items, each made in one thread while the one before is used.

    The thread ends when the iterator is closed, with the item that it is making: at once where that raises
    `ClosedError` as soon as `closed` is set. What it raises before is raised here.

    Parameters
    ----------
    items : iterator
    closed : Event, optional
        Set when the iterator is closed.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    made: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    may_make, closed = threading.Semaphore(2), closed or threading.Event()

    def make() -> None:
        try:
            while True:
                may_make.acquire()
                if closed.is_set():
                    return
                item = next(items, made)
                if item is made:
                    made.put(("end", None))
                    return
                made.put(("item", item))
                del item
        except BaseException as error:  # raised where the items are used
            made.put(("error", error))

    # how arguments are spelled in messages is the context's
    context = contextvars.copy_context()
    thread = threading.Thread(
        target=context.run, args=(make,), name="chainrule reads ahead", daemon=True
    )
    thread.start()
    try:
        while True:
            what, value = made.get()
            if what == "end":
                return
            if what == "error":
                raise value
            yield value
            del value
            may_make.release()
    finally:
        closed.set()
        may_make.release()
        thread.join()
