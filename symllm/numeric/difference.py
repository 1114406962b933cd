"""The two sides of a relation as quotients of polynomials in the unknown, so that what both sides share cancels.

Bounds of `x*x - 1000*x`, or of `(a + b*x)/(c + d*x)`, taken part by part forget that it is one x. Where a side is a maximum
(or a minimum) of quotients with positive denominators, left <= right says of each pair of them that a polynomial is <= 0, and
a polynomial's bounds around the middle of a stretch are far tighter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from ..tree import Tree
from ..units import Number, magnitude

#: A polynomial of more terms, or of a higher degree, and a side of more branches, is left to the bounds of its parts.
MOST_TERMS, HIGHEST, MOST_BRANCHES = 40, 12, 6

#: (atom, power), ...: the unknown, or what cannot be opened (a ceiling).
Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]
Coefficients = tuple[int, ...]


class _NotPolynomialError(Exception):
    pass


@dataclass(frozen=True)
class _Quotient:
    """over / under, where `under` is above 0 for every unknown above the least that is asked about; at_least: for that one too."""

    over: Polynomial
    under: Polynomial
    at_least: bool = True


@dataclass(frozen=True)
class _Side:
    """The largest, or the smallest, of its branches."""

    branches: tuple[_Quotient, ...]
    largest: bool = True


@dataclass(frozen=True)
class Difference:
    """left <= right as polynomials in the unknown: every row must hold, and a row holds where `some` of its polynomials is <= 0.

    rows: coefficients, lowest first. some: whether one of a row is enough, else all are needed. at_least: whether it speaks of the
    least value too.
    """

    rows: tuple[tuple[Coefficients, ...], ...]
    some: bool
    at_least: bool

    @property
    def linear(self) -> Coefficients | None:
        """The one polynomial, where it is the only one and of degree 1."""
        only = self.rows[0][0] if len(self.rows) == 1 and len(self.rows[0]) == 1 else ()
        return only if len(only) == 2 else None

    def decided(self, low: Number, high: Number, strict: bool) -> bool | None:
        """True or False where the relation holds, or fails, for every value from low to high; None where that is not known."""
        rows = [self._row(row, low, high, strict) for row in self.rows]
        return False if False in rows else None if None in rows else True

    def _row(self, row: tuple[Coefficients, ...], low: Number, high: Number, strict: bool) -> bool | None:
        found = [_sign(*bounds(coefficients, low, high), strict) for coefficients in row]
        first, last = (True, False) if self.some else (False, True)
        return first if first in found else None if None in found else last


def _sign(least: Number, most: Number, strict: bool) -> bool | None:
    if most < 0 or (most == 0 and not strict):
        return True
    if least > 0 or (least == 0 and strict):
        return False
    return None


def taken(left: Tree, right: Tree, assignments: Iterable[tuple[str, Tree]], variable: str, least: int = 0) -> Difference | None:
    """The relation left <= right (or <) as polynomials in a `variable` above 0, or None where it is not of this kind.

    least: what it speaks of begins there; max(x - 1, 0) is x - 1 from 1 on.
    """
    lines = dict(assignments)
    try:
        opener = _Opener(lines, variable, least)
        one, other = opener.open(left), opener.open(right)
        if len(one.branches) > 1 and not one.largest:
            if len(other.branches) > 1:
                return None
            rows = [[_compared(a, other.branches[0], variable, least) for a in one.branches]]  # the least of them: one is enough
            some = True
        else:
            rows = [[_compared(a, b, variable, least) for b in other.branches] for a in one.branches]
            some = other.largest
    except _NotPolynomialError:
        return None
    flat = [item for row in rows for item in row]
    return Difference(tuple(tuple(item[0] for item in row) for row in rows), some, all(item[1] for item in flat))


def degree(tree: Tree, assignments: Iterable[tuple[str, Tree]], variable: str, least: int) -> int | None:
    """The degree of a tree that is itself a polynomial in `variable` from `least` on; None for any other."""
    try:
        side = _Opener(dict(assignments), variable, least).open(tree)
    except _NotPolynomialError:
        return None
    if len(side.branches) != 1 or side.branches[0].under != _ONE or not side.branches[0].at_least:
        return None
    powers = [(atom, power) for monomial in side.branches[0].over for atom, power in monomial]
    if any(atom != variable or power < 0 for atom, power in powers):
        return None
    return max((power for _, power in powers), default=0)


def _compared(left: _Quotient, right: _Quotient, variable: str, least: int) -> tuple[Coefficients, bool]:
    """The coefficients of a polynomial with the sign of left - right, and whether it has it at `least` too."""
    found = _added(_multiplied(left.over, right.under), _multiplied(right.over, left.under), -1)
    powers: dict[int, Fraction] = {}
    for monomial, coefficient in found.items():
        if any(atom != variable for atom, _ in monomial):
            raise _NotPolynomialError
        powers[sum(power for _, power in monomial)] = coefficient
    lowest = min(min(powers, default=0), 0)
    highest = max(powers, default=0) - lowest
    if highest > HIGHEST:
        raise _NotPolynomialError
    common = math.lcm(*(coefficient.denominator for coefficient in powers.values()))
    coefficients = tuple(int(powers.get(power + lowest, Fraction(0)) * common) for power in range(highest + 1))
    return coefficients, (lowest == 0 or least > 0) and left.at_least and right.at_least


def bounds(coefficients: Coefficients, low: Number, high: Number) -> tuple[Number, Number]:
    """Bounds of a polynomial for x in [low, high], 0 <= low: its ends where it grows or falls, else from the middle."""
    later = coefficients[1:]
    if all(c >= 0 for c in later):
        return value(coefficients, low), value(coefficients, high)
    if all(c <= 0 for c in later):
        return value(coefficients, high), value(coefficients, low)
    middle = Fraction(low + high) / 2
    radius = high - middle
    slope, turn = _around(tuple(power * c for power, c in enumerate(coefficients) if power), middle, radius)
    if magnitude(slope) >= turn:
        ends = (value(coefficients, low), value(coefficients, high))
        return min(ends), max(ends)
    centre, spread = _around(coefficients, middle, radius)
    return centre - spread, centre + spread


def value(coefficients: Coefficients, at: Number) -> Number:
    """The polynomial at a number."""
    total: Number = 0
    for coefficient in reversed(coefficients):
        total = total * at + coefficient
    return total


def _around(coefficients: Coefficients, middle: Fraction, radius: Number) -> tuple[Number, Number]:
    """The value in the middle, and how far from it the polynomial can be within the radius."""
    shifted = _shifted(coefficients, middle)
    return shifted[0], sum((magnitude(c) * radius**power for power, c in enumerate(shifted) if power), Fraction(0))


def _shifted(coefficients: Coefficients, by: Fraction) -> tuple[Number, ...]:
    """The coefficients of the polynomial in t = x - by."""
    found: list[Number] = list(coefficients)
    for start in range(len(found) - 1):
        for index in range(len(found) - 2, start - 1, -1):
            found[index] += by * found[index + 1]
    return tuple(found)


_ONE: Polynomial = {(): Fraction(1)}


class _Opener:
    """Opens trees into sides; each definition once."""

    def __init__(self, lines: Mapping[str, Tree], variable: str, least: int) -> None:
        self.lines, self.variable, self.least = lines, variable, least
        self.opened: dict[str, _Side] = {}

    def open(self, tree: Tree) -> _Side:
        if isinstance(tree, int):
            return _plain({(): Fraction(tree)} if tree else {})
        if isinstance(tree, str):
            if tree not in self.lines:
                return _plain({((tree, 1),): Fraction(1)})
            if tree not in self.opened:
                self.opened[tree] = self.open(self.lines[tree])
            return self.opened[tree]
        operator, *parts = tree
        if operator == "q":
            return _plain({(): Fraction(parts[0], parts[1])})
        if operator == "^":
            return self._power(self.open(parts[0]), parts[1])
        inner = [self.open(part) for part in parts]
        if operator in ("+", "*"):
            total = inner[0]
            for side in inner[1:]:
                total = self._joined(total, side, _sum if operator == "+" else _product, operator)
            return total
        if operator in ("max", "min"):
            return self._pruned(_chosen(inner, operator == "max"))
        return self._stepped(operator, inner[0])

    def _joined(self, left: _Side, right: _Side, join: Callable[[_Quotient, _Quotient], _Quotient], operator: str) -> _Side:
        """A sum or product of sides: of two single ones, or of branches with what keeps, or turns, their order."""
        if len(left.branches) > 1 and len(right.branches) > 1 and (left.largest != right.largest or operator == "*"):
            raise _NotPolynomialError
        many, single = (left, right) if len(left.branches) > 1 else (right, left)
        largest = many.largest
        if operator == "*" and len(many.branches) > 1:
            sign = self._sign(single.branches[0])
            if sign == 0:
                raise _NotPolynomialError
            largest = largest if sign > 0 else not largest
        found = tuple(join(a, b) for a in left.branches for b in right.branches)
        if len(found) > MOST_BRANCHES:
            raise _NotPolynomialError
        return self._pruned(_Side(found, largest))

    def _sign(self, quotient: _Quotient) -> int:
        """1 for what is never negative from `least` on, -1 for what is never positive there, 0 where that is not known."""
        nothing = _Quotient({}, _ONE)
        return 1 if self._exceeds(quotient, nothing) else -1 if self._exceeds(nothing, quotient) else 0

    def _pruned(self, side: _Side) -> _Side:
        """Without the branches that another one exceeds for every value from `least` on."""
        kept = list(side.branches)
        for branch in side.branches:
            others = [other for other in kept if other is not branch]
            if branch in kept and any(self._exceeds(other, branch) if side.largest else self._exceeds(branch, other) for other in others):
                kept = others
        everywhere = all(branch.at_least for branch in side.branches)  # one without a value leaves the whole without one
        return replace(side, branches=tuple(replace(branch, at_least=branch.at_least and everywhere) for branch in kept))

    def _exceeds(self, large: _Quotient, small: _Quotient) -> bool:
        """Whether large >= small surely holds from `least` on: shifted there, their difference has no negative coefficient."""
        try:
            coefficients, _ = _compared(large, small, self.variable, self.least)
        except _NotPolynomialError:
            return False
        return all(c >= 0 for c in _shifted(coefficients, Fraction(self.least)))

    def _power(self, base: _Side, exponent: Tree) -> _Side:
        if not isinstance(exponent, int) or abs(exponent) > HIGHEST:
            raise _NotPolynomialError
        if len(base.branches) > 1:
            raise _NotPolynomialError
        quotient = base.branches[0] if exponent >= 0 else self._inverse(base.branches[0])
        total = _Quotient(_ONE, _ONE)
        for _ in range(abs(exponent)):
            total = _product(total, quotient)
        return _Side((total,))

    def _inverse(self, quotient: _Quotient) -> _Quotient:
        """under / over, where `over` has one sign for every unknown above 0."""
        over = quotient.over
        if len(over) == 1 and all(atom == self.variable for monomial in over for atom, _ in monomial):
            ((monomial, coefficient),) = over.items()
            flipped = {tuple((atom, -power) for atom, power in monomial): 1 / coefficient}
            return _Quotient(_multiplied(flipped, quotient.under), _ONE, quotient.at_least and (self.least > 0 or not monomial))
        only_unknown = all(atom == self.variable and power > 0 for monomial in over for atom, power in monomial)
        coefficients, _ = _compared(_Quotient(over, _ONE), _Quotient({}, _ONE), self.variable, self.least) if only_unknown else ((0,), False)
        shifted = _shifted(coefficients, Fraction(self.least))
        from_least = min(shifted) >= 0 or max(shifted) <= 0
        if not from_least or not any(shifted):
            raise _NotPolynomialError
        sign = 1 if min(shifted) >= 0 else -1
        return _Quotient(_scaled(quotient.under, sign), _scaled(over, sign), quotient.at_least and shifted[0] != 0)

    def _stepped(self, operator: str, inner: _Side) -> _Side:
        """A ceiling or floor: worked out where it is a number, else an atom of its own; equal texts are equal atoms."""
        (quotient,) = inner.branches if len(inner.branches) == 1 else (None,)
        if quotient is None:
            raise _NotPolynomialError
        if set(quotient.over) <= {()} and set(quotient.under) == {()}:
            number = quotient.over.get((), Fraction(0)) / quotient.under[()]
            whole = math.ceil(number) if operator == "ceil" else math.floor(number)
            return _plain({(): Fraction(whole)} if whole else {})
        text = f"{operator}({sorted(quotient.over.items())}/{sorted(quotient.under.items())})"
        return _Side((_Quotient({((text, 1),): Fraction(1)}, _ONE, quotient.at_least),))


def _plain(polynomial: Polynomial) -> _Side:
    return _Side((_Quotient(polynomial, _ONE),))


def _chosen(inner: list[_Side], largest: bool) -> _Side:
    if any(len(side.branches) > 1 and side.largest != largest for side in inner):
        raise _NotPolynomialError
    found = tuple(branch for side in inner for branch in side.branches)
    numbers = [branch for branch in found if set(branch.over) <= {()} and set(branch.under) == {()}]
    if len(numbers) > 1:  # of numbers only the one that decides
        pick = max if largest else min
        kept = pick(numbers, key=lambda branch: branch.over.get((), Fraction(0)) / branch.under[()])
        everywhere = all(number.at_least for number in numbers)
        found = (*(branch for branch in found if not any(branch is number for number in numbers)), replace(kept, at_least=everywhere))
    if len(found) > MOST_BRANCHES:
        raise _NotPolynomialError
    return _Side(found, largest)


def _sum(left: _Quotient, right: _Quotient) -> _Quotient:
    at_least = left.at_least and right.at_least
    if left.under == right.under:
        return _Quotient(_added(left.over, right.over, 1), left.under, at_least)
    over = _added(_multiplied(left.over, right.under), _multiplied(right.over, left.under), 1)
    return _Quotient(over, _multiplied(left.under, right.under), at_least)


def _product(left: _Quotient, right: _Quotient) -> _Quotient:
    return _Quotient(_multiplied(left.over, right.over), _multiplied(left.under, right.under), left.at_least and right.at_least)


def _scaled(polynomial: Polynomial, by: int) -> Polynomial:
    return {monomial: by * coefficient for monomial, coefficient in polynomial.items()}


def _added(left: Polynomial, right: Polynomial, times: int) -> Polynomial:
    total = dict(left)
    for monomial, coefficient in right.items():
        found = total.get(monomial, Fraction(0)) + times * coefficient
        if found:
            total[monomial] = found
        else:
            total.pop(monomial, None)
    if len(total) > MOST_TERMS:
        raise _NotPolynomialError
    return total


def _multiplied(left: Polynomial, right: Polynomial) -> Polynomial:
    if left == _ONE:
        return right
    if right == _ONE:
        return left
    if len(left) * len(right) > MOST_TERMS**2:
        raise _NotPolynomialError
    total: Polynomial = {}
    for one, a in left.items():
        for other, b in right.items():
            powers = dict(one)
            for atom, power in other:
                powers[atom] = powers.get(atom, 0) + power
            key = tuple(sorted((atom, power) for atom, power in powers.items() if power))
            total[key] = total.get(key, Fraction(0)) + a * b
    total = {monomial: coefficient for monomial, coefficient in total.items() if coefficient}
    if len(total) > MOST_TERMS:
        raise _NotPolynomialError
    return total
