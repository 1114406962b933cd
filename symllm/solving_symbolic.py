"""Solving one polynomial inequality for one symbol by its coefficients. Part of the symbolic world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy

from .crossing import lift, lower
from .polynomial import is_zero
from .program import Sign
from .symbols import NamedSymbol
from .tree import Tree


def solved(left: Tree, right: Tree, name: str, signs: Mapping[str, Sign], sense: str) -> dict[str, Any]:
    """Text, LaTeX and tree of the bound on `name` in left <= right; empty where there is no closed form of degree 1 or 2."""
    from .render import latex, text

    symbols = book_symbols(signs)
    unknown = symbols[name]
    difference = lift(right, symbols) - lift(left, symbols)
    numerator = sympy.fraction(sympy.together(sympy.expand(difference)))[0] if difference.has(sympy.Pow) else difference
    try:
        coefficients = sympy.Poly(sympy.expand(numerator), unknown).all_coeffs()
    except sympy.PolynomialError:
        return {}
    while len(coefficients) > 1 and is_zero(coefficients[-1]):  # a power of the unknown, which is not 0, divides out
        coefficients = coefficients[:-1]
    bound = _bound(coefficients, unknown)
    if bound is None or bound.has(sympy.Abs):  # the root of a square of open sign: no form that the book writes
        return {}
    relation, symbol = ("≤", r"\le") if sense == "max" else ("≥", r"\ge")
    shown = text.expression(unknown)
    return {
        "text": f"{shown} {relation} {text.expression(bound)}",
        "latex": f"{latex.expression(unknown)} {symbol} {latex.expression(bound)}",
        "tree": lower(bound),
    }


def _bound(coefficients: list[sympy.Expr], unknown: sympy.Symbol) -> sympy.Expr | None:
    if len(coefficients) == 2:
        slope, rest = coefficients
        return _tidy(rest, -slope)
    if len(coefficients) == 3:  # a x^2 + b x + c >= 0 with a < 0: the larger root
        a, b, c = coefficients
        return (-b - sympy.sqrt(b**2 - 4 * a * c)) / (2 * a)
    return None


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
