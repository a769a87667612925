"""One C99 file: weights, preparation and a function without heap, library or static state."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arguments import argument
from ..equations.activation import Activation
from ..equations.network import Network, Parameters
from ..errors import InputError
from .c_arithmetic import lanes_of, two_floats
from .c_functions import ACTIVATION_CALLS, functions_for
from .deployment import Deployment
from .parts import CategoryPart, NumberPart, SumPart
from .stamp import BLANK, MARK, SEAL, Stamp

__all__ = ["c_text", "require_c"]

Matrix = np.ndarray[Any, Any]
F = np.float32
#: Numbers in a file at most: beyond, a source file is not the form for them.
MOST_NUMBERS = 20_000_000
PER_LINE = 8


def require_c(deployment: Deployment) -> None:
    """Raise for what C has no form for here: dates, weights beyond float32, too many of them."""
    dates = [column.name for column in deployment.columns if column.kind == "date"]
    if dates:
        raise InputError(
            f"column {dates[0]!r} of dates for C, whose rows are of float",
            "numbers, booleans and categories",
            "Export to .onnx or .py, train without that column, or leave the preparation out: "
            f"{argument('preparation', False)}.",
        )
    count = sum(p.theta.size for p in deployment.members)
    if count > MOST_NUMBERS:
        each = f"{deployment.members[0].theta.size} weights"
        raise InputError(
            f"{len(deployment.members)} networks of {each} for one C file",
            f"at most {MOST_NUMBERS} weights",
            "Export to .onnx, or average fewer networks (members=1).",
        )
    for parameters in deployment.members:
        if not np.isfinite(parameters.theta.astype(F)).all():
            raise InputError(
                "weights that float32 cannot hold for C, which has float",
                f"numbers up to {np.finfo(F).max:.3g}",
                "Export to .py, or train with dtype float32.",
            )


def c_text(
    deployment: Deployment, name: str, stamp: Stamp, raw: Matrix, expected: Matrix
) -> str:
    """The whole file; `raw` and `expected` are the rows that its test runs on."""
    big = name.upper()
    inputs = len(deployment.columns) or deployment.network.sizes[0]
    sections = [
        _heading(deployment, name, stamp),
        f"#include <stdint.h>\n\nenum {{ {big}_INPUTS = {inputs}, {big}_OUTPUTS = {deployment.width} }};\n\n"
        f"void {name}_run(const float *input, float *output);\n",
        GUARDS,
        functions_for(_needed(deployment)),
        *[
            f"static const float weights{k}[] = {_array(packed(deployment.network, p))};\n"
            for k, p in enumerate(deployment.members)
        ],
        _preparation(deployment),
        _network(deployment.network),
        _run(deployment, name),
        _test(name, stamp, raw, expected),
    ]
    return "\n".join(section for section in sections if section)


GUARDS = """#ifdef __FAST_MATH__
#error "compile without -ffast-math: it reorders sums and drops infinities"
#endif
#if defined(__FLT_EVAL_METHOD__) && (__FLT_EVAL_METHOD__ != 0)
#error "compile for arithmetic in float, as by -msse2 -mfpmath=sse on 32-bit x86"
#endif
/* No product and sum in one rounding: the results are those of the processors that have no such instruction. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize ("fp-contract=off")
#endif
"""


def _heading(deployment: Deployment, name: str, stamp: Stamp) -> str:
    """The comment at the start."""
    finish, big = deployment.finish, name.upper()
    lines = [
        f"{name}.c: {str(deployment.network).replace(chr(0x2192), chr(45) + chr(62))}"
        + (
            f", the average of {len(deployment.members)}"
            if len(deployment.members) > 1
            else ""
        ),
        f"Written by chainrule {stamp.version}. C99; no heap, no library, no static state.",
        "",
        f"void {name}_run(const float *input, float *output) reads {big}_INPUTS numbers and writes {big}_OUTPUTS.",
        f"It takes {4 * _room(deployment)} bytes of the stack and some registers.",
        "",
        "Preparation of raw rows: " + stamp.preparation + ".",
    ]
    if deployment.columns:
        lines += _columns(deployment)
    elif deployment.scale != 1:
        lines.append(f"input[k] is multiplied by {deployment.scale:.9g}.")
    lines.append("")
    lines += [
        f"output[{k}]: {_quoted(what)}"
        for k, what in enumerate(finish.names(deployment.width))
    ]
    if finish.kind == "classes":
        lines.append(
            "The class that is predicted is that of the largest output, of equal ones the first."
        )
    if finish.kind == "labels":
        lines.append("A label is predicted where its output is > 0.5.")
    lines += [
        "",
        str(stamp) + ".",
        f"Compiled with -D{big}_TEST it is a program that returns how many of its own rows are farther off (0: none).",
        MARK + stamp.text(),
        SEAL + BLANK,
    ]
    body = "\n".join(f" * {line}".rstrip() for line in lines)
    return f"/*\n{body}\n */\n"


def _quoted(text: str) -> str:
    """A name as it may stand in a comment."""
    return json.dumps(text).strip('"').replace("*/", "*\\/").replace("/*", "/\\*")


def _columns(deployment: Deployment) -> list[str]:
    categories = {
        part.column: part for part in deployment.parts if isinstance(part, CategoryPart)
    }
    used = {part.column for part in deployment.parts if not isinstance(part, SumPart)}
    lines = []
    for i, column in enumerate(deployment.columns):
        head = f"input[{i}]: {_quoted(column.name)}, "
        if i not in used:
            lines.append(head + "not used")
        elif i in categories:
            lines.append(
                head + "the number of its category, NaN where missing, -1 for a new one"
            )
            lines += [
                f"  {k}: {_quoted(text)}"
                for k, text in enumerate(categories[i].categories)
            ]
        else:
            kind = "0 or 1" if column.kind == "boolean" else "a number"
            lines.append(head + kind + ", NaN where missing")
    return lines


def _needed(deployment: Deployment) -> list[str]:
    names = ["dense", *[phi.name for phi in deployment.network.activations]]
    if deployment.finish.log:
        names.append("exponential")
    for part in deployment.parts:
        if isinstance(part, CategoryPart):
            names.append("category")
        elif part.edges:
            names.append("bins")
        if isinstance(part, NumberPart) and (part.clip or part.log):
            names.append("smooth")
        if isinstance(part, NumberPart) and part.log:
            names.append("log_of_any")
    return names


def _literal(value: Any) -> str:
    number = float(F(value))
    if np.isnan(number):
        return "NOT_A_NUMBER"
    if np.isinf(number):
        return "-INFINITE" if number < 0 else "INFINITE"
    text = f"{number:.9g}"
    return (text if any(c in text for c in ".e") else f"{text}.0") + "f"


def _array(values: Matrix | Sequence[Any]) -> str:
    texts = [_literal(v) for v in np.asarray(values).ravel()]
    lines = [
        "  " + ", ".join(texts[i : i + PER_LINE])
        for i in range(0, len(texts), PER_LINE)
    ]
    return "{\n" + ",\n".join(lines) + "\n}"


def packed(network: Network, parameters: Parameters) -> Matrix:
    """The weights in the order in which `dense` reads them."""
    found = []
    for W, b in zip(parameters.weights, parameters.biases, strict=True):
        whole, k = len(b) // 4 * 4, 0
        while k < whole:
            to = k + (8 if k + 8 <= len(b) else 4)
            found += [b[k:to], W[k:to].T.ravel()]
            k = to
        for k in range(whole, len(b)):
            found += [b[k : k + 1], W[k]]
    return np.concatenate(found).astype(F)


def _call(phi: Activation, of: str) -> str:
    values = [v for k, v in phi.specification().items() if k != "name"]
    arguments = ", ".join([of, *map(_literal, values)])
    return f"{ACTIVATION_CALLS.get(phi.name, phi.name)}({arguments})"


def _network(network: Network) -> str:
    """`network`, of one member's weights."""
    hidden = network.sizes[1:-1]
    lines = [
        "static void network(const float *w, const float *x, float *y)",
        "{",
    ]
    rooms = [max(hidden[k::2], default=0) for k in (0, 1)]
    declared = [f"{'ab'[k]}[{n}]" for k, n in enumerate(rooms) if n]
    if declared:
        lines.append(f"  float {', '.join(declared)};")
    functions = [phi.name for phi in network.activations]
    if any(name not in ("identity", "softmax") for name in functions):
        lines.append("  int i;")
    source = "x"
    for l, (fan_in, fan_out) in enumerate(itertools.pairwise(network.sizes)):
        last = l + 1 == network.n_layers
        target = "y" if last else "ab"[l % 2]
        call = f"dense(w, {fan_in}, {fan_out}, {source}, {target})"
        lines.append(f"  {'(void)' if last else 'w = '}{call};")
        phi = network.activations[l]
        if phi.name == "softmax":
            lanes = lanes_of(fan_out, last=last)
            lines.append(f"  softmax({target}, {fan_out}, {lanes});")
        elif phi.name != "identity":
            lines += [
                f"  for (i = 0; i < {fan_out}; i++) {{",
                f"    {target}[i] = {_call(phi, f'{target}[i]')};",
                "  }",
            ]
        source = target
    return "\n".join([*lines, "}", ""])


def _room(deployment: Deployment) -> int:
    """Floats on the stack."""
    network = deployment.network
    hidden = network.sizes[1:-1]
    count = sum(max(hidden[k::2], default=0) for k in (0, 1))
    if deployment.columns or deployment.scale != 1:
        count += network.sizes[0]
    if len(deployment.members) > 1:
        count += network.sizes[-1]
    return count + sum(isinstance(p, NumberPart) for p in deployment.parts)


def _preparation(deployment: Deployment) -> str:
    if not deployment.columns:
        return ""
    numbers = [p for p in deployment.parts if isinstance(p, NumberPart)]
    sums = any(isinstance(p, SumPart) for p in deployment.parts)
    tables, lines = [], []
    unit = 0
    for k, part in enumerate(deployment.parts):
        edges = () if isinstance(part, CategoryPart) else part.edges
        if edges:
            values = [
                v
                for low, high in itertools.pairwise(edges)
                for v in (*two_floats(low), F(high - low))
            ]
            tables.append(f"static const float edges{k}[] = {_array(values)};\n")
        count = len(edges) - 1
        if isinstance(part, CategoryPart):
            lines.append(
                f"  x = category(input[{part.column}], {len(part.categories)}, {int(part.others)}, "
                f"{int(part.missing)}, x);"
            )
        elif isinstance(part, NumberPart):
            lines += _number(part, k, count, unit if sums else None)
            unit += 1
        else:
            a, b = part.weights
            lines += [
                f"  v = {_literal(a)} * unit[{part.first}] + {_literal(b)} * unit[{part.second}];",
                "  *x++ = v;",
            ]
            lines += [f"  x = bins(v, edges{k}, {count}, x);"] * bool(edges)
    head = ["static void prepare(const float *input, float *x)", "{"]
    if numbers:
        head.append("  float v, z;" if sums or numbers else "")
    if sums:
        head.append(f"  float unit[{len(numbers)}];")
    return "\n".join([*tables, *head, *lines, "  (void)x;", "}", ""])


def _number(part: NumberPart, k: int, count: int, unit: int | None) -> list[str]:
    high, low = two_floats(part.center)
    v = f"input[{part.column}]"
    z = f"(v - {_literal(high)} - {_literal(low)}) / {_literal(part.width)}"
    lines = [
        f"  v = {v} == {v} ? {v} : {_literal(high)};",
        f"  z = {v} == {v} ? {f'smooth({z})' if part.clip else z} : 0.0f;",
        "  *x++ = z;",
    ]
    if part.log:
        lines += [
            f"  z = smooth((log_of_any(v) - {_literal(part.log_center)}) / {_literal(part.log_width)});",
            "  *x++ = z;",
        ]
    lines += [f"  x = bins(v, edges{k}, {count}, x);"] * (count > 0)
    if part.missing:
        lines.append(f"  *x++ = {v} == {v} ? 0.0f : 1.0f;")
    if unit is not None:
        lines.append(f"  unit[{unit}] = {v} == {v} ? z : 0.0f;")
    return lines


def _run(deployment: Deployment, name: str) -> str:
    network, finish = deployment.network, deployment.finish
    outputs, count = network.sizes[-1], len(deployment.members)
    two = finish.kind == "classes" and outputs == 1
    lines, body = [], []
    source = "input"
    if deployment.columns or deployment.scale != 1:
        lines.append(f"  float x[{network.sizes[0]}];")
        source = "x"
    if deployment.columns:
        body.append("  prepare(input, x);")
    elif deployment.scale != 1:
        body += [
            f"  for (i = 0; i < {network.sizes[0]}; i++) {{",
            f"    x[i] = input[i] * {_literal(deployment.scale)};",
            "  }",
        ]
    into = "output + 1" if two else "output"
    body.append(f"  network(weights0, {source}, {into});")
    if count > 1:
        lines.append(f"  float one[{outputs}];")
        for k in range(1, count):
            body += [
                f"  network(weights{k}, {source}, one);",
                *_each(outputs, f"{_at(into)} += one[i];"),
            ]
        body += _each(outputs, f"{_at(into)} /= {_literal(count)};")
    if two:
        body.append("  output[0] = 1.0f - output[1];")
    if finish.normalized:
        lines.append("  float sum = 0.0f;")
        body += _each(deployment.width, "sum += output[i];")
        body += _each(deployment.width, "output[i] /= sum;")
    tables = []
    if finish.width is not None and finish.center is not None:
        pairs = np.stack([finish.width, finish.center], axis=1)
        tables.append(f"static const float units[] = {_array(pairs)};\n")
        body += _each(
            outputs, "output[i] = output[i] * units[2 * i] + units[2 * i + 1];"
        )
    if finish.log:
        body += _each(outputs, "output[i] = exponential(output[i]);")
    if finish.low is not None and finish.high is not None:
        pairs = np.stack([finish.low, finish.high], axis=1)
        tables.append(f"static const float limits[] = {_array(pairs)};\n")
        body += _each(
            outputs,
            "output[i] = output[i] < limits[2 * i] ? limits[2 * i]"
            " : (output[i] > limits[2 * i + 1] ? limits[2 * i + 1] : output[i]);",
        )
    if any("(i = 0" in line for line in body):
        lines.append("  int i;")
    head = [f"void {name}_run(const float *input, float *output)", "{"]
    return "\n".join([*tables, *head, *lines, *body, "}", ""])


def _at(into: str) -> str:
    return "output[i + 1]" if into.endswith("1") else "output[i]"


def _each(count: int, statement: str) -> list[str]:
    return [f"  for (i = 0; i < {count}; i++) {{", f"    {statement}", "  }"]


def _test(name: str, stamp: Stamp, raw: Matrix, expected: Matrix) -> str:
    big = name.upper()
    count = len(raw)
    # upwards, and with what rounding the model's outputs to float takes
    allowed = np.nextafter(F(stamp.difference + 2**-23 * stamp.largest), F(np.inf))
    return f"""#if defined({big}_TEST) || defined({big}_CHECK)
#define NOT_A_NUMBER (0.0f / 0.0f)
#define INFINITE (1.0f / 0.0f)
enum {{ ROWS = {count} }};
static const float rows[ROWS * {big}_INPUTS] = {_array(raw)};
/* of the model itself */
static const float expected[ROWS * {big}_OUTPUTS] = {_array(expected)};
#endif

#ifdef {big}_TEST
int main(void)
{{
  int wrong = 0, row, k;
  for (row = 0; row < ROWS; row++) {{
    float output[{big}_OUTPUTS];
    int far = 0;
    {name}_run(rows + row * {big}_INPUTS, output);
    for (k = 0; k < {big}_OUTPUTS; k++) {{
      const float apart = output[k] - expected[row * {big}_OUTPUTS + k];
      far |= !(apart <= {_literal(allowed)} && apart >= -{_literal(allowed)});
    }}
    wrong += far;
  }}
  return wrong;
}}
#endif
"""
