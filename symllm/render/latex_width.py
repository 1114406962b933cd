"""About how wide LaTeX sets an expression, in points at 10 pt: enough to know where a line must be broken."""

from __future__ import annotations

import re
from typing import Final

from ..layout import Call, Fraction, Layout, Name, Number, Power, Product, Sum, Value, latex_form

#: A continued line stands this far in (\qquad), a relation and the signs of a sum take this much.
INDENT: Final = 20.0
SIGN: Final = 12.2
_THIN, _BRACKET, _SMALL = 1.7, 4.5, 0.8
_NARROW, _WIDE = frozenset(" ijlt.,;:'|!()[]"), frozenset("mwMWNΣ×≤≥≈→")


def words(prose: str) -> float:
    """The width of words."""
    return sum(3.0 if letter in _NARROW else 8.3 if letter in _WIDE else 7.2 if letter.isupper() else 5.1 for letter in prose)


def symbol(form: str) -> float:
    """The width of a symbol from its LaTeX: its letters, those below and above the line at the size of an index."""
    head, mark, tail = form.partition("_")
    if not mark:
        head, mark, tail = form.partition("^")
    return words(_letters(head)) + 1.2 + (words(_letters(tail)) * _SMALL if mark else 0.0)


def _letters(form: str) -> str:
    return re.sub(r"\\[a-z]+", "m", re.sub(r"\\mathrm|\\text|[{}_^]", "", form))


def expression(node: Layout) -> float:
    """The width of a layout."""
    match node:
        case Number(amount):
            return words(f"{amount:,}")
        case Name(name):
            return symbol(latex_form(name))
        case Value(shown):
            return words(shown)
        case Product(factors):
            return sum(_factor(factor) + _THIN for factor in factors) + 5.5 * sum(not isinstance(f, Name) for f in factors[1:])
        case Fraction(over, under):
            return max(expression(over), expression(under)) + 2.4
        case Sum(terms):
            return sum(_factor(term) + SIGN for _, term in terms)
        case Power(base, exponent):
            return _factor(base) + _SMALL * expression(exponent)
        case Call(function, arguments):
            name = 17.0 if function in ("min", "max") else 0.0
            return name + 2 * _BRACKET + sum(expression(argument) + 4.5 for argument in arguments)


def _factor(node: Layout) -> float:
    return expression(node) + (2 * _BRACKET + 2 if isinstance(node, Sum) else 0.0)
