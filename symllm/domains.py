"""The domain that an expression gives to the symbol that it defines: no sign and no wholeness that is not proved.

SymPy drops a max with 0 around what it takes to be at least 0, and a ceiling around what it takes to be whole. A symbol
must not be declared to be more than its definition is.
"""

from __future__ import annotations

import sympy

from .bounds import nonnegative
from .symbols import Domain, NamedSymbol


def domain_of(expr: sympy.Expr) -> Domain:
    """The narrowest domain in which `expr` is proved to lie."""
    if not nonnegative(expr):
        return "real"
    if expr.is_integer:
        return "count" if expr.is_positive else "count or zero"
    return "amount" if expr.is_positive else "amount or zero"


def too_narrow(symbol: NamedSymbol, expr: sympy.Expr) -> str:
    """What is wrong where a symbol is declared to be more than its definition is proved to be; empty where nothing is."""
    said = []
    if symbol.is_nonnegative and not nonnegative(expr):
        said.append("may be below 0")
    elif symbol.is_positive and not expr.is_positive:
        said.append("may be 0")
    if symbol.is_integer and not expr.is_integer:
        said.append("need not be whole")
    if not said:
        return ""
    text = str(expr) if len(str(expr)) <= 60 else f"{str(expr)[:57]}..."
    return f"{symbol} is declared as {symbol.domain!r}, but {text} {' and '.join(said)}; declare domain={domain_of(expr)!r}"
