"""What happens as one symbol grows: the leading term, and where two expressions cross.

Everything is read off polynomial coefficients. SymPy's own leading term is the one near 0 and its multivariate order
is ill-defined, so one growing symbol is always named and the others stay fixed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import sympy

from .errors import SymllmError
from .polynomial import STEPPED, around, expanded, is_zero

_Powers = dict[int, Any]
_SMALL, _HIGHEST = 400, 64


class _Rest(sympy.Dummy):  # type: ignore[misc]
    """What a ceiling or floor adds to its argument: bounded, whatever grows."""

    __slots__ = ()

    def __new__(cls) -> _Rest:
        made: _Rest = sympy.Dummy.__new__(cls, "rest", real=True)
        return made


def eventually(expr: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """`expr` for every large enough `symbol`: of Min and Max the branch that is then taken.

    A ceiling or floor becomes its argument and a `_Rest` between -1 and 1, which nothing may turn on.
    Raises `SymllmError` where a branch cannot be told.
    """
    if symbol not in expr.free_symbols or not expr.args:
        return expr
    if isinstance(expr, STEPPED):
        return eventually(expr.args[0], symbol) + _Rest()
    parts = [eventually(part, symbol) for part in expr.args]
    if isinstance(expr, (sympy.Min, sympy.Max)):
        return _branch(expr, parts, symbol)
    return expr.func(*parts)


def _branch(expr: sympy.Expr, parts: list[sympy.Expr], symbol: sympy.Symbol) -> sympy.Expr:
    growth = {part: _growth(part, symbol, expr) for part in parts}
    pick = min if isinstance(expr, sympy.Min) else max
    wanted = pick(growth.values())
    kept = [part for part in parts if growth[part] == wanted]
    if len(kept) > 1 and wanted > 0:
        raise SymllmError(f"no largest term in {symbol}: two branches of '{_short(expr)}' grow alike")
    return expr.func(*kept)


def _growth(part: sympy.Expr, symbol: sympy.Symbol, whole: sympy.Expr) -> int:
    """The degree with which a branch grows without bound; 0 where it does not depend on the symbol."""
    if symbol not in part.free_symbols:
        return 0
    degree, coefficient = leading(part, symbol)
    if degree <= 0 or not coefficient.is_positive:
        raise SymllmError(f"no largest term in {symbol}: it is not clear how '{_short(part)}' grows in '{_short(whole)}'")
    return degree


def leading(expr: sympy.Expr, symbol: sympy.Symbol) -> tuple[int, sympy.Expr]:
    """The power of `symbol` and its coefficient in the term that outgrows all others.

    Raises `SymllmError` where `expr` is no quotient of polynomials in `symbol` once Min and Max are settled.
    """
    if symbol not in expr.free_symbols:
        return 0, expr
    expr = eventually(expr, symbol)
    powers = _powers(expr, symbol)
    if powers is not None:
        return _highest(powers, symbol, expr)
    over, under = sympy.fraction(sympy.together(expr))
    (up, above), (down, below) = (_highest(_polynomial(part, symbol, expr), symbol, expr) for part in (over, under))
    return up - down, above / below


def _highest(powers: _Powers, symbol: sympy.Symbol, whole: sympy.Expr) -> tuple[int, sympy.Expr]:
    for degree in sorted(powers, reverse=True):
        coefficient = powers[degree]
        if not coefficient.is_positive and expanded(coefficient) == 0:
            continue
        if any(isinstance(free, _Rest) for free in coefficient.free_symbols):
            raise SymllmError(f"no largest term in {symbol}: '{_short(whole)}' turns on how far a ceiling or floor rounds")
        return degree, expanded(coefficient) if coefficient.count_ops() < _SMALL else coefficient
    return 0, sympy.Integer(0)


def coefficients(expr: sympy.Expr, symbol: sympy.Symbol) -> dict[int, sympy.Expr]:
    """The coefficient of each power of `symbol`, expanded, none of them zero; refuses what is no polynomial in it."""
    found = {power: expanded(value) for power, value in _polynomial(expr, symbol, expr).items()}
    return {power: value for power, value in found.items() if value != 0}


def _polynomial(expr: sympy.Expr, symbol: sympy.Symbol, whole: sympy.Expr) -> _Powers:
    powers = _powers(expr, symbol)
    if powers is None:
        raise SymllmError(f"'{_short(whole)}' is no polynomial in {symbol}")
    return powers


def _powers(expr: sympy.Expr, symbol: sympy.Symbol) -> _Powers | None:
    """Coefficients by power (negative ones too), without multiplying out what does not hold `symbol`; None if there are none.

    Multiplying out everything is what makes a sum over a large model's blocks slow: only powers of one symbol matter.
    """
    if symbol not in expr.free_symbols:
        return {0: expr}
    if expr == symbol:
        return {1: sympy.Integer(1)}
    if isinstance(expr, sympy.Pow):
        return _raised(expr, symbol)
    if not isinstance(expr, (sympy.Add, sympy.Mul)):
        return None
    parts = [_powers(part, symbol) for part in expr.args]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    return _added(known) if isinstance(expr, sympy.Add) else reduce(_multiplied, known)


def _raised(expr: sympy.Pow, symbol: sympy.Symbol) -> _Powers | None:
    base, exponent = expr.args
    if not exponent.is_Integer or abs(exponent) > _HIGHEST:
        return None
    if base == symbol:
        return {int(exponent): sympy.Integer(1)}
    inner = _powers(base, symbol) if exponent > 0 else None
    return None if inner is None else reduce(_multiplied, [inner] * int(exponent))


def _added(parts: Iterable[_Powers]) -> _Powers:
    terms: dict[int, list[sympy.Expr]] = {}
    for part in parts:
        for power, value in part.items():
            terms.setdefault(power, []).append(value)
    return {power: sympy.Add(*values) for power, values in terms.items()}


def _multiplied(one: _Powers, other: _Powers) -> _Powers:
    return _added({p + q: a * b} for p, a in one.items() for q, b in other.items())


def _short(expr: sympy.Expr) -> str:
    text = str(expr)
    return text if len(text) <= 80 else text[:77] + "..."


def dominant(expr: sympy.Expr, symbol: sympy.Symbol) -> sympy.Expr:
    """The leading term of `expr` as `symbol` grows: the ratio of the two goes to 1.

    Raises `SymllmError` where `expr` does not depend on `symbol` or has no leading term in it.
    """
    if symbol not in expr.free_symbols:
        raise SymllmError(f"no largest term in {symbol}: the expression does not depend on {symbol}")
    degree, coefficient = leading(expr, symbol)
    return around(coefficient, sympy.factor_terms) * symbol**degree


def ratio_goes_to_one(one: sympy.Expr, other: sympy.Expr, symbol: sympy.Symbol) -> bool:
    """Whether one/other goes to 1 as `symbol` grows without bound and all else stays."""
    (up, above), (down, below) = leading(one, symbol), leading(other, symbol)
    if above == below or up != down:
        return bool(up == down and above != 0)
    return above != 0 and is_zero(above - below)


@dataclass(frozen=True)
class Crossover:
    """Where two expressions are equal as one symbol varies: the points (none if they never meet), and a sentence."""

    symbol: sympy.Symbol
    points: tuple[sympy.Expr, ...]
    says: str


def crossover(one: sympy.Expr, other: sympy.Expr, symbol: sympy.Symbol) -> Crossover:
    """The positive values of `symbol` at which the two expressions are equal, in closed form.

    The difference is read as a polynomial in `symbol`, powers common to all terms divided out. A point whose sign the
    other symbols decide is kept. Raises `SymllmError` for what is no polynomial, or one of degree above 2.
    """
    powers = coefficients(sympy.fraction(sympy.together(one - other))[0], symbol)
    if not powers:
        return Crossover(symbol, (), f"they are equal for every {symbol}")
    lowest = min(powers)
    powers = {power - lowest: value for power, value in powers.items()}
    degree = max(powers)
    if degree > 2:
        raise SymllmError(f"no closed form for where they cross: the difference is of degree {degree} in {symbol}")
    roots = [root for root in _roots(powers, degree) if root.is_positive is not False]
    if not roots:
        if not degree:
            larger = "the first" if powers[0].is_positive else "the second" if powers[0].is_negative else "one"
            return Crossover(symbol, (), f"they never cross: {larger} is larger for every {symbol}")
        return Crossover(symbol, (), f"they never cross for a positive {symbol}")
    shown = " and ".join(f"{symbol} = {root}" for root in roots)
    return Crossover(symbol, tuple(roots), f"they are equal at {shown}")


def _roots(powers: Mapping[int, sympy.Expr], degree: int) -> list[sympy.Expr]:
    zero = sympy.Integer(0)
    c, b, a = (sympy.factor_terms(powers.get(power, zero)) for power in range(3))
    if degree == 0:
        return []
    if degree == 1:
        return [sympy.cancel(-c / b)]
    inside = sympy.factor(sympy.expand(b**2 - 4 * a * c))
    if inside.is_negative:
        return []
    root = sympy.sqrt(inside)
    return [sympy.cancel((-b + sign * root) / (2 * a)) for sign in ((1,) if inside == 0 else (-1, 1))]
