"""The formulas of the numbers of any network, as JSON: the templates of `explanation`, with letters for their indices.

A formula is made once for a stand-in network whose widths all differ, and written down with offsets in place of its
layers, letters in place of its indices, and "each" in place of sums over a layer or over rows. With numbers in their
place it is the formula of a number of a network of any widths, as `explanation` would have made it.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from ...documents.spelling import Style
from ...equations.activation import Activation
from ...equations.losses import LOSSES, Loss
from ...equations.network import Network
from ...explanation.calls import Call, Share
from ...explanation.choices import Choice, Decision
from ...explanation.entries import RowSum, formula
from ...explanation.expressions import (
    Constant,
    Expression,
    Fraction,
    Letter,
    Place,
    Power,
    Product,
    Sum,
)
from ...explanation.formulas import Formula, Given
from ...explanation.numbers import NAME
from ...explanation.traits import Traits
from ...optimizers import Optimizer
from ...optimizers.rules import Rules

__all__ = ["Carried", "syntax_of"]

#: The widths of the stand-in, its rows, and the unit and source whose formulas are made; no two are the same.
SIZES, ROWS, UNIT, SOURCE = (7, 11, 13, 17), 23, 5, 3
LAYER, LAST = 2, 3
#: Stand-ins for the factors of the penalty, which a page changes.
PENALTY = {0.0123457: "l1", 0.0234568: "l2"}
HALF_SQUARES = LOSSES["squared_error"](0.5)
Json = Any
#: Index in the stand-in → its letter.
Marks = Mapping[int, str]


class Carried:
    """Formulas as JSON, and the functions of the tables that are in them.

    Attributes
    ----------
    syntax : list
        The formulas of the tables as trees, see `syntax_of`; a formula refers to them by number.
    """

    def __init__(self) -> None:
        self.syntax: list[Json] = []
        self._numbers: dict[str, int] = {}

    def elementwise(self, phi: Activation) -> dict[str, Json]:
        """A, P and D of a layer with an activation, without and with a mask."""
        found = {}
        for masked in (False, True):
            t = traits(hidden=phi, masks={LAYER} if masked else ())
            for kind in ("A", "P", "D"):
                if kind == "P" and phi.name == "softmax":
                    continue
                key = f"{kind}|masked" if masked else kind
                found[key] = self.of(t, f"{kind}{LAYER}.{UNIT}")
        return found

    def output(self, phi: Activation, loss: Loss) -> Json:
        """Δ[L] of an output with a loss."""
        return self.of(traits(output=phi, loss=loss), f"D{LAST}.{UNIT}", LAST)

    def lost(self, phi: Activation, loss: Loss) -> dict[str, Json]:
        """ℓ and ∂ℓ/∂A[L] of a loss."""
        t = traits(output=phi, loss=loss)
        return {
            "ell": self.of(t, "ell", LAST),
            "G": self.of(t, f"G{LAST}.{UNIT}", LAST),
        }

    def linear(self, style: Style) -> dict[str, Json]:
        """Z, G, J, dW and db as a notation orders their terms; of one row and of many, without and with penalties."""
        t = traits(masks={0})
        found = {
            "A0": self.of(t, f"A0.{UNIT}", 0),
            "G0|masked": self.of(t, f"G0.{UNIT}", 0, style),
        }
        found |= {
            kind: self.of(traits(), f"{kind}{LAYER}.{UNIT}", style=style)
            for kind in ("Z", "G")
        }
        for rows in (1, ROWS):
            for l1 in (0.0, 0.0123457):
                for l2 in (0.0, 0.0234568):
                    t = traits(rows=rows, l1=l1, l2=l2)
                    key = (
                        f"{'many' if rows > 1 else 'one'}"
                        f"{'|l1' if l1 else ''}{'|l2' if l2 else ''}"
                    )
                    found[f"J|{key}"] = self.of(t, "J", LAST, style)
                    weight = f"dW{LAYER}.{UNIT}.{SOURCE}"
                    found[f"dW|{key}"] = self.of(t, weight, style=style)
                    if not (l1 or l2):
                        found[f"db|{key}"] = self.of(
                            t, f"db{LAYER}.{UNIT}", style=style
                        )
        return found

    def moved(self, optimizer: Optimizer) -> dict[str, Json]:
        """The step of an optimizer: a weight, a bias, and its memory of them."""
        t = traits(optimizer=optimizer)
        found = {}
        for kind, index in (("W", f"{UNIT}.{SOURCE}"), ("b", f"{UNIT}")):
            for letter in (*t.remembered, ""):
                name = f"{letter}{kind}+"
                found[name] = self.of(t, f"{name}{LAYER}.{index}")
        return found

    def of(
        self, t: Traits, name: str, layer: int = LAYER, style: Style | None = None
    ) -> Json:
        """The formula of one number."""
        made = formula(t, name, style or Style())
        assert made is not None
        return self._json(made, layer, {UNIT: "k", SOURCE: "j"})

    def _json(self, e: Expression, layer: int, marks: Marks) -> Json:
        match e:
            case Place(name):
                return ["place", _generic(name, layer, marks)]
            case Letter(written, number):
                return ["letter", written, None if math.isnan(number) else number]
            case Constant(number, written):
                sign = -1 if number < 0 else 1
                if abs(number) in PENALTY:
                    return ["penalty", PENALTY[abs(number)], sign, bool(written)]
                return ["constant", number, *([written] if written else [])]
            case Fraction(top, bottom):
                return ["fraction", *self._all((top, bottom), layer, marks)]
            case Power(base, exponent, letter):
                return ["power", self._json(base, layer, marks), exponent, letter]
            case Call(function, argument):
                return ["call", function, self._json(argument, layer, marks)]
            case Choice(options, Decision(test, places)):
                named: list[Json] = [_generic(one, layer, marks) for one in places]
                if len(named) > 1:
                    pattern = _generic(places[0], layer, {**marks, 1: "i"})
                    named = ["each", _count(len(named), layer), pattern]
                return ["choice", test, named, *self._all(options, layer, marks)]
            case Formula(source, names):
                of = {
                    name: self._json(one, layer, marks) for name, one in names.items()
                }
                return ["formula", self._number(source), of]
            case Given(_, name) if name:
                return ["given", name]
        return self._long(e, layer, marks)

    def _long(self, e: Expression, layer: int, marks: Marks) -> Json:
        """A formula with any number of parts."""
        match e:
            case Product():
                return ["product", *self._all(e.factors, layer, marks)]
            case Share():
                pattern = self._json(e.arguments[0], layer, {**marks, 1: "i"})
                of = marks.get(e.k + 1, "k")
                return ["share", of, _count(len(e.arguments), layer), pattern]
            case RowSum():
                places = [_generic(one, layer, marks) for one in (e.delta, e.a) if one]
                return ["rows", e.shares, *places]
            case Sum():
                return self._sum(e, layer, marks)
        raise TypeError(f"{type(e).__name__} in the formula of a table")

    def _sum(self, e: Sum, layer: int, marks: Marks) -> Json:
        body = [term for i, term in enumerate(e.terms) if i != e.kept]
        terms = self._all(e.terms, layer, marks)
        if len(body) in (*SIZES, ROWS):
            rows = len(body) == ROWS
            made = [
                self._json(
                    term, layer, {**marks, -i: "i"} if rows else {**marks, i + 1: "i"}
                )
                for i, term in enumerate(body)
            ]
            alike = [one for i, one in enumerate(made) if i + 1 not in (UNIT, SOURCE)]
            assert all(one == alike[0] for one in alike)
            each = ["each", "N" if rows else _count(len(body), layer), alike[0]]
            at = 0 if e.kept == 0 else len(terms)
            kept = [] if e.kept is None else [terms[e.kept]]
            terms = [*kept, each] if at == 0 else [each, *kept]
        flags = {
            "signs": list(e.signs) if any(sign < 0 for sign in e.signs) else None,
            "long": e.long or None,
            "sparse": e.sparse or None,
            "kept": None if e.kept is None else "first" if e.kept == 0 else "last",
        }
        return ["sum", terms, {k: v for k, v in flags.items() if v is not None}]

    def _all(
        self, several: Sequence[Expression], layer: int, marks: Marks
    ) -> list[Json]:
        return [self._json(one, layer, marks) for one in several]

    def _number(self, source: str) -> int:
        if source not in self._numbers:
            self._numbers[source] = len(self.syntax)
            self.syntax.append(syntax_of(source))
        return self._numbers[source]


def traits(
    *,
    hidden: Activation | None = None,
    output: Activation | None = None,
    loss: Loss = HALF_SQUARES,
    optimizer: Optimizer | None = None,
    masks: Any = (),
    rows: int = 1,
    l1: float = 0.0,
    l2: float = 0.0,
) -> Traits:
    """The traits of the stand-in network."""
    between = "tanh" if hidden is None else hidden
    last = (
        ("identity" if loss is HALF_SQUARES else "sigmoid")
        if output is None
        else output
    )
    network = Network(SIZES, (between, between, last), loss)
    rules = Rules(optimizer or _descent(), l1=l1, l2=l2, batch_rows=rows)
    trials = "mean" if rows > 1 else ""
    return Traits(
        network,
        rules,
        "mean",
        frozenset(masks),
        rows,
        rows == 1,
        trials,
        True,
        True,
        1.0,
    )


@lru_cache(maxsize=1)
def _descent() -> Optimizer:
    from ...optimizers import GradientDescent

    return GradientDescent()


def _count(number: int, layer: int) -> int:
    """The offset of the layer of so many units."""
    return SIZES.index(number) - layer


def _generic(name: str, layer: int, marks: Marks) -> str:
    """A name with letters for its indices, and the offset of its layer before a colon: "W0:.k.j"."""
    found = NAME.fullmatch(name)
    assert found is not None
    kind, at, index, row = found.groups()
    offset = f"{int(at) - layer}:" if at else ""
    letters = [marks.get(int(i), i) for i in index.split(".")[1:]]
    named = "".join(f".{i}" for i in letters)
    behind = "" if row is None else f"~{marks.get(-int(row), row)}"
    return f"{kind}{offset}{named}{behind}"


OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Pow: "**",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
}


def syntax_of(source: str) -> Json:
    """The tree of a formula of a table, as lists.

    Examples
    --------
    >>> syntax_of("z if z > 0 else slope * z")
    ['if', [['z', '>', 0]], 'z', ['*', 'slope', 'z']]
    >>> syntax_of("-3 < z < 3")
    Traceback (most recent call last):
        ...
    ValueError: -3 < z < 3 in a formula
    """
    return _tree(ast.parse(source, mode="eval").body)


def _tree(node: ast.expr) -> Json:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return name
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return ["neg", _tree(operand)]
        case ast.BinOp(left=left, op=op, right=right):
            return [OPERATORS[type(op)], _tree(left), _tree(right)]
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return ["call", name, *map(_tree, arguments)]
        case ast.IfExp(
            test=ast.Compare(left, ops, comparators), body=body, orelse=other
        ):
            sides = [left, *comparators]
            links = [
                [_tree(a), OPERATORS[type(op)], _tree(b)]
                for a, op, b in zip(sides, ops, comparators, strict=False)
            ]
            return ["if", links, _tree(body), _tree(other)]
        case ast.BoolOp(op=ast.Or(), values=forms):
            return ["or", *map(_tree, forms)]
    raise ValueError(f"{ast.unparse(node)} in a formula")
