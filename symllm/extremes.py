"""Questions that a mathematician asks of a formula besides solving it: its least and largest value, its sum over a range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from . import parse, relations, tree
from .answer import assumptions, errors, kind_of
from .errors import SymllmError, unknown
from .numeric.dimensions import unit_of
from .numeric.extreme import Extreme, least
from .numeric.feasible import Grid
from .numeric.walk import Environment
from .program import Line, Program
from .scenario import Request, Scenario, complete, scenario
from .solving import grid_of
from .tree import Tree
from .units import Number, exact, read_number, show

RESULT = "_asked_expression"  # no name of a person's own begins so
#: Steps that a sum without a closed form may take.
MOST_TERMS = 1_000_000
#: Operations that all terms may take together.
MOST_STEPS = 300_000


@dataclass(frozen=True)
class Found:
    """The least or largest value of an expression, or its sum, over one symbol.

    at: where the extreme lies; None for a sum. low, high: the range. proof: in words, why there is no other.
    """

    what: str
    expression: str
    symbol: str
    value: Number
    unit: str
    at: Number | None
    low: Number
    high: Number
    kind: str
    proof: str
    certain: bool
    assumptions: tuple[str, ...]
    errors: tuple[str, ...]
    scenario: Scenario
    text: str = ""

    def __str__(self) -> str:
        sign = self.scenario.program.signs[self.symbol]
        at = f" at {sign.text} = {relations.short(self.at)}" if self.at is not None else ""
        return f"{self.what} of {self.expression} = {show(self.value, self.unit)}{at}"

    def as_json(self) -> dict[str, Any]:
        """JSON data of the schema `symllm.extreme/1`."""

        def plain(value: Number | None) -> Any:
            value = exact(value) if value is not None else None
            return f"{value.numerator}/{value.denominator}" if isinstance(value, Fraction) else value

        return {"schema": "symllm.extreme/1", "what": self.what, "expression": self.expression, "symbol": self.symbol,
                "value": plain(self.value), "value_approximate": float(self.value), "unit": self.unit, "at": plain(self.at),
                "from": plain(self.low), "to": plain(self.high), "kind": self.kind, "proof": self.proof, "certain": self.certain,
                "text": self.text, "assumptions": list(self.assumptions), "errors": list(self.errors)}  # fmt: skip


@dataclass(frozen=True)
class _Posed:
    case: Scenario
    name: str
    unit: str
    lines: list[tuple[str, Tree]]
    environment: Environment
    grid: Grid
    limited_by: str


def _posed(request: Request, expression: str, name: str, low: str, high: str) -> _Posed:
    """The expression over one open symbol of a scenario; raises for unknown names and dimensions that do not fit."""
    body = parse.expression(expression)
    request = replace(request, mentions=tuple(sorted(tree.names(body))))
    case = scenario(request, ("tp", "G") if name == "tp" else (name,))
    made = case.program
    if name not in made.signs:
        raise unknown("symbol", name, made.signs, "`symllm list --symbols` shows all")
    body = relations.resolved(made, body)
    unit = unit_of(relations.dimension(made, body, f"'{expression}'") or ())
    if isinstance(body, str):
        unit = made.signs[body].unit
    if name not in made.inputs([*tree.names(body)]) and name not in tree.names(body):
        raise SymllmError(f"'{expression}' does not depend on {made.signs[name].title} ({name})")
    made = made.extended([Line(RESULT, body, unit, expression, expression)])
    case = replace(case, program=made)
    complete(case.with_values(**{name: 1}), [RESULT])
    kept, values = made.around([RESULT], (name,), case.with_values(**{name: 1}).values)
    lines = [(word, relations.number(value)) for word, value in values.items()] + kept
    grid, limited_by = grid_of(case, None, name)
    return _Posed(case, name, unit, lines, Environment(name, tuple(kept), values), *_ranged(made, name, grid, limited_by, low, high))


def _ranged(made: Program, name: str, grid: Grid, limited_by: str, low: str, high: str) -> tuple[Grid, str]:
    """The range that was asked for; without an end of its own, the unknown's whole domain."""
    first = _index(made, name, grid, low) if low else grid.low
    last = _index(made, name, grid, high) if high else grid.high
    if first > last:
        raise SymllmError(f"the range of {name} from {low or relations.short(grid.value(grid.low))} to {high} is empty")
    return replace(grid, low=first, high=last), limited_by if not high else f"the end of the range, {high}"


def _index(made: Program, name: str, grid: Grid, text: str) -> int:
    value = read_number(text) / grid.step
    if value.denominator != 1:
        raise SymllmError(f"{text} is no value of {made.signs[name].title} ({name}), which goes in steps of {grid.step}")
    return int(value)


def extreme(request: Request, expression: str, name: str, what: str = "minimum", low: str = "", high: str = "") -> Found:
    """The minimum or maximum of an expression over one symbol, with its proof.

    low, high: the range, as text; without them the symbol's whole domain. Raises `SymllmError` where there is none: where
    the expression has no value, or goes on falling (or rising) to the end of a range that nobody set.
    """
    if what not in ("minimum", "maximum"):
        raise SymllmError(f"{what[:20]!r} is neither minimum nor maximum")
    asked = _posed(request, expression, name, low, high)
    sign = asked.case.program.signs[name]
    body: Tree = RESULT if what == "minimum" else ["*", -1, RESULT]
    found = least(body, asked.lines, asked.environment, asked.grid)
    if found is None:
        raise SymllmError(f"'{expression}' has no value for any {sign.title} ({name}) in the range")
    if found.at == asked.grid.high and not high and not asked.limited_by and not _flat(asked, found, body):
        moves = "falls" if what == "minimum" else "rises"
        end = relations.short(asked.grid.value(asked.grid.high))
        raise SymllmError(f"'{expression}' {moves} to the end of what was looked at, {sign.text} = {end}; "
                          f"give the end of the range in which its {what} is asked with --to")  # fmt: skip
    value = exact(found.value if what == "minimum" else -found.value)
    below = "below" if what == "minimum" else "above"
    proof = (f"no {sign.text} from {relations.short(asked.grid.value(asked.grid.low))} to {relations.short(asked.grid.value(asked.grid.high))} "
             f"gives anything {below} it: {found.proof.looks:,} stretches decided by bounds")  # fmt: skip
    if not asked.grid.whole:
        proof = f"of the values in steps of {asked.grid.step}; between them it may be a little {'less' if what == 'minimum' else 'more'}"
    elif not found.certain:
        proof = f"the {'least' if what == 'minimum' else 'largest'} that was found; {len(found.proof.undecided())} stretches were left undecided"
    return _found(asked, what, expression, value, asked.grid.value(found.at), proof, found.certain and asked.grid.whole)


def _flat(asked: _Posed, found: Extreme, body: Tree) -> bool:
    """Whether the expression is as low long before the end of the range."""
    sides = asked.environment.sides(body, 0, asked.grid.value(max(asked.grid.high // 10**6, asked.grid.low)))
    return sides is not None and sides[0][1] == found.value


def _found(asked: _Posed, what: str, expression: str, value: Number, at: Number | None, proof: str, certain: bool, text: str = "") -> Found:
    case, made = asked.case, asked.case.program
    return Found(what, expression, asked.name, value, asked.unit, at, asked.grid.value(asked.grid.low), asked.grid.value(asked.grid.high),
                 kind_of(case, [RESULT]), proof, certain, assumptions(case, [RESULT]), errors(made, [RESULT]), case, text)  # fmt: skip


def summed(request: Request, expression: str, name: str, low: str, high: str) -> Found:
    """The sum of an expression over the whole values of one symbol from `low` to `high`, both counted.

    In closed form where the expression is a polynomial in the symbol there; else term by term, up to a million of them.
    """
    asked = _posed(request, expression, name, low, high)
    if not asked.case.program.signs[name].whole:
        raise SymllmError(f"{asked.case.program.signs[name].title} ({name}) is not counted, so there is no sum over it")
    terms = asked.grid.high - asked.grid.low + 1
    closed, text = _polynomial_sum(asked)
    if closed is None:
        term, steps = _term(asked)
        most = min(MOST_TERMS, MOST_STEPS // steps)
        if terms > most:
            raise SymllmError(f"'{expression[:60]}' is no polynomial in {name}, and {terms:,} terms are more than {most:,}; take a shorter range")
        value, proof = sum(map(term, range(asked.grid.low, asked.grid.high + 1)), Fraction(0)), f"{terms:,} terms added"
    else:
        value, proof = closed, f"in closed form, {terms:,} terms"
    return _found(asked, "sum", expression, exact(value), None, proof, True, text)


def _value(asked: _Posed, at: int) -> Fraction:
    sides = asked.environment.sides(RESULT, 0, asked.grid.value(at))
    if sides is None:
        raise SymllmError(f"the expression has no value at {asked.name} = {at}")
    return Fraction(sides[0][0])


def _term(asked: _Posed) -> tuple[Callable[[int], Number], int]:
    """A function of an index that gives a term, and how many operations one takes: compiled where that agrees with the plain walk."""
    constants = [(name, relations.number(value)) for name, value in asked.environment.values.items() if name != asked.name]
    function = tree.function([*constants, *asked.environment.lines], RESULT, (asked.name,))
    size = sum(1 + tree.cost(body) for _, body in asked.environment.lines)

    def compiled(index: int) -> Number:
        found: Number = function(int(asked.grid.value(index)))
        return found

    if all(compiled(index) == _value(asked, index) for index in (asked.grid.low, asked.grid.high)):
        return compiled, size
    return lambda index: _value(asked, index), 8 * size  # bounds of a root, say: the walk takes about as much longer


def _polynomial_sum(asked: _Posed) -> tuple[Fraction | None, str]:
    """Faulhaber's sum of a polynomial; (None, "") where it is none on this range."""
    from .numeric.difference import degree as degree_of

    degree = degree_of(RESULT, asked.lines, asked.name, asked.grid.low)
    if degree is None:
        return None, ""
    low, high = asked.grid.low, asked.grid.high
    if high - low <= degree + 2:
        return None, ""
    # a sum of a polynomial of degree n is one of degree n + 1: it follows from its first n + 2 values
    points = [sum((_value(asked, low + i) for i in range(count)), Fraction(0)) for count in range(1, degree + 3)]
    total = Fraction(0)
    count = high - low + 1
    for i, value in enumerate(points, 1):
        term = value
        for j in range(1, len(points) + 1):
            if j != i:
                term = term * (count - j) / (i - j)
        total += term
    return total, ""
