"""A second opinion on every step of a derivation: both of its sides, worked out exactly in numbers.

It shares nothing with the rules that make steps or with the algebra that proves them. "=" and "≤" are tried at random
points, "≈" by the ratio of the two sides at three large values of the symbol that grows. Points are drawn from the
step's own text, so that a step is always tried at the same ones; they respect the domains of symbols and the
assumptions that the step says it uses.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import sympy

from .errors import SymllmError
from .exact_value import Point, Undefined, Value

Number = int | Fraction
Expressions = Mapping[sympy.Symbol, sympy.Expr]

#: Values of the growing symbol at which a ratio is taken, and how far from 1 it may be at the last.
LARGE = (10**9, 10**18, 10**30)
_NEAR = Fraction(1, 10**6)
_POINTS: Mapping[str, int] = {"=": 4, "≤": 24, "≈": 3}
_TRIES = 400
#: Largest values drawn: small ones find the branches of Min and Max, large ones the powers.
_SIZES = (3, 12, 60, 5000)


@dataclass(frozen=True)
class Claim:
    """A step in the way a witness hears it: `before` relation `after`, under definitions and assumed equalities."""

    before: sympy.Expr
    relation: str
    after: sympy.Expr
    definitions: Expressions
    assumed: Expressions
    growing: sympy.Symbol | None = None


def testify(claim: Claim, where: str) -> None:
    """Raise `SymllmError`, naming the point and both values, where a claim fails at a point that was tried.

    Raises too where no point is found at which both sides have a value: such a step cannot be shown.
    """
    if claim.relation == "=" and _first_agreement(claim):
        return
    opened = {**claim.definitions, **claim.assumed}
    needed = _POINTS[claim.relation]
    for number, at in enumerate(_points(claim, opened), 1):
        _judge(claim, at, where)
        if number == needed:
            return
    raise SymllmError(f"{where} cannot be shown: no {needed} points were found at which both sides have a value")


def _first_agreement(claim: Claim) -> bool:
    """Whether two sides agree at every point while what both speak of stays closed: cheap, and more than is asked."""
    opened = _opened_where_they_differ(claim)
    if len(opened) == len({**claim.definitions, **claim.assumed}):
        return False  # nothing was left closed, so the full trial is the same
    for number, at in enumerate(_points(claim, opened), 1):
        if _differ(*_sides(claim, at.values, opened)):
            return False
        if number == _POINTS["="]:
            return True
    return False


def _opened_where_they_differ(claim: Claim) -> dict[sympy.Symbol, sympy.Expr]:
    """What is assumed, and the definitions of symbols that one side speaks of and the other does not."""
    opened = dict(claim.assumed)
    while True:
        left, right = (_reached(side, opened) for side in (claim.before, claim.after))
        more = {symbol for symbol in left ^ right if symbol in claim.definitions and symbol not in opened}
        if not more:
            return opened
        opened |= {symbol: claim.definitions[symbol] for symbol in more}


def _reached(expr: sympy.Expr, opened: Expressions) -> set[sympy.Symbol]:
    """Every symbol that is needed to work out `expr`."""
    found: set[sympy.Symbol] = set()
    waiting = list(expr.free_symbols)
    while waiting:
        symbol = waiting.pop()
        if symbol not in found:
            found.add(symbol)
            waiting += opened[symbol].free_symbols if symbol in opened else ()
    return found


@dataclass(frozen=True)
class _Drawn:
    """A point: a number for each free symbol."""

    values: Mapping[sympy.Symbol, Number]

    def __str__(self) -> str:
        return ", ".join(f"{symbol} = {value}" for symbol, value in sorted(self.values.items(), key=lambda item: str(item[0])))


def _points(claim: Claim, opened: Expressions) -> Iterator[_Drawn]:
    """Points at which both sides have a value and every symbol is in its domain; none are yielded after many failures."""
    # An assumption in use holds at the point whether or not a side still speaks of its symbol.
    symbols = {below for side in (claim.before, claim.after, *claim.assumed) for below in _reached(side, opened)}
    free = sorted((symbol for symbol in symbols if symbol not in opened or symbol == claim.growing), key=str)
    exponents = _exponents(claim, [opened[symbol] for symbol in symbols if symbol in opened])
    source = random.Random(f"{claim.before} {claim.relation} {claim.after}")
    tries = 0
    while tries < _TRIES:
        size = _SIZES[tries % len(_SIZES)]
        tries += 1
        values = {symbol: _draw(symbol, source, 4 if symbol in exponents else size) for symbol in free}
        if claim.relation == "≈" and claim.growing is not None:
            values[claim.growing] = LARGE[0]
        assumed = sorted(claim.assumed, key=str)
        repaired = _repaired(values, assumed, opened, claim.growing if claim.relation == "≈" else None)
        if repaired is None or not _has_values(claim, repaired, opened):
            continue
        yield _Drawn(repaired)


def _exponents(claim: Claim, expressions: list[sympy.Expr]) -> set[sympy.Symbol]:
    """Symbols that stand in an exponent, directly or by what is opened."""
    powers = {power for expr in (claim.before, claim.after, *expressions) for power in expr.atoms(sympy.Pow)}
    return {symbol for power in powers for symbol in power.args[1].free_symbols}


def _draw(symbol: sympy.Symbol, source: random.Random, size: int) -> Number:
    """A number that the symbol can have."""
    least = 1 if symbol.is_positive else 0 if symbol.is_nonnegative else -size
    whole = source.randint(least, max(size, least))
    if symbol.is_integer:
        return whole
    part = Fraction(source.randint(1 if least == 1 and whole == 0 else 0, 15), 16)
    return whole + part


def _has_values(claim: Claim, values: Mapping[sympy.Symbol, Number], opened: Expressions) -> bool:
    try:
        for grown in _grown(claim, values):
            _, after = _sides(claim, grown, opened)
            if claim.relation == "≈" and after.low <= 0 <= after.high:
                return False  # a ratio to nothing
    except Undefined:
        return False
    return True


def _repaired(values: dict[sympy.Symbol, Number], assumed: list[sympy.Symbol], opened: Expressions,
              growing: sympy.Symbol | None) -> dict[sympy.Symbol, Number] | None:  # fmt: skip
    """The point, moved so that what is assumed is in its domain too: with d_h = d/h, d becomes a multiple of h."""
    for _ in range(6):
        at = Point(values, opened)
        try:
            broken = next(((symbol, at.at(symbol)) for symbol in assumed if not _allowed(symbol, at.at(symbol))), None)
        except Undefined:
            return None
        if broken is None:
            return values
        symbol, value = broken
        factor = value.low.denominator if isinstance(value.low, Fraction) else 1
        if not value.exact or factor == 1:
            return None  # of the wrong sign
        moved = _multiplied(values, symbol, factor, opened, growing)
        if moved is None:
            return None
        values = moved
    return None


def _multiplied(values: dict[sympy.Symbol, Number], symbol: sympy.Symbol, factor: int, opened: Expressions,
                growing: sympy.Symbol | None) -> dict[sympy.Symbol, Number] | None:  # fmt: skip
    """The point with one input multiplied, so that `symbol` becomes whole; None where none does that."""
    inputs = sorted((used for used in _reached(symbol, opened) if used in values), key=str)
    for used in [growing] if growing in inputs else inputs if growing is None else []:
        assert used is not None
        tried = {**values, used: values[used] * factor}
        try:
            if _allowed(symbol, Point(tried, opened).at(symbol)):
                return tried
        except Undefined:
            continue
    return None


def _allowed(symbol: sympy.Symbol, value: Value) -> bool:
    """Whether a symbol's domain has this value; for one that is known only nearly, whether it may."""
    if symbol.is_integer and (not value.exact or Fraction(value.low).denominator != 1):
        return False
    return not (symbol.is_positive and value.high <= 0) and not (symbol.is_nonnegative and value.high < 0)


def _grown(claim: Claim, values: Mapping[sympy.Symbol, Number]) -> list[Mapping[sympy.Symbol, Number]]:
    """The point itself; for "≈" the point at each large value of the growing symbol."""
    if claim.relation != "≈" or claim.growing is None:
        return [values]
    multiple = values[claim.growing] / Fraction(LARGE[0])
    return [{**values, claim.growing: _whole(multiple * large)} for large in LARGE]


def _whole(number: Fraction) -> Number:
    return number.numerator if number.denominator == 1 else number


def _sides(claim: Claim, values: Mapping[sympy.Symbol, Number], opened: Expressions) -> tuple[Value, Value]:
    closed = {symbol: expr for symbol, expr in opened.items() if symbol not in values}
    at = Point(values, closed)
    return at.at(claim.before), at.at(claim.after)


def _judge(claim: Claim, at: _Drawn, where: str) -> None:
    opened = {**claim.definitions, **claim.assumed}
    pairs = [_sides(claim, values, opened) for values in _grown(claim, at.values)]
    before, after = pairs[0]
    if claim.relation == "≈":
        _judge_ratios(claim, pairs, at, where)
    elif claim.relation == "=" and _differ(before, after):
        raise SymllmError(f"{where} does not hold: at {_brief(str(at))} its sides are {before} and {after}")
    elif claim.relation == "≤" and before.low > after.high:
        raise SymllmError(f"{where} does not hold: at {_brief(str(at))} its left side {before} is above its right side {after}")


def _differ(before: Value, after: Value) -> bool:
    return before.low > after.high or after.low > before.high


def _judge_ratios(claim: Claim, pairs: list[tuple[Value, Value]], at: _Drawn, where: str) -> None:
    """The ratio's distance from 1 must fall at every step, to nearly nothing, or be nothing."""
    away = [max(abs(Fraction(end) / other - 1) for end in (before.low, before.high) for other in (Fraction(after.low), Fraction(after.high)))
            for before, after in pairs]  # fmt: skip
    falls = all(later < earlier or later == 0 for earlier, later in pairwise(away))
    if not falls or away[-1] > _NEAR:
        others = _Drawn({symbol: value for symbol, value in at.values.items() if symbol != claim.growing})
        seen = ", ".join(_about(gap) for gap in away)
        raise SymllmError(f"{where} does not hold: at {_brief(str(others))} the ratio of its sides is {seen} away from 1 "
                          f"as {claim.growing} grows to 10^9, 10^18, 10^30")  # fmt: skip


def _about(number: Fraction) -> str:
    """A number for people, however large: its first digits and its power of ten."""
    if number == 0 or Fraction(1, 10**6) <= number < 10**6:
        return f"{float(number):.4g}"
    size = len(str(number.numerator)) - len(str(number.denominator))
    return f"about 10^{size}"


def _brief(text: str) -> str:
    return text if len(text) <= 100 else text[:97] + "..."
