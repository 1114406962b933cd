"""The exact value of an expression at a point, worked out by a walk of its own over the expression's parts.

Values are integers and fractions. Where a root is irrational its value is a pair of fractions that enclose it, far
closer together than any two different values of an honest formula; no float is ever made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy

#: Bits to which an irrational root is enclosed, and the largest exponent that is worked out.
_BITS, _HIGHEST = 256, 4096
_ONE: int | Fraction = 1


class Undefined(Exception):
    """The expression has no value at this point: a division by 0, a root of a negative number, a power out of reach."""


@dataclass(frozen=True)
class Value:
    """A number between `low` and `high`; exactly `low` where the two are the same."""

    low: int | Fraction
    high: int | Fraction

    @property
    def exact(self) -> bool:
        """Whether the number is known exactly."""
        return self.low == self.high

    def __str__(self) -> str:
        return str(self.low) if self.exact else f"about {float(self.low):.6g}"


def point(number: int | Fraction) -> Value:
    """A number known exactly."""
    return Value(number, number)


@dataclass
class Point:
    """A number for every free symbol; `opened` gives the expression of every symbol that is worked out instead.

    Each part and each symbol is worked out once.
    """

    free: Mapping[sympy.Symbol, int | Fraction]
    opened: Mapping[sympy.Symbol, sympy.Expr] = field(default_factory=dict)
    _known: dict[sympy.Expr, Value] = field(default_factory=dict)

    def at(self, expr: sympy.Expr) -> Value:
        """The value of `expr`; raises `Undefined` where it has none, and for a function that is not known."""
        if expr not in self._known:
            self._known[expr] = self._worked_out(expr)
        return self._known[expr]

    def _worked_out(self, expr: sympy.Expr) -> Value:
        if isinstance(expr, sympy.Integer):
            return point(int(expr))
        if isinstance(expr, sympy.Rational):
            return point(Fraction(int(expr.p), int(expr.q)))
        if isinstance(expr, sympy.Symbol):
            if expr in self.opened:
                return self.at(self.opened[expr])
            return point(self.free[expr])
        for kind, value in _FUNCTIONS.items():
            if isinstance(expr, kind):
                return value([self.at(part) for part in expr.args])
        raise Undefined(f"{type(expr).__name__} is not known")


def _sum(parts: list[Value]) -> Value:
    return Value(sum(part.low for part in parts), sum(part.high for part in parts))


def _product(parts: list[Value]) -> Value:
    low, high = _ONE, _ONE
    for part in parts:
        if low == high and part.exact:
            low = high = low * part.low
            continue
        corners: list[int | Fraction] = [low * part.low, low * part.high, high * part.low, high * part.high]
        low, high = min(corners), max(corners)
    return Value(low, high)


def _power(parts: list[Value]) -> Value:
    base, exponent = parts
    if not exponent.exact or not -_HIGHEST <= exponent.low <= _HIGHEST:
        raise Undefined("a power out of reach")
    power = Fraction(exponent.low)
    rooted = _root(base, power.denominator)
    whole = _raised(rooted, abs(power.numerator))
    return whole if power >= 0 else _inverse(whole)


def _raised(base: Value, power: int) -> Value:
    ends: list[int | Fraction] = [base.low**power, base.high**power]
    if power % 2 == 0 and base.low < 0 < base.high:
        return Value(0, max(ends))
    return Value(min(ends), max(ends))


def _inverse(value: Value) -> Value:
    if value.low <= 0 <= value.high:
        raise Undefined("a division by 0")
    return Value(Fraction(1) / value.high, Fraction(1) / value.low)


def _root(value: Value, degree: int) -> Value:
    if degree == 1:
        return value
    if value.low < 0:
        raise Undefined("a root of a negative number")
    return Value(_root_of(Fraction(value.low), degree)[0], _root_of(Fraction(value.high), degree)[1])


def _root_of(number: Fraction, degree: int) -> tuple[Fraction, Fraction]:
    """Two fractions around a root; the same one twice where the root is rational."""
    over, under = _whole_root(number.numerator, degree), _whole_root(number.denominator, degree)
    if over**degree == number.numerator and under**degree == number.denominator:
        return Fraction(over, under), Fraction(over, under)
    scale = 1 << _BITS
    below = _whole_root(number.numerator * scale**degree // number.denominator, degree)
    return Fraction(below, scale), Fraction(below + 1, scale)


def _whole_root(number: int, degree: int) -> int:
    """The largest whole number whose power is not above `number`."""
    if degree == 2:
        return math.isqrt(number)
    low, high = 0, 1 << (number.bit_length() // degree + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**degree <= number else (low, middle)
    return low


def _rounded(rounding: Callable[[int | Fraction], int]) -> Callable[[list[Value]], Value]:
    def value(parts: list[Value]) -> Value:
        low, high = rounding(parts[0].low), rounding(parts[0].high)
        if low != high:
            raise Undefined("a rounding on the edge")
        return point(low)

    return value


def _least(parts: list[Value]) -> Value:
    return Value(min(part.low for part in parts), min(part.high for part in parts))


def _most(parts: list[Value]) -> Value:
    return Value(max(part.low for part in parts), max(part.high for part in parts))


_FUNCTIONS: Mapping[Any, Callable[[list[Value]], Value]] = {
    sympy.Add: _sum, sympy.Mul: _product, sympy.Pow: _power, sympy.Min: _least, sympy.Max: _most,
    sympy.ceiling: _rounded(math.ceil), sympy.floor: _rounded(math.floor),
}  # fmt: skip
