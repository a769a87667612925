"""One Python file that needs NumPy alone: weights in base64, preparation, network, a test of itself."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

import numpy as np

from ..equations.network import Network
from ..errors import InputError
from .deployment import LARGEST_LOG, Deployment
from .parts import CategoryPart, NumberPart, SumPart
from .stamp import MARK, Stamp

__all__ = ["python_text", "require_python"]

Matrix = np.ndarray[Any, Any]
MOST_BYTES = 2**30


def require_python(deployment: Deployment) -> None:
    """Raise for more weights than a source file should hold."""
    size = sum(p.theta.nbytes for p in deployment.members)
    if size > MOST_BYTES:
        raise InputError(
            f"{len(deployment.members)} networks of {size / 1e9:.1f} GB for one Python file",
            f"at most {MOST_BYTES / 1e9:.1f} GB",
            "Export to .onnx, or average fewer networks (members=1).",
        )


#: activation → φ as a function of z and its parameter, of NumPy; what it calls.
PHI = {
    "identity": ((), "def identity(z):\n    return z\n"),
    "exponential": (
        (),
        "def exponential(z):  # NumPy warns where it overflows\n"
        '    with np.errstate(over="ignore"):\n        return np.exp(z)\n',
    ),
    "exp": (("exponential",), "def exp(z):\n    return exponential(z)\n"),
    "sigmoid": (
        (),
        "def sigmoid(z):\n    e = np.exp(-np.abs(z))\n    return np.where(z > 0, 1, e) / (1 + e)\n",
    ),
    "tanh": ((), "def tanh(z):\n    return np.tanh(z)\n"),
    "relu": ((), "def relu(z):\n    return np.where(z <= 0, 0 * z, z)\n"),
    "leaky_relu": (
        (),
        "def leaky_relu(z, slope):\n    return np.where(z > 0, z, slope * z)\n",
    ),
    "elu": (
        (),
        "def elu(z, alpha):\n    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))\n",
    ),
    "selu": (
        ("elu",),
        "def selu(z):\n    return 1.0507009873554805 * elu(z, 1.6732632423543772)\n",
    ),
    "erf": (
        (),
        "ERF_NEAR = {near}\nERF_FAR = {far}\n\n\n"
        "def erf(x):  # x P(x²) up to 1, then 1 - exp(-x²) Q(1 / (|x| + 2))\n"
        "    size = np.abs(x)\n"
        "    near, far = np.zeros_like(x), np.zeros_like(x)\n"
        "    for c in ERF_NEAR:\n"
        "        near = near * np.minimum(x * x, 1) + c\n"
        "    for c in ERF_FAR:\n"
        "        far = far / (size + 2) + c\n"
        "    return np.where(size < 1, x * near, np.sign(x) * (1 - far * np.exp(-x * x)))\n",
    ),
    "gelu": (
        ("erf",),
        "def gelu(z):\n    return z * (0.5 * (1 + erf(z * 0.7071067811865476)))\n",
    ),
    "gelu_tanh": (
        ("sigmoid",),
        "def gelu_tanh(z):\n    return z * sigmoid(1.5957691216057308 * (z + 0.044715 * z * z * z))\n",
    ),
    "silu": (("sigmoid",), "def silu(z):\n    return z * sigmoid(z)\n"),
    "softplus": (
        (),
        "def softplus(z):\n    return np.where(z > 0, z, 0 * z) + np.log1p(np.exp(-np.abs(z)))\n",
    ),
    "mish": (("softplus",), "def mish(z):\n    return z * np.tanh(softplus(z))\n"),
    "squareplus": (
        (),
        "def squareplus(z, b):\n    far = np.sqrt(z * z + b) + np.abs(z)\n"
        "    return np.where(z > 0, far, b / far) / 2\n",
    ),
    "softsign": ((), "def softsign(z):\n    return z / (1 + np.abs(z))\n"),
    "hard_sigmoid": (
        (),
        "def hard_sigmoid(z):\n    return np.clip(z / 6 + 0.5, 0, 1)\n",
    ),
    "hard_tanh": ((), "def hard_tanh(z):\n    return np.clip(z, -1, 1)\n"),
    "softmax": (
        (),
        "def softmax(z):\n    e = np.exp(z - z.max(axis=1, keepdims=True))\n"
        "    return e / e.sum(axis=1, keepdims=True)\n",
    ),
}
#: As in native/kernels/math-inl.h, where the error is stated: 1.8 ulp of float64.
ERF_NEAR = (
    *(-7.80104252349058042e-10, 1.37228943110058309e-08, -1.62091560627544382e-07),
    *(1.64475149564086728e-06, -1.49247444311737226e-05, 1.20552953077421367e-04),
    *(-8.54832598924570451e-04, 5.22397760741348961e-03, -2.68661706432749246e-02),
    *(1.12837916709452452e-01, -3.76126389031835484e-01, 1.12837916709551256e00),
)
ERF_FAR = (
    *(-2.12159631409475395e02, 7.48105061845697719e02, -1.15316658676741918e03),
    *(9.94915407416666881e02, -5.10903276993869497e02, 1.61260973435861644e02),
    *(-4.11291054454911986e01, 9.89053222940171928e00, 1.89701901616818014e00),
    *(2.05855012205963117e00, 1.12326071224905655e00, 5.64377632947910213e-01),
    -3.13555220466418727e-06,
)

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
NETWORK = '''def network(theta, x):
    """A[L], of inputs of shape (N, n_0); θ is every W[l], row by row, then every b[l]."""
    at, bias = 0, sum(m * n for m, n in zip(SIZES, SIZES[1:]))
    for l, (fan_in, fan_out) in enumerate(zip(SIZES, SIZES[1:])):
        W = theta[at : at + fan_in * fan_out].reshape(fan_out, fan_in)
        b = theta[bias : bias + fan_out]
        name, *parameters = ACTIVATIONS[l]
        x = globals()[name](x @ W.T + b, *parameters)
        at, bias = at + fan_in * fan_out, bias + fan_out
    return x
'''


def python_text(
    deployment: Deployment, name: str, stamp: Stamp, rows: Any, expected: Matrix
) -> str:
    """The whole file; `rows` and `expected` are what its test runs on."""
    network, finish = deployment.network, deployment.finish
    columns = list(finish.names(deployment.width))
    classes = [] if finish.classes is None else finish.classes.tolist()
    constants = {
        "SIZES": network.sizes,
        "ACTIVATIONS": [
            _with_values(phi.specification()) for phi in network.activations
        ],
        "CLASSES": classes,
        "OUTPUTS": columns,
    }
    if deployment.columns:
        constants["COLUMNS"] = [(c.name, c.kind) for c in deployment.columns]
        constants["PARTS"] = [_part(part) for part in deployment.parts]
    head = [
        f'"""{_safe(f"{network}".replace("→", "->"))}',
        "",
        f"Written by chainrule {stamp.version}; needs NumPy alone. Run as a program it tests itself.",
        f"Preparation of raw rows: {stamp.preparation}.",
        *(FORMS if deployment.columns else ()),
        f"{_safe(str(stamp))}.",
        "",
        MARK + stamp.text(),
        '"""',
        "",
        "import base64",
        "import sys",
        "",
        "import numpy as np",
        "",
        f'DTYPE = np.dtype("{deployment.dtype.newbyteorder("<").str}")',
        *[f"{key} = {_literal(value)}" for key, value in constants.items()],
        "THETAS = [",
        *[_weights(p.theta) for p in deployment.members],
        "]",
        "",
        "",
    ]
    body = [
        _functions(network),
        COLUMNS
        if deployment.columns
        else MATRIX.format(n=network.sizes[0], scaled=_scaled(deployment.scale)),
        NETWORK,
        _finish(deployment),
        _test(rows, expected, stamp),
    ]
    return "\n".join(head) + "\n\n".join(body)


def _scaled(scale: float) -> str:
    return (
        "rows.astype(DTYPE)"
        if scale == 1
        else f"(rows.astype(np.float64) * {scale!r}).astype(DTYPE)"
    )


def _with_values(specification: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(str(v) if k == "name" else float(v) for k, v in specification.items())


def _part(part: NumberPart | CategoryPart | SumPart) -> tuple[str, dict[str, Any]]:
    kinds = {NumberPart: "number", CategoryPart: "category", SumPart: "sum"}
    return kinds[type(part)], asdict(part)


def _safe(text: str) -> str:
    """A text within a docstring."""
    return json.dumps(text).strip('"').replace("\\", "\\\\")


def _literal(value: Any) -> str:
    """A constant; NumPy's scalars as Python's."""
    return ascii(value)


def _weights(theta: Matrix) -> str:
    data = theta.astype(theta.dtype.newbyteorder("<"))
    text = base64.b64encode(data.tobytes()).decode()
    lines = [text[i : i + 100] for i in range(0, len(text), 100)]
    joined = "\n".join(f'        "{line}"' for line in lines)
    return f"    np.frombuffer(base64.b64decode(\n{joined}\n    ), DTYPE),"


def _functions(network: Network) -> str:
    found: dict[str, str] = {}

    def add(name: str) -> None:
        needs, text = PHI[name]
        for need in needs:
            add(need)
        if name == "erf":
            text = text.format(near=ERF_NEAR, far=ERF_FAR)
        found.setdefault(name, text)

    for phi in network.activations:
        add(phi.name)
    return "\n\n".join(found.values())


def _finish(deployment: Deployment) -> str:
    finish = deployment.finish
    lines = [
        "def run(rows):",
        '    """The outputs of rows, shape (N, len(OUTPUTS)): what OUTPUTS names."""',
        "    x = inputs_of(rows)",
    ]
    if (finish.wide and len(deployment.members) > 1) or finish.normalized:
        lines.append(
            "    a = sum(network(theta, x).astype(np.float64) for theta in THETAS) / len(THETAS)"
        )
    elif finish.wide:
        lines.append("    a = network(THETAS[0], x).astype(np.float64)")
    else:
        lines.append("    a = network(THETAS[0], x)")
    if finish.kind == "classes" and deployment.network.sizes[-1] == 1:
        lines.append("    a = np.hstack([1 - a, a])")
    if finish.normalized:
        lines.append("    a = a / a.sum(axis=1, keepdims=True)")
    if finish.width is not None and finish.center is not None:
        lines.append(
            f"    a = a * np.array({finish.width.tolist()}) + np.array({finish.center.tolist()})"
        )
    if finish.log:
        lines.append(f"    a = np.exp(np.minimum(a, {LARGEST_LOG}))")
    if finish.low is not None and finish.high is not None:
        lines.append(
            f"    a = np.clip(a, {finish.low.tolist()}, {finish.high.tolist()})"
        )
    lines += ["    return a", ""]
    if finish.kind == "classes":
        # of a list beyond int64 NumPy makes floats
        beyond = finish.classes is not None and finish.classes.dtype == np.uint64
        dtype = ", np.uint64" if beyond else ""
        lines += [
            "",
            "def predict_proba(rows):",
            '    """The probability of each class, in the order of CLASSES."""',
            "    return run(rows)",
            "",
            "",
            "def predict(rows):",
            '    """The class of each row."""',
            f"    return np.array(CLASSES{dtype})[run(rows).argmax(axis=1)]",
            "",
        ]
    elif finish.kind == "labels":
        lines += [
            "",
            "def predict_proba(rows):",
            '    """The probability of each label."""',
            "    return run(rows)",
            "",
            "",
            "def predict(rows):",
            '    """0 or 1 for each label."""',
            "    return (run(rows) > 0.5).astype(int)",
            "",
        ]
    else:
        lines += [
            "",
            "def predict(rows):",
            '    """The outputs, of one alone as a vector."""',
            "    a = run(rows)",
            "    return a[:, 0] if a.shape[1] == 1 else a",
            "",
        ]
    return "\n".join(lines)


def _test(rows: Any, expected: Matrix, stamp: Stamp) -> str:
    shown = (
        {name: values.tolist() for name, values in rows.items()}
        if isinstance(rows, dict)
        else rows.tolist()
    )
    return f"""nan, inf = np.nan, np.inf
#: Rows to test on, the model's own outputs of them, and how far off this file may be.
ROWS = {shown!a}
EXPECTED = np.array({expected.tolist()!a})
BOUND = {stamp.bound!r}


def largest_difference(rows=ROWS, expected=EXPECTED):
    \"\"\"The largest |output - expected|.\"\"\"
    return float(np.abs(run(rows) - expected).max())


if __name__ == "__main__":
    if len(sys.argv) > 1:
        raise SystemExit(
            f"Given: {{' '.join(sys.argv[1:])}}. Allowed: no arguments, as a program this file tests itself. "
            "Import it and call predict(rows)."
        )
    found = largest_difference()
    print(f"largest difference {{found:.3g}} on {{len(EXPECTED)}} rows, bound {{BOUND:.3g}}")
    raise SystemExit(0 if found <= BOUND else 1)
"""
