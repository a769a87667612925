"""One Python file that needs NumPy alone: weights in base64, preparation, network, a test of itself."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np

from ..errors import InputError
from .deployment import LARGEST_LOG, Deployment
from .function_texts import texts_with_needs
from .python_functions import FUNCTIONS
from .python_rows import FORMS, inputs_text, tables_of
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
        **tables_of(deployment),
    }
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
        "\n\n".join(texts_with_needs(FUNCTIONS, (p.name for p in network.activations))),
        inputs_text(deployment),
        NETWORK,
        _finish(deployment),
        _test(rows, expected, stamp),
    ]
    return "\n".join(head) + "\n\n".join(body)


def _with_values(specification: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(str(v) if k == "name" else float(v) for k, v in specification.items())


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
