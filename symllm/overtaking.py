"""Where one value is larger than another as a whole number grows: every change of sign over 1, 2, 3, ..., exactly.

On a stretch of numbers on which every min and max keeps its branch and every ceiling and floor its rule, the two
values are quotients of polynomials. Stretches are cut until that is so; numbers are taken by their remainders where
rounding turns on these. The signs of a polynomial over whole numbers follow from those of its differences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from .errors import SymllmError
from .tree import Tree
from .units import Number

Polynomial = tuple[Fraction, ...]  # coefficients from the constant up, the last one not 0; () is 0

#: Remainders told apart, stretches looked at, and numbers listed one by one; more than that is refused or summed up.
_REMAINDERS, _STRETCHES, _LISTED = 4096, 5000, 4096
_ZERO, _ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class Run:
    """Numbers from `start` to `end` (None: for ever) on which the first value is larger (1), equal (0) or smaller (-1).

    sign None: it depends on the remainder by `modulus`; `larger` and `equal` list the remainders of these cases.
    """

    start: int
    end: int | None
    sign: int | None
    modulus: int = 1
    larger: tuple[int, ...] = ()
    equal: tuple[int, ...] = ()


class _Cut(Exception):
    """The stretch must be cut before this number."""

    def __init__(self, at: int) -> None:
        self.at = at


class _Remainders(Exception):
    """Numbers must be told apart by their remainder: `by` times as many classes."""

    def __init__(self, by: int) -> None:
        self.by = by


# Polynomials.


def _trimmed(coefficients: Sequence[Fraction]) -> Polynomial:
    last = len(coefficients)
    while last and coefficients[last - 1] == 0:
        last -= 1
    return tuple(coefficients[:last])


def _add(one: Polynomial, other: Polynomial) -> Polynomial:
    size = max(len(one), len(other))
    return _trimmed([(one[i] if i < len(one) else _ZERO) + (other[i] if i < len(other) else _ZERO) for i in range(size)])


def _times(one: Polynomial, other: Polynomial) -> Polynomial:
    made = [_ZERO] * max(len(one) + len(other) - 1, 0)
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            made[i + j] += a * b
    return _trimmed(made)


def _at(poly: Polynomial, x: int) -> Fraction:
    value = _ZERO
    for coefficient in reversed(poly):
        value = value * x + coefficient
    return value


def _difference(poly: Polynomial) -> Polynomial:
    """p(x + 1) - p(x), of one degree less."""
    made = [_ZERO] * max(len(poly) - 1, 0)
    for power, coefficient in enumerate(poly):
        for lower in range(power):
            made[lower] += coefficient * math.comb(power, lower)
    return _trimmed(made)


def _sign(value: Number) -> int:
    return (value > 0) - (value < 0)


def signs(poly: Polynomial, low: int, high: int | None) -> list[tuple[int, int]]:
    """The signs of a polynomial over the whole numbers from `low` to `high`: where each begins, and which it is."""
    if len(poly) <= 1:
        return [(low, _sign(poly[0]) if poly else 0)]
    if high is None:  # beyond this the highest power outweighs all others together (Cauchy)
        high = max(low, 2 + math.ceil(max(abs(c / poly[-1]) for c in poly[:-1])))
    if high == low:
        return [(low, _sign(_at(poly, low)))]
    slopes = signs(_difference(poly), low, high - 1)
    found: list[tuple[int, int]] = []
    for (start, _), (end, _) in pairwise([*slopes, (high, 0)]):
        found += _monotone(poly, start, end)
    return [item for i, item in enumerate(found) if i == 0 or item[1] != found[i - 1][1]]


def _monotone(poly: Polynomial, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The signs between two numbers between which the polynomial only rises or only falls."""
    here = _sign(_at(poly, start))
    yield start, here
    while here != (last := _sign(_at(poly, end))):
        same, other = start, end
        while other - same > 1:
            middle = (same + other) // 2
            same, other = (middle, other) if _sign(_at(poly, middle)) == here else (same, middle)
        start, here = other, _sign(_at(poly, other))
        yield start, here
        if here == last:
            return


# Quotients of polynomials on a stretch.


@dataclass(frozen=True)
class _Quotient:
    over: Polynomial
    under: Polynomial = (_ONE,)

    def plus(self, other: _Quotient) -> _Quotient:
        if self.under == other.under:
            return _Quotient(_add(self.over, other.over), self.under)
        return _Quotient(_add(_times(self.over, other.under), _times(other.over, self.under)), _times(self.under, other.under))

    def times(self, other: _Quotient) -> _Quotient:
        return _quotient(_times(self.over, other.over), _times(self.under, other.under))

    def minus(self, other: _Quotient) -> _Quotient:
        return self.plus(_Quotient(_times(other.over, (-_ONE,)), other.under))

    def signs(self, low: int, high: int | None) -> list[tuple[int, int]]:
        """Where the sign changes; raises where it divides by 0 on the stretch."""
        if len(self.under) > 1 and any(sign == 0 for _, sign in signs(self.under, low, high)):
            raise SymllmError("no crossover can be told: a value is divided by 0 on the way")
        return signs(_times(self.over, self.under), low, high)


def _quotient(over: Polynomial, under: Polynomial) -> _Quotient:
    if over == under:
        return _Quotient((_ONE,))
    return _Quotient(_trimmed([c / under[0] for c in over])) if len(under) == 1 else _Quotient(over, under)


@dataclass
class _Stretch:
    """The values of symbols on the numbers `remainder + modulus*y`, for y from `low` to `high`."""

    name: str
    lines: Mapping[str, Tree]
    values: Mapping[str, Number]
    step: Fraction
    modulus: int
    remainder: int
    low: int
    high: int | None
    known: dict[str, _Quotient] = field(default_factory=dict)

    def value(self, body: Tree) -> _Quotient:
        if isinstance(body, int):
            return _Quotient(_trimmed([Fraction(body)]))
        if isinstance(body, str):
            return self.of_symbol(body)
        operator, *parts = body
        if operator == "q":
            return _Quotient(_trimmed([Fraction(parts[0], parts[1])]))
        if operator == "^":
            return self.power(self.value(parts[0]), parts[1])
        values = [self.value(part) for part in parts]
        if operator == "+":
            return self.joined(values, _Quotient.plus)
        if operator == "*":
            return self.joined(values, _Quotient.times)
        if operator in ("max", "min"):
            return self.joined(values, self.larger if operator == "max" else self.smaller)
        return self.rounded(values[0], operator)

    @staticmethod
    def joined(values: list[_Quotient], how: Callable[[_Quotient, _Quotient], _Quotient]) -> _Quotient:
        total = values[0]
        for value in values[1:]:
            total = how(total, value)
        return total

    def of_symbol(self, name: str) -> _Quotient:
        if name not in self.known:
            if name == self.name:
                made = _Quotient(_trimmed([self.remainder * self.step, self.modulus * self.step]))
            elif name in self.lines:
                made = self.value(self.lines[name])
            elif name in self.values:
                made = _Quotient(_trimmed([Fraction(self.values[name])]))
            else:
                raise SymllmError(f"symbol '{name}' has no value")
            self.known[name] = made
        return self.known[name]

    def power(self, base: _Quotient, exponent: Tree) -> _Quotient:
        raised = self.value(exponent)
        number = raised.over[0] if raised.over else _ZERO
        if len(raised.over) > 1 or raised.under != (_ONE,) or number.denominator != 1 or abs(number) > 64:
            raise SymllmError(f"no crossover in {self.name} can be told: it is not a whole power of {self.name} that counts")
        if number < 0 and not base.over:
            raise SymllmError("no crossover can be told: a value is divided by 0 on the way")
        made = _Quotient((_ONE,))
        for _ in range(abs(int(number))):
            made = made.times(base if number > 0 else _quotient(base.under, base.over))
        return made

    def larger(self, one: _Quotient, other: _Quotient) -> _Quotient:
        return one if self.uniform(one.minus(other)) >= 0 else other

    def smaller(self, one: _Quotient, other: _Quotient) -> _Quotient:
        return other if self.uniform(one.minus(other)) >= 0 else one

    def uniform(self, difference: _Quotient) -> int:
        """1 where a difference is at least 0 on the whole stretch, -1 where it is at most 0; else the stretch is cut."""
        found = difference.signs(self.low, self.high)
        kinds = {sign for _, sign in found}
        if kinds <= {0, 1}:
            return 1
        if kinds <= {0, -1}:
            return -1
        first = next(sign for _, sign in found if sign)
        raise _Cut(next(start for start, sign in found if sign == -first))

    def rounded(self, value: _Quotient, operator: str) -> _Quotient:
        if operator == "ceil":
            turned = self.rounded(_Quotient(_times(value.over, (-_ONE,)), value.under), "floor")
            return _Quotient(_times(turned.over, (-_ONE,)), turned.under)
        if len(value.under) > 1:
            return self.constant_floor(value)
        if len(value.over) <= 1:
            return _Quotient(_trimmed([Fraction(math.floor(value.over[0] if value.over else 0))]))
        by = math.lcm(*(coefficient.denominator for coefficient in value.over[1:]))
        if by > 1:
            raise _Remainders(by)
        return _Quotient(_trimmed([Fraction(math.floor(value.over[0])), *value.over[1:]]))

    def constant_floor(self, value: _Quotient) -> _Quotient:
        """The floor of a true quotient such as h/tp, on a stretch on which it stays the same."""
        under = _at(value.under, self.low)
        if under == 0:
            raise SymllmError("no crossover can be told: a value is divided by 0 on the way")
        floor = Fraction(math.floor(_at(value.over, self.low) / under))
        ends = []
        for edge, gone in ((floor, -1), (floor + 1, 1)):
            found = value.minus(_Quotient(_trimmed([edge]))).signs(self.low, self.high)
            ends += [start for start, sign in found if sign == gone or (gone == 1 and sign == 0)]
        if ends:
            raise _Cut(min(ends))
        return _Quotient(_trimmed([floor]))


def runs(left: Tree, right: Tree, name: str, lines: Mapping[str, Tree], values: Mapping[str, Number], step: Fraction = _ONE) -> list[Run]:
    """Where `left` is larger than `right` as `name` takes the values step, 2*step, 3*step, ...: runs of numbers of steps.

    lines: the definitions, by symbol; values: the numbers of all other inputs. Raises `SymllmError` where that cannot be
    told exactly: the symbol in an exponent or under a root, a division by 0, rounding by too many remainders.
    """
    modulus = 1
    while True:
        try:
            found = [_by_remainder(left, right, _Stretch(name, lines, values, step, modulus, remainder, 0, None))
                     for remainder in range(1, modulus + 1)]  # fmt: skip
        except _Remainders as more:
            modulus *= more.by
            if modulus > _REMAINDERS:
                raise SymllmError(f"no crossover in {name} can be told: it turns on the remainder of {name} by {modulus:,}") from None
            continue
        return _merged(found, modulus)


def _by_remainder(left: Tree, right: Tree, start: _Stretch) -> list[tuple[int, int]]:
    """The signs over the numbers of one remainder, from 0 on."""
    waiting, found, seen = [(start.low, start.high)], [], 0
    while waiting:
        low, high = waiting.pop()
        seen += 1
        if seen > _STRETCHES:
            raise SymllmError(f"no crossover in {start.name} can be told: its values change their rule too often")
        here = _Stretch(start.name, start.lines, start.values, start.step, start.modulus, start.remainder, low, high)
        try:
            found += here.value(left).minus(here.value(right)).signs(low, high)
        except _Cut as cut:
            waiting += [(cut.at, high), (low, cut.at - 1)]
    return [item for i, item in enumerate(found) if i == 0 or item[1] != found[i - 1][1]]


def _merged(found: list[list[tuple[int, int]]], modulus: int) -> list[Run]:
    """The runs over all numbers from the signs by remainder; remainder r of `modulus` is list r - 1."""
    starts: list[int | None] = [*sorted({start for item in found for start, _ in item}), None]
    made: list[Run] = []
    place = [0] * modulus
    for start, end in pairwise(starts):
        assert start is not None
        for i, item in enumerate(found):
            if place[i] + 1 < len(item) and item[place[i] + 1][0] == start:
                place[i] += 1
        here = [item[place[i]][1] for i, item in enumerate(found)]
        made += _block(start, end, here, modulus)
    return _joined(made)


def _block(start: int, end: int | None, here: list[int], modulus: int) -> Iterator[Run]:
    first, last = start * modulus + 1, None if end is None else end * modulus
    if len(set(here)) == 1:
        yield Run(first, last, here[0])
    elif last is not None and last - first < _LISTED:
        for x in range(first, last + 1):
            yield Run(x, x, here[(x - 1) % modulus])
    else:
        by = {sign: tuple(sorted((i + 1) % modulus for i, s in enumerate(here) if s == sign)) for sign in (0, 1)}
        yield Run(first, last, None, modulus, by[1], by[0])


def _joined(found: list[Run]) -> list[Run]:
    made: list[Run] = []
    for run in found:
        last = made[-1] if made else None
        if last is not None and (last.sign, last.larger, last.equal) == (run.sign, run.larger, run.equal):
            made[-1] = Run(last.start, run.end, run.sign, run.modulus, run.larger, run.equal)
        else:
            made.append(run)
    return made
