"""Expressions as presentation MathML, which browsers show without a script; from the same layout as the text."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from html import escape
from typing import Final

import sympy

from ..layout import NOTHING_OMITTED, Call, Fraction, Layout, Name, Number, Power, Product, Sum, Value, layout, text_form
from .text import write as plain

#: Columns of plain text up to which an expression is kept together.
LONGEST: Final = 48
_DOT: Final = "<mo>·</mo>"
_BRACKETS: Final = {"ceil": ("⌈", "⌉"), "floor": ("⌊", "⌋")}


def expression(expr: sympy.Expr | int, values: Mapping[sympy.Symbol, str] | None = None,
               omit: Collection[str] = NOTHING_OMITTED) -> str:  # fmt: skip
    """An expression as the inside of a <math> element. values: what to write in place of a symbol; omit: units not written."""
    return write(layout(expr, values, omit))


def parts(expr: sympy.Expr | int, values: Mapping[sympy.Symbol, str] | None = None,
          omit: Collection[str] = NOTHING_OMITTED) -> list[str]:  # fmt: skip
    """An expression as the insides of <math> elements that may stand on several lines: its terms where it is long.

    Browsers break no line inside a <math> element.
    """
    return [_row((piece,)) for piece in _pieces(layout(expr, values, omit))]


def _pieces(node: Layout) -> list[str]:
    """The terms of a long sum, the factors of a long product and the arguments of a long call, each with what joins it."""
    if len(plain(node)) <= LONGEST:
        return [write(node)]
    match node:
        case Sum(terms):
            inner = [_inside(term) for _, term in terms]
            for i, (sign, _) in enumerate(terms):
                if i or sign < 0:
                    inner[i][0] = f'<mo form="infix">{"+" if sign > 0 else "−"}</mo>{inner[i][0]}'
            return [piece for pieces in inner for piece in pieces]
        case Product(factors):
            inner = [_inside(factor) for factor in factors]
            return [piece if i == 0 or j else _DOT + piece for i, pieces in enumerate(inner) for j, piece in enumerate(pieces)]
        case Call(function, arguments):
            left, right = _BRACKETS.get(function, ("(", ")"))
            head = "" if function in _BRACKETS else f"<mi>{function}</mi><mo>&#x2061;</mo>"
            inner = [_pieces(argument) for argument in arguments]
            for pieces in inner[:-1]:
                pieces[-1] += "<mo>,</mo>"
            return _between(head, left, [piece for pieces in inner for piece in pieces], right)
        case _:
            return [write(node)]


def _inside(node: Layout) -> list[str]:
    return _between("", "(", _pieces(node), ")") if isinstance(node, Sum) else _pieces(node)


def _between(head: str, left: str, pieces: list[str], right: str) -> list[str]:
    pieces[0] = f'{head}<mo form="prefix" stretchy="false">{left}</mo>{pieces[0]}'
    pieces[-1] += f'<mo form="postfix" stretchy="false">{right}</mo>'
    return pieces


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
