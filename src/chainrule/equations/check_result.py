"""The result of a gradient check: per array a verdict with its worst entry, and all as a table."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["ArrayCheck", "GradientCheck"]

#: The reason why nothing was compared, as a row and below the table.
REASONS = {
    "at kink": "on a kink, where the loss has no derivative: pass other rows or parameters",
    "not resolved": "hidden by rounding, as at an exact fit: pass other rows or parameters",
    "overflow": "not finite, since a number overflows: scale rows or parameters down",
}


@dataclass(frozen=True)
class ArrayCheck:
    """The result for one array.

    Parameters
    ----------
    name : str
        "W[1]", "b[1]", "X", "direction"; "φ′[1]" where units of layer 1 sit on a kink.
    entries, compared, at_kink, not_resolved : int
        Numbers in the array; numbers compared; numbers left out because the function has no derivative there; and
        because rounding could hide an error of a thousandth.
    worst : tuple of int
        Index of the entry with the largest error.
    derived, numerical : float
        Its two values.
    error : float
        Their difference over scale = the numerical one's magnitude + noise / tolerance, noise = what rounding does;
        NaN where nothing was compared.
    tolerance : float
        The largest error that passes.
    """

    name: str
    entries: int
    compared: int
    at_kink: int
    not_resolved: int
    worst: tuple[int, ...]
    derived: float
    numerical: float
    error: float
    tolerance: float

    @property
    def verdict(self) -> str:
        """The word in the table: "ok", "WRONG", or why nothing was compared: "at kink", "not resolved", "overflow"."""
        if self.compared:
            return "ok" if self.error <= self.tolerance else "WRONG"  # NaN is wrong
        if not self.not_resolved:
            return "at kink"
        return "not resolved" if math.isfinite(self.numerical) else "overflow"

    @property
    def passed(self) -> bool:
        """Return whether something was compared and all of it is right."""
        return self.verdict == "ok"

    @property
    def failed(self) -> bool:
        """Return whether an entry is wrong."""
        return self.verdict == "WRONG"


@dataclass(frozen=True)
class GradientCheck:
    """The result of `check_gradient` and `check_function_gradient`; prints as a table.

    Parameters
    ----------
    method : str
        "complex" or "central".
    arrays : tuple of ArrayCheck
        One per weight matrix, bias vector, the inputs, and the random direction.
    """

    method: str
    arrays: tuple[ArrayCheck, ...]

    @property
    def passed(self) -> bool:
        """Return whether every array was compared and is right."""
        return all(a.passed for a in self.arrays)

    @property
    def failed(self) -> bool:
        """Return whether an array is wrong; one that neither passes nor fails was not compared."""
        return any(a.failed for a in self.arrays)

    @property
    def verdict(self) -> str:
        """The word above the table: "passes", "FAILS", or, where an array was not, "not compared"."""
        return "FAILS" if self.failed else "passes" if self.passed else "not compared"

    @property
    def worst(self) -> ArrayCheck:
        """The array with the largest error."""
        return max(
            self.arrays,
            key=lambda a: (a.failed, a.failed and math.isnan(a.error), _or(a.error)),
        )

    def as_dict(self) -> dict[str, Any]:
        """The result, ready for JSON."""
        arrays = [
            {
                **asdict(a),
                "worst": list(a.worst),
                "passed": a.passed,
                "verdict": a.verdict,
            }
            for a in self.arrays
        ]
        verdicts = {"passed": self.passed, "verdict": self.verdict}
        return {"method": self.method, **verdicts, "arrays": arrays}

    def __str__(self) -> str:
        words = {"complex": "complex step", "central": "five-point differences"}
        head = (
            "array",
            "compared",
            "kinks",
            "worst",
            "derived",
            "numerical",
            "error",
            "",
        )
        rows = [
            (
                a.name,
                f"{a.compared}/{a.entries}",
                str(a.at_kink),
                str(list(a.worst)),
                f"{a.derived:+.6e}",
                f"{a.numerical:+.6e}" if a.at_kink < a.entries else "-",
                f"{a.error:.1e}" if a.compared else "-",
                a.verdict,
            )
            for a in self.arrays
        ]
        widths = [max(len(r[i]) for r in (head, *rows)) for i in range(len(head))]
        gap = "  " if sum(widths) + 2 * (len(widths) - 1) < 80 else " "
        lines = [
            gap.join(cell.rjust(w) for cell, w in zip(r, widths, strict=True)).rstrip()
            for r in (head, *rows)
        ]
        tolerance = self.arrays[0].tolerance
        title = f"Gradient check by {words[self.method]}: {self.verdict} (tolerance {tolerance:g})"
        for verdict, reason in REASONS.items():
            names = [a.name for a in self.arrays if a.verdict == verdict]
            if names:
                lines += [f"Not compared: {', '.join(names)}", f"  {reason}"]
        return "\n".join((title, *lines))


def _or(error: float) -> float:
    return -1.0 if math.isnan(error) else error
