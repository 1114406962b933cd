"""Trees over intervals of exact numbers: bounds of an expression for all values of a variable between two ends at once.

What is written out is plain Python, one line an operation, so that a stretch of any length costs a few microseconds.
The bounds are true for every real value in the stretch, so also for every whole one; they are attained where the
expression grows or falls in the variable all along, and may be wider elsewhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ..tree import Tree, checked_name
from ..tree import variable as named
from ..units import Number, exact
from .powers import between

#: A stretch on which an expression divides by 0 or leaves the real numbers has no bounds: these are raised.
UNBOUNDED = (ZeroDivisionError, ValueError, OverflowError)

Bounds = tuple[Number, Number]


@dataclass(frozen=True)
class _Range:
    """The source of both bounds and what is known of the sign: 1 never negative, -1 never positive, 0 not known."""

    low: str
    high: str
    sign: int

    @property
    def still(self) -> bool:
        return self.low == self.high


def product(a: Number, b: Number, c: Number, d: Number) -> Bounds:
    """Bounds of the product of a number in [a, b] and one in [c, d]."""
    found = (a * c, a * d, b * c, b * d)
    return min(found), max(found)


def whole_power(low: Number, high: Number, exponent: int) -> Bounds:
    """Bounds of x ** exponent, exponent >= 1, for x in [low, high] of any sign."""
    ends = (between(low, exponent), between(high, exponent))
    least, most = min(ends[0][0], ends[1][0]), max(ends[0][1], ends[1][1])
    return (0, most) if exponent % 2 == 0 and low < 0 < high else (least, most)


def inverse(low: Number, high: Number) -> Bounds:
    """Bounds of 1 / x for x in [low, high]; raises `ZeroDivisionError` where 0 lies within."""
    if low <= 0 <= high:
        raise ZeroDivisionError("1/x where x may be 0")
    return Fraction(1) / high, Fraction(1) / low


def power(low: Number, high: Number, least: Number, most: Number) -> Bounds:
    """Bounds of x ** y for x in [low, high], never negative, and y in [least, most]: attained at the corners."""
    if low < 0:
        if least == most and exact(least) == int(least) and least > 0:
            return whole_power(low, high, int(least))
        raise ValueError("a power of a negative number")
    corners = [between(x, y) for x in {low, high} for y in {least, most}]
    return min(corner[0] for corner in corners), max(corner[1] for corner in corners)


class _Writer:
    """Writes the lines of one function; a name stands for the bounds that were written for it."""

    def __init__(self, variable: str) -> None:
        self.lines: list[str] = []
        self.known: dict[str, _Range] = {variable: _Range("low", "high", 1)}

    def assign(self, name: str, tree: Tree) -> None:
        found = self.write(tree)
        low, high = f"{named(name)}_l", f"{named(name)}_h"
        self.lines.append(f"{low} = {found.low}")
        if not found.still:
            self.lines.append(f"{high} = {found.high}")
        self.known[name] = _Range(low, low if found.still else high, found.sign)

    def write(self, tree: Tree) -> _Range:
        if isinstance(tree, int):
            return _Range(f"({tree})" if tree < 0 else str(tree), f"({tree})" if tree < 0 else str(tree), 1 if tree >= 0 else -1)
        if isinstance(tree, str):
            return self.known[tree]
        operator, *parts = tree
        if operator == "q":
            text = f"Fraction({int(parts[0])},{int(parts[1])})"
            return _Range(text, text, 1 if int(parts[0]) >= 0 else -1)
        if operator == "^":
            return self._power(self.write(parts[0]), parts[1])
        found = [self.write(part) for part in parts]
        if operator == "+":
            return _Range(_joined("+", [f.low for f in found]), _joined("+", [f.high for f in found]), _common(found))
        if operator == "*":
            total = found[0]
            for factor in found[1:]:
                total = self._product(total, factor)
            return total
        if operator in ("max", "min"):
            signs = [f.sign for f in found]
            wanted = 1 if operator == "max" else -1
            sign = wanted if wanted in signs else _common(found)
            return _Range(f"{operator}({','.join(f.low for f in found)})", f"{operator}({','.join(f.high for f in found)})", sign)
        (inner,) = found  # ceil of what is above -1 may be 0, never negative; floor likewise from 0 on
        return _Range(f"{operator}({inner.low})", f"{operator}({inner.high})", inner.sign)

    def _pair(self, call: str, sign: int) -> _Range:
        low, high = f"t{len(self.lines)}_l", f"t{len(self.lines)}_h"
        self.lines.append(f"{low}, {high} = {call}")
        return _Range(low, high, sign)

    def _product(self, a: _Range, b: _Range) -> _Range:
        sign = a.sign * b.sign
        if sign == 1 and a.sign == 1:
            return _Range(f"({a.low}*{b.low})", f"({a.high}*{b.high})", 1)
        if sign == 1:
            return _Range(f"({a.high}*{b.high})", f"({a.low}*{b.low})", 1)
        if sign == -1 and a.sign == 1:
            return _Range(f"({a.high}*{b.low})", f"({a.low}*{b.high})", -1)
        if sign == -1:
            return _Range(f"({a.low}*{b.high})", f"({a.high}*{b.low})", -1)
        if a.still and b.still:
            return _Range(f"({a.low}*{b.low})", f"({a.low}*{b.low})", 0)
        return self._pair(f"product({a.low},{a.high},{b.low},{b.high})", 0)

    def _power(self, base: _Range, exponent: Tree) -> _Range:
        if isinstance(exponent, int) and exponent >= 0:
            if exponent == 0:
                return _Range("1", "1", 1)
            if base.sign == 1 and exponent <= 4:
                return _Range(f"({base.low}**{exponent})", f"({base.high}**{exponent})", 1)
            even = exponent % 2 == 0
            return self._pair(f"whole_power({base.low},{base.high},{exponent})", 1 if even else base.sign)
        if isinstance(exponent, int):
            under = base if exponent == -1 else self._power(base, -exponent)
            if under.sign == 1:
                return _Range(f"(ONE/{under.high})", f"(ONE/{under.low})", 1)
            return self._pair(f"inverse({under.low},{under.high})", under.sign)
        raised = self.write(exponent)
        return self._pair(f"power({base.low},{base.high},{raised.low},{raised.high})", 1)


def _joined(operator: str, texts: list[str]) -> str:
    return "(" + operator.join(texts) + ")"


def _common(found: list[_Range]) -> int:
    signs = {f.sign for f in found}
    return signs.pop() if len(signs) == 1 else 0


def enclosure(assignments: Iterable[tuple[str, Tree]], results: tuple[Tree, ...], variable: str) -> Callable[[Number, Number], Any]:
    """A function of the ends of a stretch of `variable`, never negative, that returns low and high of each result.

    It raises one of `UNBOUNDED` where there are no bounds.
    """
    writer = _Writer(checked_name(variable))
    for name, tree in assignments:
        writer.assign(name, tree)
    found = [writer.write(result) for result in results]
    returned = ",".join(f"{one.low},{one.high}" for one in found)
    body = "\n".join(f"    {line}" for line in [*writer.lines, f"return ({returned})"])
    scope: dict[str, Any] = {
        "__builtins__": {}, "Fraction": Fraction, "ONE": Fraction(1), "product": product, "whole_power": whole_power,
        "inverse": inverse, "power": power, "ceil": math.ceil, "floor": math.floor, "max": max, "min": min,
    }  # fmt: skip
    exec(compile(f"def enclosed(low, high):\n{body}", "<enclosure>", "exec"), scope)  # our own text, of checked names
    made: Callable[[Number, Number], Any] = scope["enclosed"]
    return made
