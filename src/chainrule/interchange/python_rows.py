"""The preparation of raw rows in the Python that is written: columns, or a matrix, to the inputs of the network."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .deployment import Deployment
from .parts import CategoryPart, NumberPart, SumPart

__all__ = ["FORMS", "inputs_text", "tables_of"]

#: How raw rows may be written.
FORMS = (
    "Rows are a mapping of column names to values, a frame, or a list of dicts. Numbers are numbers, or text with a",
    "decimal point alone (1234.5; no decimal comma, thousands mark or unit); dates are datetime64 or days since 1970;",
    "categories are text as in training; None and NaN are missing, in a list of dicts also empty text.",
)
MATRIX = '''def inputs_of(rows):
    """The inputs of the network, of rows of shape (N, {n})."""
    rows = np.asarray(rows)
    if rows.ndim != 2 or rows.shape[1] != {n}:
        raise ValueError(
            f"Given: rows of shape {{rows.shape}}. Allowed: shape (N, {n}). Pass a row for each prediction."
        )
    return {scaled}
'''
COLUMNS = '''def by_column(rows):
    """A mapping of columns, of rows that are a list of dicts, as csv.DictReader makes them; "" is missing there."""
    if not (isinstance(rows, (list, tuple)) and rows and all(isinstance(row, dict) for row in rows)):
        return rows
    names = set.intersection(*map(set, rows))
    return {name: [None if row[name] == "" else row[name] for row in rows] for name in names}


def column(rows, name, kind):
    """A column as float64 with NaN for missing, of a date days since 1970; or as text with None for missing."""
    try:
        values = np.atleast_1d(rows[name])
    except (KeyError, IndexError, TypeError):
        raise ValueError(
            f"Given: rows without the column {name!r}. Allowed: a mapping of columns, a frame, or a list of dicts, "
            "with the names in COLUMNS. Rename or add it."
        ) from None
    if kind == "category":
        return [text(value) for value in values.tolist()]
    if values.dtype.kind == "M":
        days = (values.astype("datetime64[us]") - np.datetime64(0, "us")) / np.timedelta64(1, "D")
        return np.where(np.isnat(values), np.nan, days)
    listed = [np.nan if value is None else value for value in values.tolist()]
    try:
        return np.array(listed, dtype=np.float64)
    except (TypeError, ValueError):
        row = next(i for i, value in enumerate(listed) if not is_number(value))
    allowed, remedy = "numbers", "numpy.asarray(values, float)"
    if kind == "date":
        allowed, remedy = "datetime64, or days since 1970", 'numpy.array(values, "datetime64[us]")'
    raise ValueError(
        f"Given: {listed[row]!r} in column {name!r}, row {row} (the first is 0). Allowed: {allowed}; None or NaN where "
        f"it is missing. Convert the column, by {remedy} say."
    )


def is_number(value):
    try:
        return float(value) is not None
    except (TypeError, ValueError):
        return False


def text(value):
    """A category as it was in training: whole numbers without a point; None where it is missing."""
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


def number(values, part):
    """The inputs of a number, and its scaled value for sums."""
    if part["part"] not in ("", "days"):
        cycle, wave = part["part"].split(" ")
        angle = 2 * np.pi * (values / {"year": 365.2425, "week": 7.0, "day": 1.0}[cycle])
        values = np.cos(angle) if wave == "cos" else np.sin(angle)
    gone = np.isnan(values)
    x = np.where(gone, part["center"], values)
    with np.errstate(over="ignore"):
        scaled = (x - part["center"]) / part["width"]
    unit = scaled = clipped(scaled) if part["clip"] else scaled
    made = [scaled]
    if part["log_width"] > 0:
        log = np.log(np.maximum(x, np.finfo(np.float64).tiny))
        unit = clipped((log - part["log_center"]) / part["log_width"])
        made.append(unit)
    made += bins(x, part["edges"])
    if part["missing"]:
        made.append(gone)
    return made, np.where(gone, 0.0, unit.astype(np.float32) if unit is scaled else unit)


def clipped(z):
    with np.errstate(invalid="ignore"):
        found = 3.0 * z / np.hypot(3.0, z)
    return np.where(np.isinf(z), np.copysign(3.0, z), found)


def bins(x, edges):
    with np.errstate(over="ignore"):
        return [np.clip((x - low) / (high - low), 0.0, 1.0) for low, high in zip(edges, edges[1:])]


def category(values, part):
    """An input for each category, one for others, one for missing."""
    known = part["categories"]
    made = [[value == own for value in values] for own in known]
    if part["others"]:
        made.append([value is not None and value not in known for value in values])
    if part["missing"]:
        made.append([value is None for value in values])
    return made


def inputs_of(rows):
    """The inputs of the network, of a mapping of column names to values, a frame, or a list of dicts."""
    rows, made, units = by_column(rows), [], []
    for kind, part in PARTS:
        if kind == "sum":
            a, b = part["weights"]
            total = a * units[part["first"]] + b * units[part["second"]]
            made += [total, *bins(total, part["edges"])]
            continue
        name, what = COLUMNS[part["column"]]
        values = column(rows, name, what)
        if made and len(values) != len(made[0]):
            raise ValueError(
                f"Given: column {name!r} of {len(values)} rows. Allowed: {len(made[0])} rows, as before it. "
                "Pass columns of one length."
            )
        if kind == "category":
            made += category(values, part)
        else:
            more, unit = number(values, part)
            made += more
            units.append(unit.astype(np.float64))
    return np.array(made, dtype=np.float64).T.astype(np.float32).astype(DTYPE)  # as in training
'''


def inputs_text(deployment: Deployment) -> str:
    """The function `inputs_of` of the file, with those that it calls."""
    if deployment.columns:
        return COLUMNS
    n, scale = deployment.network.sizes[0], deployment.scale
    scaled = "rows.astype(DTYPE)"
    if scale != 1:
        scaled = f"(rows.astype(np.float64) * {scale!r}).astype(DTYPE)"
    return MATRIX.format(n=n, scaled=scaled)


def tables_of(deployment: Deployment) -> dict[str, Any]:
    """Name → value of the constants that it reads: none of a matrix."""
    if not deployment.columns:
        return {}
    return {
        "COLUMNS": [(c.name, c.kind) for c in deployment.columns],
        "PARTS": [_part(part) for part in deployment.parts],
    }


def _part(part: NumberPart | CategoryPart | SumPart) -> tuple[str, dict[str, Any]]:
    kinds = {NumberPart: "number", CategoryPart: "category", SumPart: "sum"}
    return kinds[type(part)], asdict(part)
