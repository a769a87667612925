"""Problems of a table file, each with the arguments that settle it; several of them in one error."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ..arguments import argument, arguments
from ..errors import InputError, counted

__all__ = ["FEW_WORDS", "FileProblemError", "mean_missing", "raise_together"]

#: So many texts that may mean a missing value are named at most.
FEW_WORDS = 12


class FileProblemError(InputError):
    """A problem of a file that arguments of `load_data` settle.

    Parameters
    ----------
    given, allowed, remedy : str
    missing : collection of str
        Texts that would have to mean a missing value.
    skip_last : int
        Lines at the end to leave out.
    """

    def __init__(
        self,
        given: str,
        allowed: str,
        remedy: str,
        *,
        missing: Collection[str] = (),
        skip_last: int = 0,
    ) -> None:
        super().__init__(given, allowed, remedy)
        self.missing = tuple(missing)
        self.skip_last = skip_last

    @property
    def settled(self) -> bool:
        """Return whether an argument settles it."""
        return bool(self.missing or self.skip_last)


def raise_together(source: str, problems: Sequence[InputError]) -> None:
    """Raise the only problem; or one error with all of them, and the arguments that settle those that can be."""
    if not problems:
        return
    if len(problems) == 1:
        one = problems[0]
        raise InputError(one.given, one.allowed, one.remedy) from one.__cause__
    settled = [p for p in problems if isinstance(p, FileProblemError) and p.settled]
    last = max((p.skip_last for p in settled), default=0)
    words = list(dict.fromkeys(word for p in settled for word in p.missing))
    found = [
        f"({i}) {p.given}; allowed: {p.allowed}"
        + ("" if p in settled else f". {p.remedy.removesuffix('.')}")
        for i, p in enumerate(problems, 1)
    ]
    remedy = "Correct them."
    if settled:
        given = {"skip_last": last or None, "missing": words or None}
        named = arguments({name: value for name, value in given.items() if value})
        meant = "if these texts mean that the value is missing, " if words else ""
        which = "all" if len(settled) == len(problems) else f"{len(settled)} of them"
        remedy = f"Correct them; or, {meant}settle {which} by {named}."
    raise InputError(
        f"{source} with {len(problems)} problems: {'; '.join(found)}",
        "lines that are rows, and columns whose values are of one kind",
        remedy,
    )


def mean_missing(words: Sequence[str]) -> str:
    """The start of a remedy: "if 'x' means that the value is missing, pass …".

    Examples
    --------
    >>> mean_missing(["x", "y"])
    "if 'x' and 1 other text mean that the value is missing, pass missing=['x', 'y']"
    """
    who = f"{words[0]!r} means"
    if len(words) > 1:
        who = f"{words[0]!r} and {counted(len(words) - 1, 'other text')} mean"
    return f"if {who} that the value is missing, pass {argument('missing', [*words])}"
