"""Solving one polynomial inequality for one symbol by its coefficients. Part of the symbolic world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from .crossing import lift, lower, weight
from .polynomial import is_zero
from .program import Sign
from .symbols import NamedSymbol
from .tree import Tree

#: A relation that has more summands, multiplied out, or longer numbers, has no closed form that a person would read.
MOST_SUMMANDS, MOST_BITS = 3000, 100_000


def solved(left: Tree, right: Tree, name: str, signs: Mapping[str, Sign]) -> dict[str, Any]:
    """The roots in `name` of left = right where it is of degree 1 or 2, each with the slope of left - right there; {} for others.

    What multiplies both sides to make them polynomials is a power of the unknown, which is positive.
    """
    from .render import latex, text

    summands, bits = weight(["+", left, right])
    if summands > MOST_SUMMANDS or bits > MOST_BITS:
        return {}
    symbols = book_symbols(signs)
    unknown = symbols[name]
    difference = lift(left, symbols) - lift(right, symbols)
    over, under = sympy.fraction(sympy.together(sympy.expand(difference))) if difference.has(sympy.Pow) else (difference, sympy.Integer(1))
    try:
        coefficients = sympy.Poly(sympy.expand(over), unknown).all_coeffs()
    except sympy.PolynomialError:
        return {}
    while len(coefficients) > 1 and is_zero(coefficients[-1]):  # a power of the unknown, which is not 0, divides out
        coefficients = coefficients[:-1]
    slope = lower(sympy.diff(sympy.expand(over), unknown) / under)
    roots = [{"text": text.expression(root), "latex": latex.expression(root), "tree": lower(root), "slope": slope}
             for root in _roots(coefficients) if not root.has(sympy.Abs)]  # fmt: skip
    return {"name": name, "text": text.expression(unknown), "latex": latex.expression(unknown), "roots": roots} if roots else {}


def _roots(coefficients: list[sympy.Expr]) -> list[sympy.Expr]:
    if len(coefficients) == 2:
        slope, rest = coefficients
        return [_tidy(-rest, slope)]
    if len(coefficients) == 3:
        a, b, c = coefficients
        spread = sympy.sqrt(b**2 - 4 * a * c)
        return [(-b - spread) / (2 * a), (-b + spread) / (2 * a)]
    return []


def _tidy(over: sympy.Expr, under: sympy.Expr) -> sympy.Expr:
    """over / under as people write it: the divisor positive and collected."""
    under = sympy.factor_terms(under)
    if under.could_extract_minus_sign():
        over, under = -over, -under
    return sympy.expand(over) / under


def book_symbols(signs: Mapping[str, Sign]) -> dict[str, NamedSymbol]:
    """The book's own symbols, and symbols made anew for the parts of quantities."""
    from .formulas.book import book

    known = dict(book().symbols)
    for name, sign in signs.items():
        if name not in known:
            domain: Any = "count" if sign.whole else "real"  # a person's own may be below 0
            known[name] = NamedSymbol(name, title=sign.title, meaning=sign.meaning, unit=sign.unit, text=sign.text,
                                      latex=sign.latex, domain=domain, rank=sign.rank)  # fmt: skip
    return known
