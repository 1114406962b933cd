"""The one crossing between the two worlds: SymPy expression to plain tree, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

import sympy

from .errors import SymllmError
from .tree import Tree, evaluate, names

#: Of a text that a person gave: summands once all is multiplied out, and bits of its largest number.
MOST_SUMMANDS, MOST_BITS = 300, 8192
_ENDLESS: Final = 10**9


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


def lift_given(tree: Tree, symbols: Mapping[str, sympy.Symbol], where: str) -> sympy.Expr:
    """`lift` of what a person wrote; raises, with `where`, for what has no value and for what would not end.

    SymPy works powers of numbers out at once and multiplies sums out, whatever their size.
    """
    summands, bits = weight(tree)
    if bits > MOST_BITS:
        raise SymllmError(f"{where}: a power in it is too large to be worked out")
    if summands > MOST_SUMMANDS:
        raise SymllmError(f"{where}: multiplied out it has more than {MOST_SUMMANDS} terms; write it shorter")
    try:
        return lift(tree, symbols)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError, RecursionError):
        raise SymllmError(f"{where}: a part of it has no value; does it divide by zero?") from None


def weight(tree: Tree) -> tuple[int, int]:
    """How many summands a tree has at most once it is multiplied out, and how many bits its largest number."""
    if isinstance(tree, int):
        return 1, max(tree.bit_length(), 1)
    if isinstance(tree, str):
        return 1, 1
    operator, *parts = tree
    if operator == "q":
        return 1, max(parts[0].bit_length(), parts[1].bit_length(), 1)
    found = [weight(part) for part in parts]
    summands, bits = [pair[0] for pair in found], [pair[1] for pair in found]
    if operator == "+":
        return min(sum(summands), _ENDLESS), max(bits) + len(bits).bit_length()
    if operator == "*":
        return min(math.prod(summands), _ENDLESS), min(sum(bits), _ENDLESS)
    if operator == "^":
        return _raised(found[0], parts[1], bits[1])
    return 1, max(bits)


def _raised(base: tuple[int, int], exponent: Tree, within: int) -> tuple[int, int]:
    if names(exponent):  # no power that is worked out, but what stands in it counts
        return base[0], min(base[1] + within, _ENDLESS)
    try:
        number = Fraction(evaluate(exponent, {}))
    except SymllmError:  # too large itself
        return base[0], _ENDLESS
    times = math.ceil(abs(number))
    summands = base[0] if number.denominator > 1 or base[0] == 1 else 1 if number < 0 else _combinations(times, base[0])
    return summands, min(base[1] * max(times, 1) + number.denominator.bit_length(), _ENDLESS)


def _combinations(power: int, summands: int) -> int:
    """Summands of a sum of so many to a power."""
    return _ENDLESS if power > MOST_BITS or summands > MOST_BITS else min(math.comb(power + summands - 1, summands - 1), _ENDLESS)
