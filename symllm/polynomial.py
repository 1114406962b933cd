"""Algebra that leaves Min, Max, ceiling and floor whole.

SymPy rebuilds such a function, and compares its arguments anew, whenever an expression around it is expanded or
factored; with the arguments of a vision tower that takes minutes. Here each stands as one unknown meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy

STEPPED = (sympy.ceiling, sympy.floor)
WHOLE = (sympy.Min, sympy.Max, *STEPPED)


def around(expr: sympy.Expr, change: Callable[[sympy.Expr], sympy.Expr]) -> sympy.Expr:
    """`change` applied to the polynomial around the functions in `expr`, which stay as they are."""
    kept = {part: sympy.Dummy(real=True) for part in _outermost(expr)}
    if not kept:
        return change(expr)
    return change(expr.xreplace(kept)).xreplace({stand_in: part for part, stand_in in kept.items()})


def _outermost(expr: sympy.Basic) -> Iterator[sympy.Basic]:
    if isinstance(expr, WHOLE):
        yield expr
        return
    for part in expr.args:
        yield from _outermost(part)


def expanded(expr: sympy.Expr) -> sympy.Expr:
    """Products of sums multiplied out and like terms added."""
    return around(expr, sympy.expand)


def is_zero(expr: sympy.Expr) -> bool:
    """Whether `expr` is shown to be 0: as a polynomial or quotient, and, where need be, with function arguments expanded too."""
    expr = expanded(expr)
    if expr.is_number or not expr.has(*WHOLE):
        return bool(expr == 0) or (not expr.is_number and _vanishes(expr))
    return _vanishes(expr) or bool(_vanishes(sympy.expand(expr)))


def _vanishes(expr: sympy.Expr) -> bool:
    return bool(around(expr, lambda part: sympy.expand(sympy.fraction(sympy.together(part))[0])) == 0)
