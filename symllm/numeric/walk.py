"""The plain way to evaluate a tree at one value: a walk that shares no code with the compiled functions of a search."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ..tree import Tree
from ..units import Number
from .powers import between

Bounds = tuple[Number, Number]


@dataclass(frozen=True)
class Environment:
    """What surrounds the unknown: the definitions that rest on it, in order, and the numbers of all else."""

    variable: str
    lines: tuple[tuple[str, Tree], ...]
    values: Mapping[str, Number]

    def sides(self, left: Tree, right: Tree, at: Number) -> tuple[Bounds, Bounds] | None:
        """Both sides of a relation where the unknown has a value; None where one of them has none."""
        known: dict[str, Bounds] = {name: (value, value) for name, value in self.values.items()}
        known[self.variable] = (at, at)
        try:
            for name, tree in self.lines:
                known[name] = _at(tree, known)
            return _at(left, known), _at(right, known)
        except (ZeroDivisionError, ValueError, OverflowError):
            return None


def _at(tree: Tree, known: Mapping[str, Bounds]) -> Bounds:
    if isinstance(tree, int):
        return tree, tree
    if isinstance(tree, str):
        return known[tree]
    operator, *parts = tree
    if operator == "q":
        value = Fraction(parts[0], parts[1])
        return value, value
    inner = [_at(part, known) for part in parts]
    if operator == "+":
        return sum(low for low, _ in inner), sum(high for _, high in inner)
    if operator == "*":
        total = inner[0]
        for factor in inner[1:]:
            corners = [a * c for a in total for c in factor]
            total = min(corners), max(corners)
        return total
    if operator == "^":
        return _power(*inner)
    if operator in ("max", "min"):
        pick = max if operator == "max" else min
        return pick(low for low, _ in inner), pick(high for _, high in inner)
    step = math.ceil if operator == "ceil" else math.floor
    return step(inner[0][0]), step(inner[0][1])


def _power(base: Bounds, exponent: Bounds) -> Bounds:
    if base[0] == base[1] and exponent[0] == exponent[1]:
        return between(base[0], exponent[0])
    if base[0] < 0 < base[1]:
        raise ValueError("a power of a number whose sign is not known")
    corners = [between(x, y) for x in base for y in exponent]
    return min(low for low, _ in corners), max(high for _, high in corners)
