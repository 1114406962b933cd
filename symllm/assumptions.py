"""Assumptions such as k = h or d_ff = 4*d: read, checked against each other, and applied all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy

from . import parse
from .crossing import lift_given
from .dimension import dimension, spell, unit_dimension
from .errors import SymllmError, unknown
from .polynomial import is_zero
from .symbols import NamedSymbol


@dataclass(frozen=True)
class Assumption:
    """`symbol = expression`, taken as true in a derivation."""

    symbol: sympy.Symbol
    expression: sympy.Expr

    def __str__(self) -> str:
        return f"{self.symbol} = {self.expression}"


def read(texts: Iterable[str], symbols: Mapping[str, sympy.Symbol], units: bool = False) -> tuple[Assumption, ...]:
    """The assumptions of texts such as "d_ff = 4*d" over the given symbols.

    units: a bare number for a symbol with a unit is read as that many of the unit.

    Raises `SymllmError` for text that is no equation, an unknown symbol, a value that the symbol cannot have, and an
    expression of another dimension than the symbol's.
    """
    found = []
    for text in texts:
        name, tree = parse.definition(text)
        if name not in symbols:
            raise unknown("symbol", name, symbols, "`symllm list --symbols` shows all")
        value = lift_given(tree, symbols, f"assumption {text[:60]!r}")
        assumption = Assumption(symbols[name], _with_unit(symbols[name], value, symbols) if units else value)
        _refuse_impossible(assumption)
        _refuse_dimension(assumption)
        found.append(assumption)
    return tuple(found)


def _with_unit(symbol: sympy.Symbol, value: sympy.Expr, symbols: Mapping[str, sympy.Symbol]) -> sympy.Expr:
    """A bare number assumed for a symbol with a unit is that many of the unit: u_a = 2 is 2 byte."""
    unit = symbols.get(getattr(symbol, "unit", ""))
    return value * unit if unit is not None and value.is_number else value


def _refuse_impossible(assumption: Assumption) -> None:
    symbol, value = assumption.symbol, assumption.expression
    if value.has(sympy.zoo, sympy.nan, sympy.oo):
        raise SymllmError(f"assumption '{symbol} = ...' divides by zero")
    if symbol.is_integer and value.is_integer is False:
        raise SymllmError(f"assumption '{assumption}': {_title(symbol)} is counted, so it is a whole number")
    if (symbol.is_positive and value.is_positive is False) or (symbol.is_nonnegative and value.is_nonnegative is False):
        least = "more than 0" if symbol.is_positive else "at least 0"
        raise SymllmError(f"assumption '{assumption}': {_title(symbol)} is {least}")


def _refuse_dimension(assumption: Assumption) -> None:
    """A number fits any symbol; an expression must have the symbol's dimension."""
    symbol, value = assumption.symbol, assumption.expression
    if value.is_number or not isinstance(symbol, NamedSymbol):
        return
    own, found = unit_dimension(symbol.unit), dimension(value)
    if own != found:
        raise SymllmError(f"assumption '{assumption}': {symbol} is {spell(own)}, but {value} is {spell(found)}")


def _title(symbol: sympy.Symbol) -> str:
    return symbol.title if isinstance(symbol, NamedSymbol) and symbol.title else str(symbol)


def resolved(assumptions: Sequence[Assumption]) -> dict[sympy.Symbol, sympy.Expr]:
    """What each assumed symbol stands for once every other assumption is put in: k = h and h = 8 make k = 8.

    Raises `SymllmError` where assumptions go in a circle or contradict each other.
    """
    first: dict[sympy.Symbol, Assumption] = {}
    for assumption in assumptions:
        first.setdefault(assumption.symbol, assumption)
    done: dict[sympy.Symbol, sympy.Expr] = {}
    for symbol in first:
        _resolve(symbol, first, done, ())
    for assumption in assumptions:
        value = assumption.expression.xreplace(done)
        if not _same(value, done[assumption.symbol]):
            raise SymllmError(f"assumptions contradict each other: {first[assumption.symbol]} and {assumption}")
        _refuse_impossible(Assumption(assumption.symbol, value))
    return done


def _resolve(symbol: sympy.Symbol, first: Mapping[sympy.Symbol, Assumption], done: dict[sympy.Symbol, sympy.Expr],
             path: tuple[sympy.Symbol, ...]) -> None:  # fmt: skip
    if symbol in done:
        return
    if symbol in path:
        circle = ", ".join(str(first[step]) for step in path[path.index(symbol) :])
        raise SymllmError(f"assumptions go in a circle: {circle}")
    expression = first[symbol].expression
    for used in sorted(expression.free_symbols & set(first), key=str):
        _resolve(used, first, done, (*path, symbol))
    done[symbol] = expression.xreplace(done)


def _same(one: sympy.Expr, other: sympy.Expr) -> bool:
    return bool(one == other) or is_zero(one - other)
