"""JSON texts: numbers that JSON has no words for, and what every text of ours notes of its writer."""

from __future__ import annotations

import math
import platform
from typing import Any

import numpy as np

from .. import __version__

__all__ = ["json_ready", "versions"]


def versions() -> dict[str, str]:
    """Versions of what computed."""
    return {
        "python": platform.python_version(),
        "chainrule": __version__,
        "numpy": np.__version__,
    }


def json_ready(value: Any) -> Any:
    """The same with NaN and infinity as text, which JSON has no numbers for; `float` reads them."""
    if isinstance(value, dict):
        return {key: json_ready(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    return (
        repr(float(value))
        if isinstance(value, float) and not math.isfinite(value)
        else value
    )
