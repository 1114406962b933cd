"""The least (or largest) value of an expression over a grid, proved: that nothing lies below it is an empty feasible set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..tree import Tree
from ..units import Number
from .feasible import Found, Grid, search
from .feasible import Test as Decider
from .walk import Environment

#: How often a better value may be found before the search gives up.
MOST_ROUNDS = 200


@dataclass(frozen=True)
class Extreme:
    """Where the least value of an expression lies on a grid.

    at: its index. value: the expression there. proof: the search for anything below it. certain: whether that is complete.
    """

    at: int
    value: Number
    proof: Found
    certain: bool


def least(body: Tree, lines: Sequence[tuple[str, Tree]], environment: Environment, grid: Grid) -> Extreme | None:
    """The least value of `body`; None where it has no value at all. Of equal ones the first that is found.

    lines: the definitions that rest on the unknown, and the numbers of all else, as a search takes them.
    """
    best = _start(body, environment, grid)
    if best is None:
        return None
    at, value = best
    for _ in range(MOST_ROUNDS):
        decider = Decider(body, _number(value), True, lines, environment.variable, math.floor(grid.value(grid.low)))
        found = search([decider], grid, downwards=None)
        if not found.intervals:
            return Extreme(at, value, found, found.complete)
        at, value = _better(body, environment, grid, found, (at, value))
    return Extreme(at, value, found, False)


def _start(body: Tree, environment: Environment, grid: Grid) -> tuple[int, Number] | None:
    """The best of a few values from the near end to the far one."""
    points, index = [grid.high], max(grid.low, 1)
    while index < grid.high:
        points.append(index)
        index *= 8
    return _best(body, environment, grid, points, None)


def _better(body: Tree, environment: Environment, grid: Grid, found: Found, best: tuple[int, Number]) -> tuple[int, Number]:
    """A lower value out of where there are lower ones: the best of each run's ends, middle and quarters."""
    points = [low + (high - low) * part // 8 for low, high in found.intervals[:8] for part in range(9)]
    better = _best(body, environment, grid, points, best)
    assert better is not None
    return better


def _best(body: Tree, environment: Environment, grid: Grid, points: Sequence[int],
          best: tuple[int, Number] | None) -> tuple[int, Number] | None:  # fmt: skip
    for index in points:
        sides = environment.sides(body, 0, grid.value(index))
        if sides is not None and (best is None or sides[0][1] < best[1]):
            best = (index, sides[0][1])
    return best


def _number(value: Number) -> Tree:
    return value if isinstance(value, int) else ["q", value.numerator, value.denominator]
