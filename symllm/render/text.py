"""Expressions as plain text for a terminal: 2·N·k·d_h·s·b·u_kv, 4d² + 4d, ⌈h/tp⌉."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final

import sympy

from ..layout import NOTHING_OMITTED, Call, Fraction, Layout, Name, Number, Power, Product, Sum, Value, layout, text_form

_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_PLAIN_VALUE = re.compile(r"[\w,.]+")
_BRACKETS: Final = {"ceil": "⌈{}⌉", "floor": "⌊{}⌋", "min": "min({})", "max": "max({})"}


def expression(expr: sympy.Expr | int, values: Mapping[sympy.Symbol, str] | None = None,
               omit: Collection[str] = NOTHING_OMITTED) -> str:  # fmt: skip
    """An expression as text. values: what to write in place of a symbol; omit: unit symbols that are not written."""
    return write(layout(expr, values, omit))


def write(node: Layout) -> str:
    """A layout as text."""
    match node:
        case Number(value):
            return f"{value:,}"
        case Name(symbol):
            return text_form(symbol)
        case Value(text):
            return text
        case Product(factors):
            return _product(factors)
        case Fraction(over, under):
            parts = [_factor(over) if isinstance(over, Sum) else write(over), _tight(under)]
            return (" / " if any(part.startswith("(") or part.endswith(")") for part in parts) else "/").join(parts)
        case Sum(terms):
            return "".join(_signed(sign, term, first=i == 0) for i, (sign, term) in enumerate(terms))
        case Power(base, exponent):
            return _power(base, exponent)
        case Call(function, arguments):
            return _BRACKETS[function].format(", ".join(map(write, arguments)))


def _signed(sign: int, term: Layout, first: bool) -> str:
    text = _factor(term) if isinstance(term, Sum) else write(term)
    if first:
        return text if sign > 0 else f"−{text}"
    return f" {'+' if sign > 0 else '−'} {text}"


def _product(factors: tuple[Layout, ...]) -> str:
    """Factors with a dot between; a number alone before a symbol of one letter needs none: 4d²."""
    if len(factors) == 2 and isinstance(factors[0], Number) and _one_letter(factors[1]):
        return write(factors[0]) + write(factors[1])
    return "·".join(map(_factor, factors))


def _one_letter(node: Layout) -> bool:
    if isinstance(node, Power) and isinstance(node.exponent, Number):
        node = node.base
    return isinstance(node, Name) and len(text_form(node.symbol)) == 1


def _factor(node: Layout) -> str:
    bare = not isinstance(node, (Sum, Fraction)) and not (isinstance(node, Value) and not _PLAIN_VALUE.fullmatch(node.text))
    return write(node) if bare else f"({write(node)})"


def _tight(node: Layout) -> str:
    """What stands behind a slash or under a power: nothing but a single thing goes without parentheses."""
    return f"({write(node)})" if isinstance(node, (Product, Power)) and not _simple_power(node) else _factor(node)


def _simple_power(node: Layout) -> bool:
    return isinstance(node, Power) and isinstance(node.base, (Name, Value, Number)) and isinstance(node.exponent, Number)


def _power(base: Layout, exponent: Layout) -> str:
    under = f"({write(base)})" if isinstance(base, Power) else _tight(base)
    if isinstance(exponent, Number):
        return under + str(exponent.value).translate(_SUPERSCRIPTS)
    return f"{under}^{_tight(exponent)}"
