"""How an expression is laid out for reading: a small tree in the notation's order, which every renderer walks.

SymPy orders by its own rules and loses the order in which people write. Here a product is its number and then its
factors in the order of the notation table, what is divided by stands under one fraction, and a sum begins with its
largest terms and ends with what is taken away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

import sympy

from .errors import SymllmError
from .symbols import NamedSymbol, latex_name

_UNRANKED: Final = 10**9
NOTHING_OMITTED: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True)
class Number:
    """A whole number, not negative; a rational is a `Fraction` of two."""

    value: int


@dataclass(frozen=True)
class Name:
    """A symbol."""

    symbol: sympy.Symbol


@dataclass(frozen=True)
class Value:
    """A text written in place of a symbol, such as "8,192"."""

    text: str


@dataclass(frozen=True)
class Product:
    """Two or more factors."""

    factors: tuple[Layout, ...]


@dataclass(frozen=True)
class Fraction:
    """`over` divided by `under`."""

    over: Layout
    under: Layout


@dataclass(frozen=True)
class Sum:
    """Terms, each with its sign; a single negative term is what a minus stands before."""

    terms: tuple[tuple[int, Layout], ...]


@dataclass(frozen=True)
class Power:
    """`base` to `exponent`; the exponent is never negative."""

    base: Layout
    exponent: Layout


@dataclass(frozen=True)
class Call:
    """"min" or "max" of several arguments, "ceil" or "floor" of one."""

    function: str
    arguments: tuple[Layout, ...]


Layout = Number | Name | Value | Product | Fraction | Sum | Power | Call

_CALLS: Final[tuple[tuple[Any, str], ...]] = (
    (sympy.Min, "min"), (sympy.Max, "max"), (sympy.ceiling, "ceil"), (sympy.floor, "floor"),
)  # fmt: skip


def rank(symbol: sympy.Symbol) -> int:
    """A symbol's place in the notation; a symbol of no notation comes last."""
    return symbol.rank if isinstance(symbol, NamedSymbol) else _UNRANKED


def text_form(symbol: sympy.Symbol) -> str:
    """A symbol as plain text writes it."""
    return symbol.text_form if isinstance(symbol, NamedSymbol) else str(symbol.name)


def latex_form(symbol: sympy.Symbol) -> str:
    """A symbol as LaTeX writes it."""
    return symbol.latex_form if isinstance(symbol, NamedSymbol) else latex_name(str(symbol.name))


def layout(expr: sympy.Expr | int, values: Mapping[sympy.Symbol, str] | None = None,
           omit: Collection[str] = NOTHING_OMITTED) -> Layout:  # fmt: skip
    """The layout of an expression.

    values: the text to write in place of a symbol. omit: names of unit symbols (of value 1) that are not written.
    Raises `SymllmError` for a function that the book does not know.
    """
    return _Maker(values or {}, frozenset(omit)).made(sympy.sympify(expr))


@dataclass(frozen=True)
class _Maker:
    values: Mapping[sympy.Symbol, str]
    omit: frozenset[str]

    def made(self, expr: sympy.Expr) -> Layout:
        if isinstance(expr, sympy.Symbol):
            if expr.name in self.omit:
                return Number(1)
            return Value(self.values[expr]) if expr in self.values else Name(expr)
        if isinstance(expr, sympy.Add):
            return self.sum(expr)
        if isinstance(expr, (sympy.Mul, sympy.Pow, sympy.Rational)):
            return self.product(expr)
        for kind, function in _CALLS:
            if isinstance(expr, kind):
                return Call(function, tuple(self.made(part) for part in sorted(expr.args, key=_argument_key)))
        raise SymllmError(f"cannot write '{expr}': {type(expr).__name__} is not an operation of the book")

    def sum(self, expr: sympy.Add) -> Layout:
        below = {int(term.as_coeff_Mul(rational=True)[0].q) for term in expr.args}
        if len(below) == 1 and below != {1}:  # SymPy writes (a + b)/2 as a/2 + b/2
            under = below.pop()
            return Fraction(self.made(sympy.Add(*(term * under for term in expr.args))), Number(under))
        return Sum(tuple(self.signed(term) for term in terms(expr, self.omit)))

    def signed(self, term: sympy.Expr) -> tuple[int, Layout]:
        """A term's sign and its layout without it; a negative number always leads a SymPy product."""
        return (-1, self.made(-term)) if _negative(term) else (1, self.made(term))

    def product(self, expr: sympy.Expr) -> Layout:
        coefficient, rest = expr.as_coeff_Mul(rational=True)
        if coefficient.is_negative:
            return Sum(((-1, self.product(-expr)),))
        over: list[Layout] = []
        under: list[Layout] = []
        for factor in sorted(sympy.Mul.make_args(rest), key=_factor_key):
            base, exponent = factor.as_base_exp()
            if factor == 1 or (base.is_Symbol and base.name in self.omit):
                continue
            below = bool(exponent.could_extract_minus_sign())
            (under if below else over).append(self.power(base, -exponent if below else exponent))
        if coefficient.p != 1 or not over:
            over.insert(0, Number(int(coefficient.p)))
        if coefficient.q != 1:
            under.insert(0, Number(int(coefficient.q)))
        return Fraction(_joined(over), _joined(under)) if under else _joined(over)

    def power(self, base: sympy.Expr, exponent: sympy.Expr) -> Layout:
        if exponent == 1:
            return self.made(base)
        return Power(self.made(base), self.made(exponent))


def terms(expr: sympy.Expr, omit: Collection[str] = NOTHING_OMITTED) -> list[sympy.Expr]:
    """The terms of a sum in the order in which they are written; anything else is its own only term."""
    return sorted(sympy.Add.make_args(expr), key=lambda term: _term_key(term, omit))


def _joined(factors: list[Layout]) -> Layout:
    return factors[0] if len(factors) == 1 else Product(tuple(factors))


def _negative(term: sympy.Expr) -> bool:
    return bool(term.as_coeff_Mul(rational=True)[0].is_negative)


def _ranks(expr: sympy.Expr) -> tuple[tuple[int, str], ...]:
    return tuple(sorted((rank(symbol), symbol.name) for symbol in expr.free_symbols))


def _factor_key(factor: sympy.Expr) -> tuple[bool, tuple[tuple[int, str], ...], str]:
    """Names and calls at their place in the notation, sums in parentheses behind them."""
    return isinstance(factor.as_base_exp()[0], sympy.Add), _ranks(factor), str(factor)


def _argument_key(argument: sympy.Expr) -> tuple[bool, tuple[tuple[int, str], ...], str]:
    return bool(argument.is_number), _ranks(argument), str(argument)


def degree(expr: sympy.Expr, omit: Collection[str] = NOTHING_OMITTED) -> sympy.Rational:
    """How many symbols are multiplied in the largest term; what is divided by counts less, units not at all."""
    combine: tuple[tuple[Any, Callable[[sympy.Expr], sympy.Rational]], ...] = (
        (sympy.Symbol, lambda e: sympy.Integer(0 if e.name in omit else 1)),
        (sympy.Mul, lambda e: sum((degree(part, omit) for part in e.args), sympy.Integer(0))),
        (sympy.Pow, lambda e: degree(e.base, omit) * e.exp if e.exp.is_Rational else sympy.Integer(0)),
    )
    for kind, function in combine:
        if isinstance(expr, kind):
            return function(expr)
    return max((degree(part, omit) for part in expr.args), default=sympy.Integer(0))


def _term_key(term: sympy.Expr, omit: Collection[str]) -> tuple[Any, ...]:
    """Terms of high degree first, then by the notation, high powers first; what is subtracted last."""
    powers = [factor.as_base_exp() for factor in sympy.Mul.make_args(term.as_coeff_Mul()[1])]
    alphabet = sorted((_ranks(base), -exponent if exponent.is_Rational else 0) for base, exponent in powers if base.free_symbols)
    return _negative(term), -degree(term, omit), not term.free_symbols, alphabet, str(term)
