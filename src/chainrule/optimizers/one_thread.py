"""The BLAS on one thread, so that its sums, and the bits that follow, do not depend on how many there are."""

from __future__ import annotations

import functools
import importlib
from contextlib import AbstractContextManager
from typing import Any

__all__ = ["blas_names", "one_thread"]


def one_thread() -> AbstractContextManager[Any]:
    """A context in which NumPy's and SciPy's BLAS and LAPACK take one thread."""
    limited: AbstractContextManager[Any] = _libraries().limit(limits=1, user_api="blas")
    return limited


def blas_names() -> list[str]:
    """The BLAS of NumPy and SciPy, their versions and the processor whose code they take."""
    found = [lib for lib in _libraries().info() if lib["user_api"] == "blas"]
    names = ("internal_api", "version", "architecture")
    return sorted({" ".join(str(lib.get(n)) for n in names) for lib in found})


@functools.cache
def _libraries() -> Any:
    importlib.import_module("scipy.linalg")  # its BLAS is one of those to be held
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
