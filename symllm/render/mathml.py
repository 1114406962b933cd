"""Expressions as presentation MathML, which browsers show without a script; from the same layout as the text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from html import escape
from typing import Final

import sympy

from ..layout import NOTHING_OMITTED, Call, Fraction, Layout, Name, Number, Power, Product, Sum, Value, layout, text_form

_DOT: Final = "<mo>·</mo>"
_BRACKETS: Final = {"ceil": ("⌈", "⌉"), "floor": ("⌊", "⌋")}


def expression(expr: sympy.Expr | int, values: Mapping[sympy.Symbol, str] | None = None,
               omit: Collection[str] = NOTHING_OMITTED) -> str:  # fmt: skip
    """An expression as the inside of a <math> element. values: what to write in place of a symbol; omit: units not written."""
    return write(layout(expr, values, omit))


def write(node: Layout) -> str:
    """A layout as one MathML element."""
    match node:
        case Number(value):
            return f"<mn>{value:,}</mn>"
        case Name(symbol):
            return name(text_form(symbol))
        case Value(text):
            return f"<mn>{escape(text)}</mn>"
        case Product(factors):
            return _row(_factors(factors))
        case Fraction(over, under):
            return f"<mfrac>{write(over)}{write(under)}</mfrac>"
        case Sum(terms):
            return _row(_terms(terms))
        case Power(base, exponent):
            bare = isinstance(base, (Name, Number, Value))
            return f"<msup>{write(base) if bare else _bracketed(base)}{write(exponent)}</msup>"
        case Call(function, arguments):
            inside = "<mo>,</mo>".join(map(write, arguments))
            if function in _BRACKETS:
                left, right = _BRACKETS[function]
                return _row((f"<mo>{left}</mo>", inside, f"<mo>{right}</mo>"))
            return _row((f"<mi>{function}</mi>", "<mo>&#x2061;</mo><mo>(</mo>", inside, "<mo>)</mo>"))


def name(text: str) -> str:
    """A symbol's name: what follows an underscore is a subscript, a word stands upright."""
    head, _, tail = text.partition("_")
    main = f"<mi>{escape(head)}</mi>"
    return f"<msub>{main}<mtext>{escape(tail.replace('_', ','))}</mtext></msub>" if tail else main


def _row(parts: Iterable[str]) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _bracketed(node: Layout) -> str:
    return _row(("<mo>(</mo>", write(node), "<mo>)</mo>"))


def _factors(factors: tuple[Layout, ...]) -> Iterable[str]:
    for i, factor in enumerate(factors):
        if i:
            yield _DOT
        yield _bracketed(factor) if isinstance(factor, Sum) else write(factor)


def _terms(terms: tuple[tuple[int, Layout], ...]) -> Iterable[str]:
    for i, (sign, term) in enumerate(terms):
        if i or sign < 0:
            yield f"<mo>{'+' if sign > 0 else '−'}</mo>"
        yield _bracketed(term) if isinstance(term, Sum) else write(term)
