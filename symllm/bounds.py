"""Upper bounds with a reason: what may stand for a ceiling, a floor, a Min, a Max or a subtracted term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy

from .errors import SymllmError
from .polynomial import WHOLE


@dataclass(frozen=True)
class Bound:
    """`part` is at most `by`."""

    part: sympy.Expr
    by: sympy.Expr

    def under(self, change: Callable[[sympy.Expr], sympy.Expr]) -> Bound:
        """The bound with both sides changed alike."""
        return Bound(change(self.part), change(self.by))


def bounded(expr: sympy.Expr, bounds: tuple[Bound, ...]) -> sympy.Expr:
    """`expr` with each bound's part replaced by what it is at most.

    Raises `SymllmError` for a bound that is none, and where `expr` does not grow with the part over all that the part
    can be: (a - b)**2 falls in a - b where that is negative.
    """
    for bound in bounds:
        if not known(bound):
            raise SymllmError(f"'{bound.part}' ≤ '{bound.by}' is no bound that the book knows")
        # The stand-in takes no sign that the part is not proved to have.
        stand_in = sympy.Dummy("part", nonnegative=True) if nonnegative(bound.part) else sympy.Dummy("part", real=True)
        if not grows(expr.xreplace({bound.part: stand_in}), stand_in):
            raise SymllmError(f"the expression does not surely grow with '{bound.part}', so a bound on that bounds nothing")
        expr = expr.xreplace({bound.part: bound.by})
    return expr


def grows(expr: sympy.Expr, symbol: sympy.Symbol) -> bool:
    """Whether `expr` is shown never to fall as `symbol` grows, over every value that the symbol's own sign allows."""
    return all(_term_grows(term, symbol) for term in sympy.Add.make_args(sympy.expand(expr)))


def _term_grows(term: sympy.Expr, symbol: sympy.Symbol) -> bool:
    if symbol not in term.free_symbols or term == symbol:
        return True
    if isinstance(term, sympy.Pow):
        return _power_grows(term, symbol)
    if isinstance(term, sympy.Mul):
        coefficient, rest = term.as_independent(symbol, as_Add=False)
        factors = sympy.Mul.make_args(rest)
        # A product of several growing factors grows where none of them is negative; a single one may be.
        signs = len(factors) == 1 or all(factor.is_nonnegative for factor in factors)
        return bool(coefficient.is_nonnegative and signs and all(_term_grows(factor, symbol) for factor in factors))
    return isinstance(term, WHOLE) and all(grows(argument, symbol) for argument in term.args)


def _power_grows(power: sympy.Pow, symbol: sympy.Symbol) -> bool:
    base, exponent = power.args
    if symbol in exponent.free_symbols or not grows(base, symbol):
        return False
    odd = exponent.is_integer and exponent.is_positive and exponent.is_odd
    return bool(odd or (exponent.is_nonnegative and base.is_nonnegative))


def known(bound: Bound) -> bool:
    """Whether `part` ≤ `by` holds for all values of the symbols, by a reason of its own."""
    part, by = bound.part, bound.by
    if nonnegative(by - part):
        return True
    if isinstance(part, sympy.ceiling):
        return nonnegative(by - (part.args[0] + 1))
    if isinstance(part, sympy.floor):
        return nonnegative(by - part.args[0])
    if isinstance(part, sympy.Min):
        return any(nonnegative(by - argument) for argument in part.args)
    if isinstance(part, sympy.Max):
        total = sympy.Add(*part.args)
        if all(argument.is_nonnegative for argument in part.args) and nonnegative(by - total):
            return True
        return all(nonnegative(by - argument) for argument in part.args)
    return False


def nonnegative(expr: sympy.Expr) -> bool:
    """Whether `expr` is shown to be at least 0: by SymPy as it stands, or term by term."""
    return bool(expr.is_nonnegative) or all(term.is_nonnegative for term in sympy.Add.make_args(sympy.expand(expr)))
