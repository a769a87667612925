"""A network typed on the command line, its matrices as a document and `chainrule explain` write them.

``W^1 = [2 -1 0; 4 -1 -2]  W^F = [4 -8 2]``: names in the document's letters, rows separated by semicolons, numbers by
blanks or commas; or each row in brackets of its own, as in Python. Brackets, carets and blanks of a name may be left
out: ``W1 = …``. A sample may be a list without brackets, ``1 2``; with them it is a matrix as the document lays its
samples out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..documents import NOTATIONS
from ..equations.losses import LOSSES
from ..equations.network import Network, Parameters
from ..errors import InputError
from ..explanation.spellings import spelling
from .options.typed import TypedNetwork
from .recipe_parts import CLASS_LOSSES, require_name

__all__ = ["parameters_of_text", "rows_of_text", "typed_network", "typed_pass"]

#: The one notation's arrays as they are typed; those of a document are in its folder.
CANONICAL = "W[1] = [1 -2] b[1] = [0.5]"
#: A name with its layer in any spelling, and what it is.
PART = re.compile(
    r"\s*(θ|theta|[A-Za-z])\s*\^?\s*[\[({]?\s*(\d+|F)?\s*[\])}]?\s*=\s*\[([^\]]*)\]\s*[,;]?"
)


#: Whole numbers with one comma and no blank between them: one number with decimals, or two.
EITHER = re.compile(r"[-−]?\d+,\d+")


def typed_pass(
    notation: str, given: TypedNetwork, beside: Sequence[str]
) -> tuple[Network, Parameters, Any, Any]:
    """The network, its parameters, the rows and their targets, of what is typed in a notation.

    Parameters
    ----------
    notation : str
    given : TypedNetwork
    beside : sequence of str
        What was given of a network in a file, or of its rows; none of it goes with a typed one.
    """
    if beside:
        raise InputError(
            f"{', '.join(beside)} with --weights",
            "a network that is typed, or one in a file",
            "Leave one of them out.",
        )
    missing = [f"--{name}" for name in ("weights", "x", "y") if not vars(given)[name]]
    if given.weights is None or given.x is None or given.y is None:
        raise InputError(
            f"a network on the command line without {', '.join(missing)}",
            "--weights, --x and --y together",
            "Write all three, in the letters of --notation.",
        )
    name = spelling(notation).name
    network, parameters = typed_network(
        name, given.weights, given.activation, given.loss
    )
    x = rows_of_text(name, "--x", given.x, network.sizes[0])
    y = rows_of_text(name, "--y", given.y, network.sizes[-1])
    return network, parameters, x, y


def typed_network(
    name: str, text: str, activation: str | None, loss: str | None
) -> tuple[Network, Parameters]:
    """The network and its parameters.

    Parameters
    ----------
    name : str
        The notation.
    text : str
        Its arrays.
    activation : str, optional
        One for all layers but a linear or softmax output, or one for each with commas; by default the document's.
    loss : str, optional
        By default the document's.
    """
    parameters = parameters_of_text(name, text)
    own = (
        Network(parameters.sizes, _tanh_inside(parameters), "squared_error")
        if name == "canonical"
        else NOTATIONS[name].network(parameters.sizes)
    )
    if activation is None and loss is None:
        return own, parameters
    if loss is not None:
        require_name("--loss", loss, LOSSES)
    network = Network(
        parameters.sizes,
        _activations(own, activation, loss),
        own.loss if loss in (None, "squared_error") else loss,
    )
    return network, parameters


def _tanh_inside(parameters: Parameters) -> list[str]:
    return ["tanh"] * (len(parameters.weights) - 1) + ["identity"]


def _activations(own: Network, activation: str | None, loss: str | None) -> list[Any]:
    """One for each layer: those asked for; softmax and sigmoid for the losses that need them."""
    L = own.n_layers
    named = [] if activation is None else [one.strip() for one in activation.split(",")]
    if len(named) > 1 or (named and L == 1):
        if len(named) != L:
            raise InputError(
                f"--activation {activation}, {len(named)} of them",
                f"one, or {L}: one for each layer",
                "Count the matrices.",
            )
        return named
    last = CLASS_LOSSES.get(loss or "")
    linear = own.activations[-1].name == "identity"
    hidden = [named[0]] * (L - 1) if named else list(own.activations[:-1])
    if last is not None or linear or not named:
        return [*hidden, last or own.activations[-1]]
    return [*hidden, named[0]]


def parameters_of_text(name: str, text: str) -> Parameters:
    """The parameters that a text has, in a notation.

    Raises
    ------
    InputError
        Text that is no array, or none of the notation's; shapes that do not follow each other.

    Examples
    --------
    >>> parameters_of_text("bias-last", "W^1 = [2 -1 0; 4 -1 -2] W^F = [4 -8 2]").sizes
    (2, 2, 1)
    """
    one = NOTATIONS.get(name)
    example = one.example if one else CANONICAL
    # rows in brackets of their own are Python's lists, whose commas separate; a point is a decimal one
    if "." not in text and not re.search(r"\[\s*\[", text):
        _refuse_decimal_commas("--weights", re.sub(r"[\[\]]", " ", text))
    found: dict[str, dict[Any, Any]] = {
        letter: {} for letter in (one.layered if one else "Wb")
    }
    alone: dict[str, Any] = {}
    for letter, layer, numbers in _parts(_rows_apart(text), example):
        if layer is None and one and letter in one.alone:
            _once(alone, letter, f"{letter} = […]", matrix_of_text(numbers))
        elif layer is not None and letter in found:
            key = layer if layer == "F" else int(layer)
            _once(found[letter], key, f"{letter}^{layer}", matrix_of_text(numbers))
        else:
            other = f", or {one.another}" if one and one.another else ""
            raise InputError(
                f"--weights with {letter}{layer or ''} in the notation {name}",
                f"its own arrays: {example}{other}",
                f"Write --weights '{example}'.",
            )
    return _parameters(name, found, alone, example)


def _once(into: dict[Any, Any], key: Any, called: str, value: Any) -> None:
    if key in into:
        raise InputError(f"--weights with {called} twice", "once", "Leave one out.")
    into[key] = value


def _parts(text: str, example: str) -> list[tuple[str, str | None, str]]:
    """Letter, layer and numbers of each array."""
    parts, at = [], 0
    while at < len(text.rstrip()):
        part = PART.match(text, at)
        if part is None:
            raise InputError(
                f"--weights {text[at:].strip()[:60]!r}",
                "arrays such as W^1 = [1 2; 3 4]",
                f"Write --weights '{example}'.",
            )
        letter = "θ" if part[1] == "theta" else part[1]
        parts.append((letter, part[2], part[3]))
        at = part.end()
    return parts


def _parameters(
    name: str, found: dict[str, dict[Any, Any]], alone: dict[str, Any], example: str
) -> Parameters:
    """The parameters of arrays by letter and layer."""
    if "θ" in alone:
        if "n" not in alone:
            raise InputError(
                "--weights with θ and no widths",
                "n_1 … n_M beside it",
                f"Write --weights '{NOTATIONS[name].another}'.",
            )
        n = alone["n"].reshape(-1)
        if not all(width >= 1 and width.is_integer() for width in n):
            raise InputError(
                f"--weights with n = [{' '.join(f'{width:g}' for width in n)}]",
                "widths, whole numbers >= 1",
                "Correct n.",
            )
        return NOTATIONS[name].parameters(alone["θ"].reshape(-1), [*map(int, n)])
    if alone and "n" not in alone:
        return NOTATIONS[name].parameters(alone)
    if not any(found.values()):
        raise InputError(
            "--weights without an array", example, f"Write --weights '{example}'."
        )
    if "b" in found:
        found["b"] = {key: b.reshape(-1, 1) for key, b in found["b"].items()}
        arrays: Any = (found["W"], found["b"])
    else:
        (arrays,) = found.values()
    return NOTATIONS["column-batch" if name == "canonical" else name].parameters(arrays)


def _rows_apart(text: str) -> str:
    """The text with each row in brackets of its own, ``[[1, 2], [3, 4]]``, as ``[1, 2; 3, 4]``."""
    text = re.sub(r"\]\s*,?\s*\[", ";", text)
    return re.sub(r"\]\s*\]", "]", re.sub(r"\[\s*\[", "[", text))


def matrix_of_text(text: str) -> Any:
    """Numbers in rows, "1 -2; 0.5 1/3" say.

    Examples
    --------
    >>> matrix_of_text("1 -2; 0.5, 1/4")
    array([[ 1.  , -2.  ],
           [ 0.5 ,  0.25]])
    """
    rows = [
        [_number(word) for word in row.replace(",", " ").split()]
        for row in text.split(";")
    ]
    if len({len(row) for row in rows}) != 1 or not rows[0]:
        raise InputError(
            f"[{text}]",
            "rows of one length, at least one number in each",
            "Separate rows by semicolons and numbers by blanks.",
        )
    return np.array(rows)


def _refuse_decimal_commas(option: str, text: str) -> None:
    """Raise where a comma may be a decimal one."""
    word = next((w for w in re.split(r"[\s;]+", text) if EITHER.fullmatch(w)), None)
    if word is not None:
        raise InputError(
            f"{option} with {word}, which is {word.replace(',', '.')} or {word.replace(',', ' and ')}",
            "decimals after a point, numbers separated by blanks",
            f"Write {word.replace(',', '.')} for one number, {word.replace(',', ' ')} for two.",
        )


def _number(word: str) -> float:
    try:
        plain = word.replace("−", "-")
        return float(Fraction(plain)) if "/" in plain else float(plain)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(
            f"{word!r} among the numbers", "0.5, -2, 1e-3 or 1/3", "Write a number."
        ) from error


def rows_of_text(name: str, option: str, text: str, width: int) -> Any:
    """Samples as rows, of a text in a notation's orientation.

    Parameters
    ----------
    name : str
        The notation.
    option : str
        The option's name, for errors: "--x".
    text : str
        "1 2", one sample, or a matrix in brackets.
    width : int
        The count of numbers in a sample.

    Examples
    --------
    >>> rows_of_text("column-batch", "--x", "[1 3; 2 4]", 2), rows_of_text("column-batch", "--x", "1 2", 2)
    (array([[1., 2.],
           [3., 4.]]), array([[1., 2.]]))
    """
    stripped = _rows_apart(text.strip())
    bracketed = stripped.startswith("[") and stripped.endswith("]")
    values = matrix_of_text(stripped[1:-1] if bracketed else stripped)
    rows = values
    in_rows = name not in NOTATIONS or NOTATIONS[name].rows
    if bracketed and not in_rows:
        rows = values.T
        if "," in text and values.shape == (1, width):
            rows = values  # a list, "[1, 2]"
    elif not bracketed and values.shape[1] == 1:
        rows = values.T  # "1; 2" is a column of numbers, too
    if rows.shape[1] != width:
        _refuse_decimal_commas(option, stripped.strip("[]"))
        kind = "rows" if in_rows else "columns"
        raise InputError(
            f"{option} {text}, samples of {rows.shape[1]} numbers",
            f"samples of {width}",
            f"Samples are {kind} within brackets, and one is a list without them: {option} '{' '.join('1' * width)}'.",
        )
    return rows
