"""The options of the command for the arguments that messages name, quoted for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ..data.names import joined_names

__all__ = ["as_option"]

WORDS = {("separator", "\t"): "tab", ("separator", " "): "blank"}
WORDS |= {("thousands", " "): "blank", ("thousands", ""): "none"}


def as_option(name: str, value: Any = None) -> str:
    """The options that stand for an argument.

    Parameters
    ----------
    name : str
        The argument of `load_data`, `predict` or `explain`.
    value : object
        Its value; the options alone without one.

    Examples
    --------
    >>> as_option("kinds", {"date of birth": "date:%d %m"}), as_option("header", False)
    ("--kind 'date of birth=date:%d %m'", '--no-header')
    >>> as_option("missing", ["?", "n.a."]), as_option("numbers", True), as_option("target")
    ("--missing '?,n.a.'", '--loss squared_error', '--target')
    """
    if isinstance(value, Mapping):
        pairs = [f"{column}={kind}" for column, kind in value.items()]
        return " ".join(f"--kind {shlex.quote(pair)}" for pair in pairs)
    if name == "kinds":
        name = "kind"
    if name == "numbers":
        name, value = "loss", "squared_error" if value is True else None
    if name == "preparation" and value is False:
        return "--without-preparation"
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{option}" if value else f"--no-{option}"
    if value is None:
        return f"--{option}"
    if isinstance(value, list):
        value = joined_names(map(str, value))
    return f"--{option} {shlex.quote(WORDS.get((name, value), str(value)))}"
