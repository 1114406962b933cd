"""How sensitive a value is: its elasticity in a symbol, by exact forward differentiation at a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy

from .errors import SymllmError
from .polynomial import STEPPED
from .units import Number, exact


@dataclass(frozen=True)
class Elasticity:
    """By how many percent a value changes where a symbol changes by one: a little below the point and a little above.

    The two differ on a corner of Min or Max, and `corners` names these. relaxed: the ceilings and floors whose slope
    is taken to be that of what they round; their value is exact.
    """

    below: Number | float
    above: Number | float
    corners: tuple[sympy.Expr, ...] = ()
    relaxed: tuple[sympy.Expr, ...] = ()


def elasticities(expr: sympy.Expr, symbol: sympy.Symbol, values: Mapping[sympy.Symbol, Number],
                 definitions: Mapping[sympy.Symbol, sympy.Expr] | None = None) -> Elasticity:  # fmt: skip
    """The ∂ln f / ∂ln x of `expr` on both sides of a point, exact where the value is rational.

    values: the number of every symbol; definitions: expressions of symbols that have none. Raises `SymllmError` for a
    symbol without a value, for a function whose slope is not known, and where `expr` is 0.
    """
    point = _Point({key: _rational(value) for key, value in values.items()}, dict(definitions or {}), symbol)
    here = point.at(sympy.sympify(expr))
    if here.value == 0:
        raise SymllmError(f"no elasticity in {symbol}: the value is 0")
    at = point.values[symbol]
    below, above = (_number(slope * at / here.value) for slope in (-here.down, here.up))
    return Elasticity(below, above, tuple(point.corners) if below != above else (), tuple(point.relaxed))


def elasticity(expr: sympy.Expr, symbol: sympy.Symbol, values: Mapping[sympy.Symbol, Number],
               definitions: Mapping[sympy.Symbol, sympy.Expr] | None = None) -> Number | float:  # fmt: skip
    """The elasticity at a point at which both sides agree; raises `SymllmError` on a corner besides."""
    found = elasticities(expr, symbol, values, definitions)
    if found.below != found.above:
        raise SymllmError(f"no elasticity in {symbol}: the point lies on the corner of '{_short(found.corners[-1])}', where the slope jumps")
    return found.above


def _number(value: Any) -> Number | float:
    return exact(Fraction(int(value.p), int(value.q))) if value.is_Rational else float(value)


def _rational(value: Number) -> sympy.Rational:
    return sympy.Rational(value.numerator, value.denominator)


def _short(expr: sympy.Expr) -> str:
    text = str(expr)
    return text if len(text) <= 80 else text[:77] + "..."


@dataclass(frozen=True)
class _Slope:
    """A value and how fast it changes as the symbol goes up, and as it goes down."""

    value: Any
    up: Any = sympy.S.Zero
    down: Any = sympy.S.Zero

    def times(self, other: _Slope) -> _Slope:
        return _Slope(self.value * other.value, self.up * other.value + self.value * other.up, self.down * other.value + self.value * other.down)


@dataclass(frozen=True)
class _Point:
    values: dict[sympy.Symbol, sympy.Expr]
    definitions: dict[sympy.Symbol, sympy.Expr]
    symbol: sympy.Symbol
    corners: list[sympy.Expr] = field(default_factory=list)
    relaxed: list[sympy.Expr] = field(default_factory=list)
    known: dict[sympy.Symbol, _Slope] = field(default_factory=dict)

    def at(self, expr: sympy.Expr) -> _Slope:
        if expr.is_number:
            return _Slope(expr)
        if isinstance(expr, sympy.Symbol):
            return self.of_symbol(expr)
        parts = [self.at(part) for part in expr.args]
        if isinstance(expr, sympy.Add):
            return _Slope(sum(p.value for p in parts), sum(p.up for p in parts), sum(p.down for p in parts))
        if isinstance(expr, sympy.Mul):
            made = _Slope(sympy.S.One)
            for part in parts:
                made = made.times(part)
            return made
        if isinstance(expr, sympy.Pow) and parts[1].up == parts[1].down == 0:
            return self.power(parts[0], parts[1].value)
        if isinstance(expr, STEPPED):
            return self.stepped(expr, parts[0])
        if isinstance(expr, (sympy.Min, sympy.Max)):
            return self.active(expr, parts)
        raise SymllmError(f"no elasticity in {self.symbol}: the slope of '{_short(expr)}' is not known")

    def of_symbol(self, symbol: sympy.Symbol) -> _Slope:
        if symbol in self.values:
            return _Slope(self.values[symbol], *((sympy.S.One, sympy.S.NegativeOne) if symbol == self.symbol else ()))
        if symbol not in self.definitions:
            raise SymllmError(f"symbol '{symbol}' has no value")
        if symbol not in self.known:
            self.known[symbol] = self.at(self.definitions[symbol])
        return self.known[symbol]

    def power(self, base: _Slope, exponent: Any) -> _Slope:
        if base.up == base.down == 0:
            return _Slope(base.value**exponent)
        slope = exponent * base.value ** (exponent - 1)
        return _Slope(base.value**exponent, slope * base.up, slope * base.down)

    def stepped(self, expr: sympy.Expr, inner: _Slope) -> _Slope:
        if inner.up != 0 or inner.down != 0:
            self.relaxed.append(expr)
        return _Slope(expr.func(inner.value), inner.up, inner.down)

    def active(self, expr: sympy.Expr, parts: list[_Slope]) -> _Slope:
        """Of equal branches the one that is taken on either side."""
        pick = min if isinstance(expr, sympy.Min) else max
        best = pick(part.value for part in parts)
        taken = [part for part in parts if part.value == best]
        up, down = pick(part.up for part in taken), pick(part.down for part in taken)
        if up != -down:
            self.corners.append(expr)
        return _Slope(best, up, down)
