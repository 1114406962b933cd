"""Which tensors, products and cache entries a block's line is added up from: the names behind a sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sympy

from .block import Architecture, Block
from .book import Book
from .build import blocks, context
from .compose import Choices, composed
from .config import Config
from .derivation import Part
from .polynomial import expanded

_FIELDS = ("weights", "products", "cache", "saved")


def parts(book: Book, model: Architecture, chosen: Choices, config: Config | None = None) -> dict[sympy.Symbol, tuple[Part, ...]]:
    """The summands, by name, of every block's line of every composed quantity that is a plain sum.

    Each item is composed alone, by the same sums as the whole, so that a name and its size cannot part ways.
    """
    found: dict[sympy.Symbol, dict[sympy.Expr, list[str]]] = {}
    whole: dict[sympy.Symbol, sympy.Expr] = {}
    here = context(book, chosen, config, model)
    for quantity in book.composed:
        if quantity.accumulate == "workspace":  # the largest of its parts, not their sum
            continue
        for line in composed(model, quantity, here):
            if line.component:
                whole[line.symbol] = line.expression
        for block in blocks(model):
            for name, alone in _items(block):
                for line in composed(_only(model, block, alone), quantity, here):
                    if line.component:
                        found.setdefault(line.symbol, {}).setdefault(line.expression, []).append(name)
    made = {symbol: tuple(Part(tuple(names), size) for size, names in sizes.items()) for symbol, sizes in found.items()}
    return {symbol: rows for symbol, rows in made.items() if _adds_up(rows, whole.get(symbol, sympy.Integer(0)))}


def _items(block: Block) -> Iterator[tuple[str, Block]]:
    """Each item of a block and the block with that item alone."""
    bare = replace(block, weights=(), products=(), cache=(), saved=(), workspace=0)
    for name in _FIELDS:
        for item in getattr(block, name):
            alone: dict[str, Any] = {name: (item,)}
            yield item.name, replace(bare, **alone)


def _only(model: Architecture, block: Block, alone: Block) -> Architecture:
    """The model without any block but one, and of that one item; groups stay, so that names stay."""
    once = tuple(alone for other in model.once if other == block)
    groups = tuple(replace(group, blocks=tuple(alone for other in group.blocks if other == block)) for group in model.groups)
    return replace(model, once=once, groups=groups)


def _adds_up(rows: tuple[Part, ...], whole: sympy.Expr) -> bool:
    total = sympy.Add(*(len(row.names) * row.expression for row in rows))
    return bool(expanded(total - whole) == 0)
