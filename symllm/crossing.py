"""The one crossing between the two worlds: SymPy expression to plain tree, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from .errors import SymllmError
from .tree import Tree


def lower(expr: sympy.Expr) -> Tree:
    """The plain tree of a SymPy expression; refuses floats and functions that the numeric world lacks."""
    expr = sympy.sympify(expr) if isinstance(expr, int) else expr
    if expr.is_Integer:
        return int(expr)
    if expr.is_Rational:
        return ["q", int(expr.p), int(expr.q)]
    if isinstance(expr, sympy.Symbol):
        return expr.name
    kinds: tuple[tuple[Any, str], ...] = (
        (sympy.Add, "+"), (sympy.Mul, "*"), (sympy.Pow, "^"), (sympy.Max, "max"), (sympy.Min, "min"),
        (sympy.ceiling, "ceil"), (sympy.floor, "floor"),
    )  # fmt: skip
    for kind, operator in kinds:
        if isinstance(expr, kind):
            return [operator, *(lower(part) for part in expr.args)]
    raise SymllmError(f"cannot compile '{expr}': {type(expr).__name__} is not an exact operation of the book")


def lift(tree: Tree, symbols: Mapping[str, sympy.Symbol]) -> sympy.Expr:
    """The SymPy expression of a tree, over the book's own symbols; raises for a name that is not among them."""
    if isinstance(tree, int):
        return sympy.Integer(tree)
    if isinstance(tree, str):
        if tree not in symbols:
            from .errors import unknown

            raise unknown("symbol", tree, symbols, "`symllm list --symbols` shows all")
        return symbols[tree]
    operator, *parts = tree
    if operator == "q":
        return sympy.Rational(parts[0], parts[1])
    made = {
        "+": sympy.Add, "*": sympy.Mul, "^": sympy.Pow, "max": sympy.Max, "min": sympy.Min,
        "ceil": sympy.ceiling, "floor": sympy.floor,
    }[operator]  # fmt: skip
    return made(*(lift(part, symbols) for part in parts))
