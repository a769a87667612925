"""A formula of a table, evaluated in any arithmetic: complex numbers, decimals, floats.

For rows that have no function of their own in `oracle` and `exact`, and to compare those that have one.
"""

from __future__ import annotations

import ast
import itertools
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

OPERATIONS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}
COMPARISONS = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
}


@dataclass(frozen=True)
class Arithmetic:
    """How to read a number, functions by name, and what is compared of a number."""

    number: Callable[[str], Any]
    functions: Mapping[str, Callable[..., Any]]
    real: Callable[[Any], Any] = lambda value: value


def evaluated(formula: str, names: Mapping[str, Any], by: Arithmetic) -> Any:
    """The value of a formula, its branches taken on the real part."""

    def of(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return by.number(str(value))
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -of(operand)
            case ast.BinOp(left=left, op=op, right=ast.Constant(value=int() as power)):
                exponent = power if isinstance(op, ast.Pow) else by.number(str(power))
                return OPERATIONS[type(op)](of(left), exponent)
            case ast.BinOp(left=left, op=op, right=right):
                return OPERATIONS[type(op)](of(left), of(right))
            case ast.Call(func=ast.Name(id="max"), args=arguments):
                return max(map(of, arguments), key=by.real)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return by.functions[name](*map(of, arguments))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return of(body if holds(test) else orelse)
            case ast.BoolOp(op=ast.Or(), values=forms):
                return first(forms)
        raise ValueError(ast.unparse(node))

    def holds(test: ast.expr) -> bool:
        assert isinstance(test, ast.Compare)
        sides = [by.real(of(side)) for side in (test.left, *test.comparators)]
        return all(
            COMPARISONS[type(op)](*pair)
            for op, pair in zip(test.ops, itertools.pairwise(sides), strict=True)
        )

    def first(forms: list[ast.expr]) -> Any:
        for form in forms:
            try:
                return of(form)
            except (ArithmeticError, ValueError):
                continue
        raise OverflowError(formula)

    return of(ast.parse(formula, mode="eval").body)
