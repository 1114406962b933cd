"""Expressions in lines: broken between terms, and inside parentheses only where one term alone is too wide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ..layout import Call, Fraction, Layout, Name, Number, Product, Sum, Value
from . import latex_width

_OPENED: Final = {"ceil": (r"\bigl\lceil ", r" \bigr\rceil"), "floor": (r"\bigl\lfloor ", r" \bigr\rfloor"),
                  "min": (r"\min\bigl( ", r" \bigr)"), "max": (r"\max\bigl( ", r" \bigr)")}  # fmt: skip


@dataclass(frozen=True)
class Piece:
    """A part of a line that is not broken. glue: what joins it to the piece before; fresh: what begins a line with it."""

    text: str
    width: float
    glue: str = ""
    fresh: str = ""


def lines(node: Layout, write: Callable[[Layout], str], room: float) -> list[str]:
    """A layout as LaTeX in lines of about `room` points. write: a layout as LaTeX in one line."""
    return packed(pieces(node, write, room), room)


def packed(parts: Iterable[Piece], room: float) -> list[str]:
    """Pieces in lines; a continued one has the less room by its indent."""
    made, used = [""], 0.0
    for piece in parts:
        if made[-1] and used + piece.width > room - (latex_width.INDENT if len(made) > 1 else 0):
            made.append(piece.fresh + piece.text)
            used = piece.width
        else:
            made[-1] += (piece.glue if made[-1] else piece.fresh) + piece.text
            used += piece.width
    return [line.strip() for line in made]


def pieces(node: Layout, write: Callable[[Layout], str], room: float) -> list[Piece]:
    """The pieces of a layout: the terms of a sum; the parts of a term only where it is too wide for a line of its own."""
    if isinstance(node, Sum):
        return list(_sum(node, write, room))
    if latex_width.expression(node) <= room - latex_width.INDENT:
        return [Piece(write(node), latex_width.expression(node))]
    if isinstance(node, Product):
        return list(_product(node, write, room))
    if isinstance(node, Call):
        return _between(*_OPENED[node.function], list(_arguments(node, write, room)))
    if isinstance(node, Fraction):
        under = write(node.under) if isinstance(node.under, (Name, Number, Value)) else rf"\bigl( {write(node.under)} \bigr)"
        over = _between(r"\bigl( ", r" \bigr)", pieces(node.over, write, room))
        return [*over, Piece(under, latex_width.expression(node.under) + 15, r" \big/ ", r"\big/ ")]
    return [Piece(write(node), latex_width.expression(node))]


def _sum(node: Sum, write: Callable[[Layout], str], room: float) -> Iterator[Piece]:
    for i, (sign, term) in enumerate(node.terms):
        if isinstance(term, Sum):
            first, *more = _between(r"\bigl( ", r" \bigr)", pieces(term, write, room))
        else:
            first, *more = pieces(term, write, room)
        mark = "-" if sign < 0 else "+"
        lead = ("" if sign > 0 else "-") if i == 0 else f"{mark} "
        yield replace(first, width=first.width + latex_width.SIGN, glue=f" {lead}" if lead else "", fresh=lead)
        yield from more


def _product(node: Product, write: Callable[[Layout], str], room: float) -> Iterator[Piece]:
    for i, factor in enumerate(node.factors):
        first, *more = pieces(factor, write, room)
        if isinstance(factor, Sum):
            first, *more = _between(r"\bigl( ", r" \bigr)", [first, *more])
        if i:
            plain = isinstance(factor, (Name, Sum)) and not first.text.startswith(r"\mathrm")
            first = replace(first, glue=r"\," if plain else r" \cdot ", fresh=r"\cdot ")
        yield first
        yield from more


def _arguments(node: Call, write: Callable[[Layout], str], room: float) -> Iterator[Piece]:
    for i, argument in enumerate(node.arguments):
        parts = pieces(argument, write, room)
        if i + 1 < len(node.arguments):
            parts[-1] = replace(parts[-1], text=parts[-1].text + ",", width=parts[-1].width + 6)
        if i:
            parts[0] = replace(parts[0], glue=r"\; " + parts[0].glue.strip())
        yield from parts


def _between(left: str, right: str, parts: list[Piece]) -> list[Piece]:
    """Pieces in brackets of a size of their own, since a \\left and its \\right cannot stand on two lines."""
    first, last = parts[0], parts[-1]
    opened = replace(first, text=left + first.fresh + first.text, width=first.width + 9, glue="", fresh="")
    if len(parts) == 1:
        return [replace(opened, text=opened.text + right)]
    return [opened, *parts[1:-1], replace(last, text=last.text + right, width=last.width + 9)]
