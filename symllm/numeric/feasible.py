"""The set of values of one unknown for which relations hold, found by bounds over stretches and proved by them.

A stretch is decided only where bounds of both sides decide a relation for every value in it; else it is cut in two,
down to single values. What a search returns therefore tiles its whole range, and says of each stretch what decided it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt
from typing import Any

from ..tree import Tree
from ..units import Number, exact
from . import difference
from .intervals import UNBOUNDED, enclosure

#: Stretches that a search may look at before it says how far it got.
MOST_LOOKS = 6000
#: Looks that even the costliest relation is given.
FEWEST_LOOKS = 500
#: Looks at the rest of the range, once the asked end of the set is certain.
FURTHER_LOOKS = 3000
#: First values that a relation may leave out to become one of polynomials.
TRIED_STARTS = 3
#: The upper end of a range that nothing else bounds.
FARTHEST = 10**40


@dataclass(frozen=True)
class Grid:
    """The values that an unknown takes: index × step for indices from low to high.

    whole: only these values exist (layers, tokens); else every value between them does too, and the grid is what is searched.
    """

    low: int
    high: int
    step: Fraction = Fraction(1)
    whole: bool = True

    def value(self, index: int) -> Number:
        """The value at an index."""
        return exact(index * self.step)


@dataclass(frozen=True)
class Stretch:
    """Indices from low to high about which one thing is known.

    holds: whether all relations hold on it, or None where that is not decided. by: the relation that fails, or -1.
    """

    low: int
    high: int
    holds: bool | None
    by: int = -1


class Test:
    """One relation `left < right` or `left <= right` of a grid's unknown, decided for a stretch at once or not at all.

    least: no value below it is asked about, which may decide a maximum.
    """

    def __init__(self, left: Tree, right: Tree, strict: bool, assignments: Sequence[tuple[str, Tree]], variable: str,
                 least: int = 0) -> None:  # fmt: skip
        self.strict, self.least = strict, least
        self._made = (list(assignments), (left, right), variable)
        #: How much longer a look takes than one of sums and products: a power of the unknown takes some tens of them.
        self.cost = 1 + 3 * sum(map(_raised, [left, right, *(tree for _, tree in assignments)]))
        self._difference = None
        for start in range(least, least + TRIED_STARTS):  # max(n - 1, 1) is decided from 2 on; what lies before is looked at by itself
            self._difference = difference.taken(left, right, assignments, variable, start)
            if self._difference is not None:
                self.least = start
                break
        self._linear = self._difference.linear if self._difference is not None else None

    @cached_property
    def _sides(self) -> Callable[[Number, Number], Any]:
        """Bounds of both sides, written out when they are first asked for: a linear relation never needs them."""
        return enclosure(*self._made)

    def decided(self, low: Number, high: Number) -> bool | None:
        """True or False where the relation holds, or fails, for every value from low to high; None where that is not known."""
        speaks = self._difference is not None and (low > self.least or (low == self.least and self._difference.at_least))
        exactly = self._difference if speaks else None
        if self._linear is not None and exactly is not None:
            return exactly.decided(low, high, self.strict)
        try:
            left_low, left_high, right_low, right_high = self._sides(low, high)
        except UNBOUNDED:
            if low == high:
                return False  # where a side has no value, no relation holds
            return exactly.decided(low, high, self.strict) if exactly is not None else None
        if left_high < right_low or (left_high == right_low and not self.strict):
            return True
        if left_low > right_high or (left_low == right_high and self.strict):
            return False
        return exactly.decided(low, high, self.strict) if exactly is not None else None

    def edge(self) -> Number | None:
        """Where a relation that is linear in the unknown turns, so that a search can cut there; None for others."""
        if self._linear is None or not self._linear[1]:
            return None
        return Fraction(-self._linear[0], self._linear[1])


def _raised(tree: Tree) -> int:
    """Powers whose exponent is no whole number."""
    if not isinstance(tree, list) or tree[0] == "q":
        return 0
    own = tree[0] == "^" and not isinstance(tree[2], int)
    return own + sum(map(_raised, tree[1:]))


def _cuts(tests: Sequence[Test], grid: Grid) -> list[int]:
    """Indices at which linear relations turn, and before which relations are not of polynomials."""
    edges = [edge for test in tests if (edge := test.edge()) is not None and edge > 0]
    near = [math.floor(edge / grid.step) for edge in edges]
    starts = {math.ceil(test.least / grid.step) - 1 for test in tests if test.least > grid.value(grid.low)}
    return sorted(starts | {index + shift for index in near for shift in (-1, 0, 1)})


def decide(tests: Sequence[Test], low: Number, high: Number) -> tuple[bool | None, int]:
    """Whether all relations hold, or which one fails, on a whole stretch of values."""
    open_ones = False
    for index, test in enumerate(tests):
        found = test.decided(low, high)
        if found is False:
            return False, index
        open_ones |= found is None
    return (None if open_ones else True), -1


@dataclass(frozen=True)
class Found:
    """What a search knows: stretches from the first index to the last without a gap, and how many looks they took."""

    grid: Grid
    stretches: tuple[Stretch, ...]
    looks: int

    @property
    def complete(self) -> bool:
        """Whether every stretch is decided, but for the single steps of a continuous unknown that hold an edge."""
        return not self.undecided()

    @property
    def intervals(self) -> tuple[tuple[int, int], ...]:
        """The index intervals on which everything holds, in order, joined where they touch."""
        found: list[tuple[int, int]] = []
        for stretch in self.stretches:
            if stretch.holds:
                touches = found and stretch.low <= found[-1][1] + (1 if self.grid.whole else 0)
                if touches:
                    found[-1] = (found[-1][0], max(found[-1][1], stretch.high))
                else:
                    found.append((stretch.low, stretch.high))
        return tuple(found)

    @property
    def whole(self) -> bool:
        """Whether nothing at all is left undecided, not even the steps of a continuous unknown that hold an edge."""
        return all(stretch.holds is not None for stretch in self.stretches)

    def undecided(self) -> list[Stretch]:
        """Stretches about which nothing is known; of a continuous unknown those of more than one step."""
        return [s for s in self.stretches if s.holds is None and (self.grid.whole or s.high - s.low > 1)]


def search(tests: Sequence[Test], grid: Grid, downwards: bool | None, most: int = MOST_LOOKS) -> Found:
    """Decide every stretch of the grid, the asked end first; None takes the coarse view first.

    downwards: from the highest value on (for a largest), or from the lowest (for a smallest).
    """
    waiting: deque[tuple[int, int]] = deque([(grid.low, grid.high)])
    done: list[Stretch] = []
    most = max(most // max((test.cost for test in tests), default=1), FEWEST_LOOKS)
    looks, limit, seen = 0, most, False
    cuts = _cuts(tests, grid)
    while waiting and looks < limit:
        low, high = waiting.popleft() if downwards is None else waiting.pop()
        holds, by = decide(tests, grid.value(low), grid.value(high))
        looks += 1
        if holds is not None or high == low or (not grid.whole and high - low == 1):
            done += _settled(tests, grid, low, high, holds, by)
            if holds and not seen and downwards is not None:
                seen, limit = True, min(most, looks + FURTHER_LOOKS)
            continue
        middle = _middle(low, high, cuts, grid.whole)
        halves = [(low, middle), (middle + (1 if grid.whole else 0), high)]
        waiting.extend(halves if downwards in (None, True) else reversed(halves))
    done += [Stretch(low, high, None) for low, high in waiting]
    return Found(grid, tuple(sorted(done, key=lambda s: (s.low, s.high))), looks)


def _settled(tests: Sequence[Test], grid: Grid, low: int, high: int, holds: bool | None, by: int) -> Iterable[Stretch]:
    """A decided stretch; one undecided step of a continuous unknown with its two ends looked at by themselves."""
    if holds is not None or low == high:
        return [Stretch(low, high, holds, by)]
    ends = [Stretch(index, index, *decide(tests, grid.value(index), grid.value(index))) for index in (low, high)]
    return [ends[0], Stretch(low, high, None), ends[1]]


def _middle(low: int, high: int, cuts: Sequence[int], whole: bool) -> int:
    """Where to cut: where a linear relation turns, by the order of magnitude while the ends lie far apart, then in the middle."""
    for cut in cuts:
        if low < cut < high or (whole and low == cut < high):
            return cut
    if high > 4 * max(low, 1):
        return max(min(isqrt(max(low, 1) * high), high - 1), low)
    return (low + high) // 2


def direction(holds: Callable[[int], bool | None], grid: Grid) -> bool:
    """Whether the largest value is what is asked for where nobody says: unless relations hold at the far end and not at the near one."""
    return not (holds(grid.high) and not holds(grid.low))
