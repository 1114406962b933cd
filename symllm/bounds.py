"""Upper bounds with a reason: what may stand for a ceiling, a floor, a Min, a Max or a subtracted term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy

from .errors import SymllmError


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

    Raises `SymllmError` for a bound that is none, and where `expr` does not grow with the part.
    """
    for bound in bounds:
        if not known(bound):
            raise SymllmError(f"'{bound.part}' ≤ '{bound.by}' is no bound that the book knows")
        stand_in = sympy.Dummy(nonnegative=True)
        terms = sympy.Add.make_args(sympy.expand(expr.xreplace({bound.part: stand_in})))
        for term in terms:
            coefficient, power = term.as_independent(stand_in, as_Add=False)
            grows = power == 1 or (power.as_base_exp()[0] == stand_in and power.as_base_exp()[1].is_positive)
            if power != 1 and not (coefficient.is_nonnegative and grows):
                raise SymllmError(f"the expression does not surely grow with '{bound.part}', so a bound on that bounds nothing")
        expr = expr.xreplace({bound.part: bound.by})
    return expr


def known(bound: Bound) -> bool:
    """Whether `part` ≤ `by` holds for all values of the symbols, by a reason of its own."""
    part, by = bound.part, bound.by
    if _nonnegative(by - part):
        return True
    if isinstance(part, sympy.ceiling):
        return _nonnegative(by - (part.args[0] + 1))
    if isinstance(part, sympy.floor):
        return _nonnegative(by - part.args[0])
    if isinstance(part, sympy.Min):
        return any(_nonnegative(by - argument) for argument in part.args)
    if isinstance(part, sympy.Max):
        total = sympy.Add(*part.args)
        if all(argument.is_nonnegative for argument in part.args) and _nonnegative(by - total):
            return True
        return all(_nonnegative(by - argument) for argument in part.args)
    return False


def _nonnegative(expr: sympy.Expr) -> bool:
    return all(term.is_nonnegative for term in sympy.Add.make_args(sympy.expand(expr)))
