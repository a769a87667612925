"""The formulas of the tables, expressions of Python, read as expressions over places or over letters.

A `Formula` is a template: the text of the table, with all its branches, over places. It is read when it is filled.

Over places, with the numbers in them, a piecewise formula is the branch that is taken, and of a number written in two
ways (`p or q`) the first that neither cancels nor overflows. Over letters it is the formula as a page shows it.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

from .calls import Call
from .choices import Branch
from .expressions import (
    Constant,
    Expression,
    Fraction,
    Letter,
    Power,
    Product,
    Read,
    Root,
    Sized,
    Sum,
)
from .markup import SIGNS, parse, to_text
from .numbers import Numbers, WithheldError

__all__ = [
    "Formula",
    "Given",
    "letters_of",
    "named",
    "number",
    "read_formula",
    "text_of",
]

#: A form whose terms are so many times as large as their sum cancels: where there is another, that one is taken.
CANCELED = 1e4
#: Parameters whose letter is not their name.
LETTERS = {
    "slope": "s",
    "threshold": "t",
    "momentum": r"\mu",
    "beta1": r"\beta_{1}",
    "beta2": r"\beta_{2}",
    "weight_decay": r"\lambda",
}
PI = Letter(r"\pi", math.pi)
OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,  # a power is shown: 1 - 0.9^t
}
#: Comparison → whether it holds, its sign, and the sign of its contrary.
COMPARISONS: dict[type[ast.cmpop], tuple[Callable[[float, float], bool], str, str]] = {
    ast.Gt: (operator.gt, ">", r"\le"),
    ast.GtE: (operator.ge, r"\ge", "<"),
    ast.Lt: (operator.lt, "<", r"\ge"),
    ast.LtE: (operator.le, r"\le", ">"),
}
MIRRORED = {">": "<", r"\ge": r"\le", "<": ">", r"\le": r"\ge"}
#: A comparison that holds: left, sign, right, as markup over letters.
Fact = tuple[str, str, str]
#: A comparison of a formula.
Link = tuple[ast.expr, ast.cmpop, ast.expr]


def number(value: float) -> Constant:
    """A number of the formula itself; ½ as a fraction."""
    return Constant(0.5, r"\frac{1}{2}") if value == 0.5 else named(value)


def named(value: float) -> Constant:
    """A number of the formula itself, written with six digits."""
    mantissa, _, exponent = f"{value:.6g}".partition("e")
    mantissa = mantissa.replace("-", r"\minus ")
    if not exponent:
        return Constant(value, mantissa)
    power = rf"10^{{{int(exponent)}}}".replace("-", r"\minus ")
    return Constant(value, power if mantissa == "1" else rf"{mantissa} \cdot {power}")


def letters_of(parameters: Mapping[str, Any]) -> dict[str, Expression]:
    """Parameters by their letters: one of `LETTERS`, a Greek one, or the name; a number where there is none."""
    found: dict[str, Expression] = {}
    for name, value in parameters.items():
        if name in LETTERS or name in SIGNS or len(name) == 1:
            sign = rf"\{name}" if name in SIGNS else name
            found[name] = Letter(LETTERS.get(name, sign))
        else:
            found[name] = number(value)
    return found


def text_of(expression: Expression) -> str:
    """A formula over letters in a line of text."""
    return to_text(parse(expression.markup(0)), str)


def read_formula(
    source: str, names: Mapping[str, Expression], read: Read | None = None
) -> Expression:
    """A formula of a table.

    Parameters
    ----------
    source : str
        An expression of Python.
    names : mapping of str to Expression
        What its names stand for.
    read : callable, optional
        The numbers in the places; without them every branch is shown, and the first form of several.

    Examples
    --------
    >>> text_of(read_formula("z if z > 0 else alpha * (exp(z) - 1)", {"z": Letter("z"), **letters_of({"alpha": 1.0})}))
    'z if z > 0, else α (e^z − 1)'
    """
    return _Reader({"pi": PI, **names}, read).of(_tree(source))


@lru_cache(maxsize=256)
def _tree(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


@final
@dataclass(frozen=True)
class Formula(Expression):
    """A formula of a table over places.

    Parameters
    ----------
    source : str
    names : mapping of str to Expression
        What its names stand for.
    """

    source: str
    names: Mapping[str, Expression]

    def filled(self, n: Numbers) -> Expression:
        names = {name: of.filled(n) for name, of in self.names.items()}
        try:
            return read_formula(self.source, names, n.read)
        except WithheldError:  # every branch, where a number that is withheld takes one
            return read_formula(self.source, names)

    def markup(self, terms: int) -> str:
        return read_formula(self.source, self.names).markup(terms)

    def value(self, read: Read) -> Sized:
        return read_formula(self.source, self.names, read).value(read)


@final
@dataclass(frozen=True)
class Given(Expression):
    """A number that a formula has from its pass, written as one of its own: how many steps there were, say.

    Parameters
    ----------
    number_of : callable
        From numbers to it.
    name : str
        What other programs know it by; empty where they do not.
    """

    number_of: Callable[[Numbers], float]
    name: str = ""

    def filled(self, n: Numbers) -> Expression:
        return named(self.number_of(n))

    def markup(self, terms: int) -> str:
        return r"\cdots"

    def value(self, read: Read) -> Sized:
        raise TypeError("a number of a pass is filled in before it is used")


@final
@dataclass(frozen=True)
class _Reader:
    names: Mapping[str, Expression]
    read: Read | None

    def of(self, node: ast.expr) -> Expression:
        match node:
            case ast.Constant(value=int() | float() as value):
                return named(value)
            case ast.Name(id=name):
                return self.names[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _negative(self.of(operand))
            case ast.BinOp(left=left, op=op, right=right):
                chained = isinstance(left, ast.BinOp | ast.UnaryOp)
                return _combined(op, self.of(left), self.of(right), chained)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.called(name, arguments)
            case ast.IfExp():
                return self.branch(node, ())
            case ast.BoolOp(op=ast.Or(), values=forms):
                return self.clear([self.of(form) for form in forms])
        raise ValueError(f"{ast.unparse(node)} in a formula")

    def called(self, name: str, arguments: list[ast.expr]) -> Expression:
        if name == "max":
            p, q = arguments
            test = ast.Compare(p, [ast.Gt()], [q])
            branch = self.branch(ast.IfExp(test, p, q), ())
            shown = rf"\max({self.of(p).markup(0)}, {self.of(q).markup(0)})"
            return branch if self.read else Letter(shown)
        expressions = [self.of(argument) for argument in arguments]
        if name == "xlogy":
            weight, of = expressions
            if self.read and weight.value(self.read)[0] == 0:
                return Constant(0)  # 0 · log 0, which is not shown
            return Product(weight, Call("log", of))
        (inside,) = expressions
        if name == "sum":  # over the units of a layer
            return Letter(r"\sum_{j} " + inside.markup(0).replace("_{k}", "_{j}"))
        return Root(inside) if name == "sqrt" else Call(name, inside)

    def clear(self, forms: list[Expression]) -> Expression:
        """The first form that neither cancels nor overflows, else the first."""
        for form in forms if self.read else ():
            try:
                value, size, _ = form.value(self.read)  # type: ignore[arg-type]
            except (OverflowError, ValueError, ZeroDivisionError):
                continue
            if math.isfinite(value) and size <= CANCELED * abs(value):
                return form
        return forms[0]

    def branch(self, node: ast.IfExp, known: tuple[Fact, ...]) -> Branch:
        """Both branches, and with numbers which of them is taken, and since what of the facts `known` and its test."""
        test = node.test
        assert isinstance(test, ast.Compare)
        sides = [test.left, *test.comparators]
        links = list(zip(sides, test.ops, test.comparators, strict=False))
        whole = self.over_letters.compared(links)
        if self.read is None:
            return Branch(self.of(node.body), self.of(node.orelse), whole)
        failed = [link for link in links if not self.holds(link)]
        if failed:
            known = _joined(known, self.over_letters.contrary(failed[0]))
        else:
            subject = self.over_letters.of(sides[len(links) - 1]).markup(0)
            known = (*(f for f in known if f[0] != subject), ("", "", whole))
        taken = node.orelse if failed else node.body
        since = (
            "" if isinstance(taken, ast.IfExp) else " and ".join(map(" ".join, known))
        )

        when, otherwise = (
            self.branch(side, known) if isinstance(side, ast.IfExp) else self.of(side)
            for side in (node.body, node.orelse)
        )
        return Branch(when, otherwise, whole, not failed, to_text(parse(since), str))

    @property
    def over_letters(self) -> _Reader:
        """The same with the names themselves, but for numbers of the formula."""
        if self.read is None:
            return self
        names = {
            name: of if isinstance(of, Constant) else Letter(name)
            for name, of in self.names.items()
        }
        return _Reader(names, None)

    def compared(self, links: list[Link]) -> str:
        """A comparison over letters."""
        rest = (
            f"{COMPARISONS[type(op)][1]} {self.of(right).markup(0)}"
            for _, op, right in links
        )
        return " ".join([self.of(links[0][0]).markup(0), *rest])

    def contrary(self, link: Link) -> Fact:
        """The contrary of a comparison, over letters."""
        left, right = self.of(link[0]), self.of(link[2])
        sign = COMPARISONS[type(link[1])][2]
        if isinstance(left, Constant):
            left, sign, right = right, MIRRORED[sign], left
        return left.markup(0), sign, right.markup(0)

    def holds(self, link: Link) -> bool:
        """Return whether a comparison holds for the numbers."""
        assert self.read is not None
        left, right = (self.of(side).value(self.read)[0] for side in (link[0], link[2]))
        return COMPARISONS[type(link[1])][0](left, right)


def _joined(known: tuple[Fact, ...], new: Fact) -> tuple[Fact, ...]:
    """The facts with one more: with one about the same thing from the other side it is an interval, or an equality."""
    other = next((fact for fact in known if fact[0] == new[0]), None)
    if other is None:
        return (*known, new)
    low, high = sorted((other, new), key=lambda fact: fact[1] in ("<", r"\le"))
    text = f"{new[0]} = {new[2]}"
    if low[2] != high[2]:
        text = " ".join((low[2], MIRRORED[low[1]], *high))
    return (*(fact for fact in known if fact is not other), ("", "", text))


def _negative(of: Expression) -> Expression:
    return named(-of.number) if isinstance(of, Constant) else Sum([of], (-1,))


def _combined(
    op: ast.operator, left: Expression, right: Expression, chained: bool
) -> Expression:
    """Two expressions joined by a sign of arithmetic; numbers of the formula are worked out.

    `chained` says that the left one stands there without brackets, so that a + b + c is one sum.
    """
    work_out = OPERATIONS.get(type(op))
    if work_out and isinstance(left, Constant) and isinstance(right, Constant):
        value = work_out(left.number, right.number)
        whole = all(float(side.number).is_integer() for side in (left, right))
        if whole and isinstance(op, ast.Div):
            return Constant(value, rf"\frac{{{left.markup(0)}}}{{{right.markup(0)}}}")
        return number(value)
    nothing = [isinstance(s, Constant) and s.number == 0 for s in (left, right)]
    match op:
        case ast.Add() | ast.Sub():
            sign = 1 if isinstance(op, ast.Add) else -1
            if any(nothing):
                return left if nothing[1] else right if sign > 0 else _negative(right)
            if chained and isinstance(left, Sum):
                return Sum([*left.terms, right], (*left.signs, sign))
            return Sum([left, right], (1, sign))
        case ast.Mult():
            if any(nothing):
                return Constant(0)
            if isinstance(left, Constant) and left.number == 1:
                return right
            if chained and isinstance(left, Product):
                return Product(*left.factors, right)
            return Product(left, right)
        case ast.Div():
            return Fraction(left, right)
    if isinstance(right, Constant):
        return Power(left, int(right.number))
    return Power(left, 1, right.markup(0))
