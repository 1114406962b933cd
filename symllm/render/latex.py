"""Expressions as LaTeX, from the same layout as the text."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

import sympy

from ..layout import NOTHING_OMITTED, Call, Fraction, Layout, Name, Number, Power, Product, Sum, Value, latex_form, layout

_PLAIN_VALUE = re.compile(r"[A-Za-z0-9,.]+")
_BRACKETS: Final = {
    "ceil": r"\left\lceil {} \right\rceil", "floor": r"\left\lfloor {} \right\rfloor",
    "min": r"\min\left( {} \right)", "max": r"\max\left( {} \right)",
}  # fmt: skip
_ESCAPES: Final = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "{": r"\{", "}": r"\}",
                   "$": r"\$", "%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_"}  # fmt: skip


def expression(expr: sympy.Expr | int, values: Mapping[sympy.Symbol, str] | None = None,
               omit: Collection[str] = NOTHING_OMITTED) -> str:  # fmt: skip
    """An expression as LaTeX. values: what to write in place of a symbol; omit: unit symbols that are not written."""
    return write(layout(expr, values, omit))


def number(text: str) -> str:
    """A number's text in mathematics: its thousands' commas without the space of a list's."""
    return text.replace(",", "{,}")


def value(text: str) -> str:
    """A text that stands for a symbol: numbers and quotients of numbers as mathematics, all else as words."""
    over, slash, under = text.partition("/")
    if slash and _PLAIN_VALUE.fullmatch(over) and _PLAIN_VALUE.fullmatch(under):
        return rf"\frac{{{number(over)}}}{{{number(under)}}}"
    return number(text) if _PLAIN_VALUE.fullmatch(text) else rf"\text{{{words(text)}}}"


def words(text: str) -> str:
    """Prose with the characters that LaTeX reads as commands escaped."""
    return "".join(_ESCAPES.get(letter, letter) for letter in text)


def write(node: Layout) -> str:
    """A layout as LaTeX."""
    match node:
        case Number(amount):
            return number(f"{amount:,}")
        case Name(symbol):
            return latex_form(symbol)
        case Value(text):
            return value(text)
        case Product(factors):
            return _product(factors)
        case Fraction(over, under):
            return rf"\frac{{{write(over)}}}{{{write(under)}}}"
        case Sum(terms):
            return "".join(_signed(sign, term, first=i == 0) for i, (sign, term) in enumerate(terms))
        case Power(base, exponent):
            bare = isinstance(base, (Name, Number)) or (isinstance(base, Value) and _PLAIN_VALUE.fullmatch(base.text))
            return f"{write(base) if bare else _bracketed(base)}^{{{write(exponent)}}}"
        case Call(function, arguments):
            return _BRACKETS[function].format(", ".join(map(write, arguments)))


def _signed(sign: int, term: Layout, first: bool) -> str:
    text = _bracketed(term) if isinstance(term, Sum) else write(term)
    if first:
        return text if sign > 0 else f"-{text}"
    return f" {'+' if sign > 0 else '-'} {text}"


def _bracketed(node: Layout) -> str:
    return rf"\left( {write(node)} \right)"


def _product(factors: tuple[Layout, ...]) -> str:
    texts = [_bracketed(factor) if isinstance(factor, Sum) else write(factor) for factor in factors]
    result = texts[0]
    for before, after, text in zip(factors, factors[1:], texts[1:], strict=False):
        result += (r" \cdot " if _dotted(before, after) else r"\,") + text
    return result


def _dotted(before: Layout, after: Layout) -> bool:
    """A thin space would run two numbers, or a word and its neighbour, together."""
    return _starts_with_digit(after) or _word(before) or _word(after)


def _starts_with_digit(node: Layout) -> bool:
    node = node.base if isinstance(node, Power) else node
    return isinstance(node, (Number, Value, Fraction))


def _word(node: Layout) -> bool:
    node = node.base if isinstance(node, Power) else node
    return isinstance(node, Name) and latex_form(node.symbol).startswith(r"\mathrm")
