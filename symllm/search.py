"""Exact search on a grid of whole numbers: the last one that fits, or the first, with both sides of the edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

#: Small answers are looked at one by one, so that a bump in the function (a cost that starts at 2 GPUs) is not jumped over.
SCANNED = 64
#: No size that a person asks for is larger.
LARGEST = 2**62


@dataclass(frozen=True)
class Found:
    """value: the answer on the grid, or None where nothing fits. unlimited: everything up to the limit fits."""

    value: int | None
    unlimited: bool = False


def largest(fits: Callable[[int], bool], low: int = 1, high: int = LARGEST) -> Found:
    """The largest n in [low, high] with fits(n), for a condition that once lost stays lost."""
    if not fits(low):
        return Found(None)
    if fits(high):
        return Found(high, True)
    good, bad = low, low + 1
    while bad < high and fits(bad):
        good, bad = bad, min(2 * bad, high)
    return Found(_edge(lambda n: not fits(n), good, bad) - 1)


def smallest(fits: Callable[[int], bool], low: int = 1, high: int = LARGEST) -> Found:
    """The smallest n in [low, high] with fits(n), for a condition that once won stays won."""
    last = min(low + SCANNED, high)
    for n in range(low, last + 1):
        if fits(n):
            return Found(n)
    bad, good = last, last + 1
    while good <= high and not fits(good):
        bad, good = good, 2 * good
    if good > high:
        return Found(None)
    return Found(_edge(fits, bad, good))


def _edge(holds: Callable[[int], bool], no: int, yes: int) -> int:
    """The first n with holds(n), between `no` (does not hold) and `yes` (holds)."""
    while yes - no > 1:
        middle = (no + yes) // 2
        no, yes = (no, middle) if holds(middle) else (middle, yes)
    return yes


def direction(fits: Callable[[int], bool], low: int, high: int) -> Literal["max", "min", "always", "never"]:
    """Whether a condition is lost or won as n grows, by its ends and powers of two between them."""
    points = [low]
    while points[-1] < high:
        points.append(min(max(points[-1] * 2, 1), high))
    held = [fits(point) for point in points]
    if all(held):
        return "always"
    if not any(held):
        return "never"
    return "max" if held[0] else "min"
