"""The dimension of a tree, from the units of its symbols: sums need equal dimensions, products combine.

The symbolic world checks the book by `symllm.dimension`; here what a person types is checked, at every door, without it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction

from ..errors import SymllmError
from ..tree import Tree, written
from ..units import COUNTS, DIMENSIONS, UNITS

#: (base unit, power), sorted, no power 0.
Dimension = tuple[tuple[str, Fraction], ...]
PLAIN: Dimension = ()


class MismatchError(SymllmError):
    """Two dimensions that must agree do not. Holds the sub-expression and both dimensions."""

    def __init__(self, expression: Tree, expected: Dimension, found: Dimension, where: str) -> None:
        self.expression, self.expected, self.found, self.where = expression, expected, found, where
        super().__init__(f"dimension mismatch in {where}: '{written(expression)}' is {spelled(found)}, but {spelled(expected)} is needed")


def of_unit(unit: str) -> Dimension:
    """The dimension of a unit text of the book, such as "byte/second", "token" or "byte^2/FLOP"."""
    over, _, under = unit.partition("/")
    total: dict[str, Fraction] = {}
    for text, sign in ((over, 1), (under, -1)):
        for factor in filter(None, re.split(r"[*·]", text)):
            name, _, power = factor.partition("^")
            base = UNITS[name].base if name in UNITS else name
            if base not in DIMENSIONS:
                if base not in COUNTS and base not in ("1", ""):
                    raise SymllmError(f"unknown unit {name[:40]!r} in {unit[:60]!r}")
                continue
            total[base] = total.get(base, Fraction(0)) + sign * Fraction(power or 1)
    return _tidy(total)


def unit_of(dimension: Dimension) -> str:
    """The unit text of the book for a dimension, in base units: "byte/second", or "1"."""
    over = "*".join(_power(base, power) for base, power in dimension if power > 0)
    under = "*".join(_power(base, -power) for base, power in dimension if power < 0)
    return (over or "1") + (f"/{under}" if under else "")


def spelled(dimension: Dimension) -> str:
    """A dimension in words: "information / time", or "a plain number"."""
    if not dimension:
        return "a plain number"
    over = " * ".join(_power(DIMENSIONS[base], power) for base, power in dimension if power > 0)
    return (over or "1") + "".join(f" / {_power(DIMENSIONS[base], -power)}" for base, power in dimension if power < 0)


def _power(name: str, power: Fraction) -> str:
    return name if power == 1 else f"{name}^{power}"


def _tidy(total: Mapping[str, Fraction]) -> Dimension:
    return tuple(sorted((base, power) for base, power in total.items() if power))


def of_tree(tree: Tree, unit: Callable[[str], str], where: str) -> Dimension | None:
    """The dimension of a tree; None for 0, which has any.

    unit: the unit text of a symbol. Raises `MismatchError` where parts do not fit together.
    """
    if isinstance(tree, int):
        return PLAIN if tree else None
    if isinstance(tree, str):
        return of_unit(unit(tree))
    operator, *parts = tree
    if operator == "q":
        return PLAIN
    if operator in ("+", "max", "min"):
        return _same(parts, unit, where)
    if operator == "*":
        total: dict[str, Fraction] = {}
        for part in parts:
            found = of_tree(part, unit, where)
            if found is None:
                return None
            for base, power in found:
                total[base] = total.get(base, Fraction(0)) + power
        return _tidy(total)
    if operator == "^":
        return _raised(parts[0], parts[1], unit, where)
    return of_tree(parts[0], unit, where)


def _same(parts: list[Tree], unit: Callable[[str], str], where: str) -> Dimension | None:
    first: Dimension | None = None
    for part in parts:
        found = of_tree(part, unit, where)
        if first is None:
            first = found
        elif found is not None and found != first:
            raise MismatchError(part, first, found, where)
    return first


def _raised(base: Tree, exponent: Tree, unit: Callable[[str], str], where: str) -> Dimension | None:
    inner = of_tree(base, unit, where)
    if isinstance(exponent, int) or (isinstance(exponent, list) and exponent[0] == "q"):
        power = Fraction(exponent) if isinstance(exponent, int) else Fraction(exponent[1], exponent[2])
        return None if inner is None else _tidy({name: own * power for name, own in inner})
    for part, found in ((base, inner), (exponent, of_tree(exponent, unit, where))):
        if found:
            raise MismatchError(part, PLAIN, found, where)
    return inner
