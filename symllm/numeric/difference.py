"""The difference of two sides as a polynomial in the unknown, so that what both sides share cancels.

Bounds of `x*x - 1000*x` taken part by part forget that it is one x. Where a difference is a polynomial (after
multiplying by a power of x, which is positive), its bounds around the middle of a stretch are far tighter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

from ..tree import Tree
from ..units import Number, magnitude

#: A polynomial of more terms, or of a higher degree, is left to the bounds of its parts.
MOST_TERMS, HIGHEST = 60, 12

#: What cannot be opened (a ceiling, a maximum) stands as an atom of its own: (atom, power), ...
Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]


class _NotPolynomialError(Exception):
    pass


def taken(left: Tree, right: Tree, assignments: Iterable[tuple[str, Tree]], variable: str) -> tuple[tuple[int, ...], bool] | None:
    """The coefficients, lowest first, of a polynomial in `variable` > 0 with the sign of left - right; None where there is none.

    The second value says whether it holds at 0 too: not where the sides divide by the unknown.
    """
    lines = dict(assignments)
    try:
        found = _added(_opened(left, lines, variable), _opened(right, lines, variable), -1)
    except _NotPolynomialError:
        return None
    powers: dict[int, Fraction] = {}
    for monomial, coefficient in found.items():
        if any(atom != variable for atom, _ in monomial):
            return None
        powers[sum(power for _, power in monomial)] = coefficient
    lowest = min(min(powers, default=0), 0)
    highest = max(powers, default=0) - lowest
    if highest > HIGHEST:
        return None
    common = math.lcm(*(coefficient.denominator for coefficient in powers.values()))
    return tuple(int(powers.get(power + lowest, Fraction(0)) * common) for power in range(highest + 1)), lowest == 0


def bounds(coefficients: tuple[int, ...], low: Number, high: Number) -> tuple[Number, Number]:
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


def value(coefficients: tuple[int, ...], at: Number) -> Number:
    """The polynomial at a number."""
    total: Number = 0
    for coefficient in reversed(coefficients):
        total = total * at + coefficient
    return total


def _around(coefficients: tuple[int, ...], middle: Fraction, radius: Number) -> tuple[Number, Number]:
    """The value in the middle, and how far from it the polynomial can be within the radius."""
    shifted = _shifted(coefficients, middle)
    return shifted[0], sum((magnitude(c) * radius**power for power, c in enumerate(shifted) if power), Fraction(0))


def _shifted(coefficients: tuple[int, ...], by: Fraction) -> tuple[Number, ...]:
    """The coefficients of the polynomial in t = x - by."""
    found: list[Number] = list(coefficients)
    for start in range(len(found) - 1):
        for index in range(len(found) - 2, start - 1, -1):
            found[index] += by * found[index + 1]
    return tuple(found)


def _opened(tree: Tree, lines: Mapping[str, Tree], variable: str) -> Polynomial:
    if isinstance(tree, int):
        return {(): Fraction(tree)} if tree else {}
    if isinstance(tree, str):
        if tree in lines:
            return _opened(lines[tree], lines, variable)
        return {((tree, 1),): Fraction(1)}
    operator, *parts = tree
    if operator == "q":
        return {(): Fraction(parts[0], parts[1])}
    if operator == "+":
        total: Polynomial = {}
        for part in parts:
            total = _added(total, _opened(part, lines, variable), 1)
        return total
    if operator == "*":
        product: Polynomial = {(): Fraction(1)}
        for part in parts:
            product = _multiplied(product, _opened(part, lines, variable))
        return product
    if operator == "^" and isinstance(parts[1], int) and abs(parts[1]) <= HIGHEST:
        return _raised(_opened(parts[0], lines, variable), parts[1])
    inner = [_opened(part, lines, variable) for part in parts]
    if operator in ("max", "min", "ceil", "floor") and all(set(one) <= {()} for one in inner):
        return _constant(operator, [one.get((), Fraction(0)) for one in inner])
    return {((f"{operator}{[sorted(one.items()) for one in inner]}", 1),): Fraction(1)}  # equal texts are equal atoms


def _constant(operator: str, values: list[Fraction]) -> Polynomial:
    value = {"max": max, "min": min}[operator](values) if operator in ("max", "min") else Fraction(
        math.ceil(values[0]) if operator == "ceil" else math.floor(values[0]))  # fmt: skip
    return {(): value} if value else {}


def _added(left: Polynomial, right: Polynomial, times: int) -> Polynomial:
    total = dict(left)
    for monomial, coefficient in right.items():
        value = total.get(monomial, Fraction(0)) + times * coefficient
        if value:
            total[monomial] = value
        else:
            total.pop(monomial, None)
    if len(total) > MOST_TERMS:
        raise _NotPolynomialError
    return total


def _multiplied(left: Polynomial, right: Polynomial) -> Polynomial:
    if len(left) * len(right) > MOST_TERMS**2:
        raise _NotPolynomialError
    total: Polynomial = {}
    for one, a in left.items():
        for other, b in right.items():
            powers = dict(one)
            for atom, power in other:
                powers[atom] = powers.get(atom, 0) + power
            key = tuple(sorted((atom, power) for atom, power in powers.items() if power))
            total = _added(total, {key: a * b}, 1)
    return total


def _raised(base: Polynomial, exponent: int) -> Polynomial:
    if exponent < 0:
        if len(base) != 1:
            raise _NotPolynomialError
        ((monomial, coefficient),) = base.items()
        base = {tuple((atom, -power) for atom, power in monomial): 1 / coefficient}
    total: Polynomial = {(): Fraction(1)}
    for _ in range(abs(exponent)):
        total = _multiplied(total, base)
    return total
