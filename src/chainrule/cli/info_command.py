"""`chainrule info`: what is installed, what was built, what is chosen on this machine."""

from __future__ import annotations

import os
import platform

from ..engines.native import (
    MISSING,
    compiler_version,
    instruction_set,
    instruction_sets,
    thread_limit,
)
from ..files.json_text import versions
from .options.info import Info
from .output import Output

__all__ = ["run"]


def run(request: Info) -> int:
    """Print the facts, or those of a model; the exit status."""
    if request.model is not None:
        from .model_info import info_of

        return info_of(request.model)
    console = Output()
    for name, version in versions().items():
        console.print(f"{name} {version}", soft_wrap=True)
    cores = f"{os.cpu_count()} cores, {thread_limit(None)} threads at most"
    console.print(f"{platform.system()} {platform.machine()}, {cores}")
    if MISSING is None:
        console.print(
            f"native engine: built by GCC or Clang {compiler_version()}", soft_wrap=True
        )
        forced = " (by CHAINRULE_ISA)" if os.environ.get("CHAINRULE_ISA") else ""
        console.print(
            f"instruction sets: {', '.join(instruction_sets())}; used: {instruction_set()}{forced}"
        )
    else:
        console.print(
            f"native engine: {MISSING}; training runs on the reference engine",
            soft_wrap=True,
        )
        console.print(
            "to build it, with a C++ compiler: CHAINRULE_NATIVE=require pip install .",
            soft_wrap=True,
        )
    return 0
