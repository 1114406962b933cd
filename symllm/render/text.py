"""Expressions and derivations as plain text for a terminal: 2·N·k·d_h·s·b·u_kv, 4d² + 4d, ⌈h/tp⌉."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Final

import sympy

from ..layout import NOTHING_OMITTED, Call, Fraction, Layout, Name, Number, Power, Product, Sum, Value, layout, text_form

if TYPE_CHECKING:
    from ..derivation import Chain, Derivation, Evaluation
    from .words import Segment, Segments

_SUPERSCRIPTS: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_HELD: Final = "\u00a0"
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


def derivation(made: Derivation, width: int = 80) -> str:
    """A derivation as lines of at most `width` columns: left sides, relations and expressions in columns, notes behind."""
    from . import words

    left = min(max(len(expression(chain.left)) for chain in made.chains), width // 3)
    lines = [written(words.heading(made))]
    if conditions := words.conditions(made):
        lines += _filled("  " + written(conditions), 4, width)
    lines.append("")
    for chain in made.chains:
        lines += _chain(chain, left, width)
    if made.evaluations:
        lines += ["", f"  {made.subject or 'in numbers'}:"]
        for evaluation in made.evaluations:
            lines += _evaluation(evaluation, width)
    if made.notes:
        lines += ["", *(line for note in made.notes for line in _filled(f"  note: {note}", 8, width))]
    return "\n".join(line.rstrip() for line in lines)


def written(segments: Segments) -> str:
    """A note as text."""
    return "".join(_segment(item) for item in segments)


def _segment(item: Segment) -> str:
    from ..assumptions import Assumption

    if isinstance(item, Assumption):
        return f"{expression(item.symbol)} = {expression(item.expression)}"
    return item if isinstance(item, str) else _expression(item)


def _expression(expr: sympy.Expr) -> str:
    from .words import UNITS

    return expression(expr, omit=UNITS)


def _chain(chain: Chain, left: int, width: int) -> Iterator[str]:
    from . import words

    rows = [(step.relation, _expression(step.expression), written(words.note(step))) for step in chain.steps]
    if chain.evaluation is not None:
        shown = expression(chain.evaluation.expression, words.values(chain.evaluation), words.UNITS)
        rows += [("=", shown, "")] if shown != words.plain(chain.evaluation) else []
        rows.append(("=", words.result(chain.evaluation), ""))
    for i, (relation, text, note) in enumerate(rows):
        head = expression(chain.left) if i == 0 else ""
        yield from _line(f"  {head:<{left}} {relation} ", text, note, left + 5, width)


def _line(head: str, text: str, note: str, indent: int, width: int) -> Iterator[str]:
    """An expression with its note in a column of its own, or below where it finds no room."""
    lines = broken(text, width - max(len(head), indent))
    column = max(indent + 30, len(head) + len(lines[-1]) + 3)
    beside = len(lines) == 1 and column + len(note) <= width
    yield f"{head + lines[0]:<{column}}{note}" if beside else head + lines[0]
    for line in lines[1:]:
        yield " " * (indent + 2) + line
    if note and not beside:
        yield from _filled(" " * (indent + 2) + note, indent + 2, width)


def _filled(text: str, indent: int, width: int) -> list[str]:
    lines = textwrap.wrap(_held(text), width, subsequent_indent=" " * indent, drop_whitespace=True, break_on_hyphens=False)
    return [line.replace(_HELD, " ") for line in lines]


def _held(text: str) -> str:
    """Prose in which short brackets are not broken."""
    return re.sub(r"\((?:[^()]|\([^()]*\)){1,40}\)|⌈[^⌈⌉]{1,40}⌉|⌊[^⌊⌋]{1,40}⌋", lambda found: found[0].replace(" ", _HELD), text)


def broken(text: str, width: int) -> list[str]:
    """An expression's text in lines: broken before + and −, within brackets or before a dot only where that is not enough."""
    lines = [""]
    for piece in _pieces(text, width, 0):
        if lines[-1] and len(lines[-1]) + len(piece) > width - 2:
            lines.append(piece.lstrip())
        else:
            lines[-1] += piece
    return lines


def _pieces(text: str, width: int, depth: int) -> list[str]:
    """The text cut before every sign and behind every comma at a depth of brackets; a piece that is still too long, before signs deeper in it."""
    if len(text) <= width - 2 and depth:
        return [text]
    cuts, here = [0], 0
    for i, letter in enumerate(text):
        here += (letter in "(⌈⌊") - (letter in ")⌉⌋")
        if here == depth and i and (text[i - 2 : i] == ", " or re.match(r" [+−/=] ", text[i : i + 3])):
            cuts.append(i)
    parts = [text[i:j] for i, j in zip(cuts, [*cuts[1:], len(text)], strict=True)]
    if depth == 4:
        return [piece for part in parts for piece in _shorter(part, width)]
    return [piece for part in parts for piece in _pieces(part, width, depth + 1)]


def _shorter(part: str, width: int) -> list[str]:
    return [part] if len(part) <= width - 2 else re.split(r"(?=·)|(?<=, )", part)


def _evaluation(evaluation: Evaluation, width: int) -> Iterator[str]:
    from . import words

    sides = [_expression(evaluation.left), _expression(evaluation.expression),
             expression(evaluation.expression, words.values(evaluation), words.UNITS)]  # fmt: skip
    sides = [side for side in dict.fromkeys(sides) if side != words.plain(evaluation)]
    first, *more = broken(" = ".join((*sides, words.result(evaluation))), width - 6)
    yield f"    {first}"
    yield from (f"      {line}" for line in more)
    for share in evaluation.shares:
        whole = words.number(share.value)
        line = f"{words.percent(evaluation.result, share.value)} of {_expression(share.expression)} = {whole}"
        first, *more = broken(line, width - 8)
        yield f"      {first}"
        yield from (f"        {part}" for part in more)
