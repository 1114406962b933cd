"""Certificates: the proof, as data, that a set of values is the feasible one. A false one cannot be built.

A certificate evaluates what it states when it is made, by a plain walk over the trees that shares nothing with the
search: each relation at both ends of each interval and at the values next to them, and every stretch in between anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..tree import Tree
from ..units import Number, exact
from .dimensions import Dimension, MismatchError
from .feasible import Found, Grid, Stretch, decide
from .feasible import Test as Decider
from .walk import Environment


@dataclass(frozen=True)
class Relation:
    """`left` relation `right` ("<=" or "<"), two trees of one dimension; says: how it was put.

    swapped: whether it was put the other way round, with >= or >. unit: what both sides are measured in.
    Raises `MismatchError` where the sides have different dimensions.
    """

    left: Tree
    relation: str
    right: Tree
    says: str
    unit: str
    dimensions: tuple[Dimension | None, Dimension | None] = ((), ())
    swapped: bool = False

    def __post_init__(self) -> None:
        if self.relation not in ("<=", "<"):
            raise ValueError(f"a relation is <= or <, not {self.relation!r}")
        left, right = self.dimensions
        if left is not None and right is not None and left != right:
            raise MismatchError(self.right, left, right, f"'{self.says}'")

    def holds(self, left: Number, right: Number) -> bool:
        """Whether the relation holds between two numbers."""
        return left < right if self.relation == "<" else left <= right


class FalseCertificateError(AssertionError):
    """A certificate was asked to state what is not so: a fault of the search, never of the question."""


@dataclass(frozen=True)
class Evaluated:
    """One relation at one value of the unknown: both sides and whether it holds, worked out when this is made.

    left, right: the sides' values, bounds from below where they are irrational; None where a side has no value (a division by 0).
    """

    relation: Relation
    at: Number
    environment: Environment = field(repr=False, compare=False)
    stated: bool = True
    left: Number | None = field(init=False, default=None)
    right: Number | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        sides = self.environment.sides(self.relation.left, self.relation.right, self.at)
        holds = False
        if sides is not None:
            (left_low, left_high), (right_low, right_high) = sides
            object.__setattr__(self, "left", exact(left_low))
            object.__setattr__(self, "right", exact(right_low))
            holds = self.relation.holds(left_high, right_low)
            if not holds and self.relation.holds(left_low, right_high):
                raise FalseCertificateError(f"'{self.relation.says}' at {self.at} is not decided")
        if holds != self.stated:
            raise FalseCertificateError(
                f"'{self.relation.says}' at {self.at}: {self.left} {self.relation.relation} {self.right} is {holds}, not {self.stated}"
            )


@dataclass(frozen=True)
class Edge:
    """The value next to an interval, outside it, and the relation that fails there; None at the end of the range."""

    at: Number
    fails: Evaluated


@dataclass(frozen=True)
class Interval:
    """Values from low to high, all of which satisfy every relation.

    low_holds, high_holds: every relation at both ends. below, above: the neighbours that do not, or None where the range ends
    or, `open_below` and `open_above`, where the next stretch is not decided.
    """

    low: Number
    high: Number
    low_holds: tuple[Evaluated, ...]
    high_holds: tuple[Evaluated, ...]
    below: Edge | None
    above: Edge | None
    open_below: bool = False
    open_above: bool = False


@dataclass(frozen=True)
class Certificate:
    """The feasible set of one unknown under relations, and what proves it.

    intervals: where all relations hold. stretches: the whole range in order, each stretch with the relation that fails on it.
    complete: whether nothing was left undecided; else `undecided` are the value ranges about which nothing is said.
    Making one checks all of it anew and raises `FalseCertificateError` where anything is not so.
    """

    symbol: str
    relations: tuple[Relation, ...]
    grid: Grid
    intervals: tuple[Interval, ...]
    stretches: tuple[Stretch, ...]
    complete: bool
    undecided: tuple[tuple[Number, Number], ...]
    looks: int
    deciders: tuple[Decider, ...] = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        expected = self.grid.low
        for stretch in self.stretches:
            if stretch.low > expected:
                raise FalseCertificateError(f"nothing is said of {self.symbol} from {expected} on")
            expected = max(expected, stretch.high + (1 if self.grid.whole else 0))
            if stretch.holds is not None:
                low, high = self.grid.value(stretch.low), self.grid.value(stretch.high)
                if decide(self.deciders, low, high)[0] is not stretch.holds:
                    raise FalseCertificateError(f"the stretch {low} to {high} of {self.symbol} is not as stated")
        if expected < self.grid.high + (1 if self.grid.whole else 0):
            raise FalseCertificateError(f"nothing is said of {self.symbol} from {expected} on")


def certified(symbol: str, relations: Sequence[Relation], found: Found, deciders: Sequence[Decider], environment: Environment) -> Certificate:
    """The certificate of what a search found."""
    grid = found.grid
    ends = {index: stretch for stretch in found.stretches if stretch.holds is not None for index in (stretch.low, stretch.high)}

    def all_hold(index: int) -> tuple[Evaluated, ...]:
        return tuple(Evaluated(relation, grid.value(index), environment) for relation in relations)

    def outside(index: int) -> Edge | None:
        """The neighbour and the first relation that fails there."""
        if not grid.low <= index <= grid.high:
            return None
        stretch = ends.get(index)
        if stretch is None or stretch.holds is None:
            return None
        value = grid.value(index)
        for relation in relations:
            try:
                return Edge(value, Evaluated(relation, value, environment, stated=False))
            except FalseCertificateError:
                continue
        if not grid.whole:  # it holds on both sides of a step that is not decided
            return None
        raise FalseCertificateError(f"all relations hold at {value}, outside the interval")

    def unknown(index: int, edge: Edge | None) -> bool:
        return edge is None and grid.low <= index <= grid.high

    made = []
    for low, high in found.intervals:
        below, above = outside(low - 1), outside(high + 1)
        made.append(Interval(grid.value(low), grid.value(high), all_hold(low), all_hold(high), below, above,
                             unknown(low - 1, below), unknown(high + 1, above)))  # fmt: skip
    undecided = tuple((grid.value(s.low), grid.value(s.high)) for s in found.undecided())
    return Certificate(symbol, tuple(relations), grid, tuple(made), found.stretches, found.complete, undecided, found.looks, tuple(deciders))
