"""A weight as quantizers see it: rows of consecutive numbers, and which weights they leave alone.

A linear layer's matrix is stored as (out, in): one row of `in` numbers for each output, and scales are laid along
that row. A lookup table has a row for each entry. Shapes in the book are (in, out) for matrices.
"""

from __future__ import annotations

from collections.abc import Callable

import sympy
from sympy import Expr, Integer

from symllm.block import Block, Weight
from symllm.format import Place, WeightFormat

from ..notation import BYTE

Size = Callable[[Expr, Expr], Expr]
Chosen = Callable[[Place, Block], bool]


def rows(weight: Weight) -> tuple[Expr, Expr]:
    """How many rows a weight has and how many numbers are in one: (out, in) of a matrix, the last dimension of a table.

    Leading dimensions of a shape of more than two count as more rows. A vector is one row.
    """
    *lead, first, last = (Integer(1), Integer(1), *map(sympy.sympify, weight.shape))
    if len(weight.shape) == 1:
        return Integer(1), last
    if weight.use == "lookup":
        return sympy.Mul(*lead, first), last
    return sympy.Mul(*lead, last), first


def linear(place: Place, block: Block) -> bool:
    """The matrices inside layers, as most quantizers choose: no embedding, norm, router or output head."""
    return place.weight.quantizes and place.weight.use == "matmul" and not place.weight.buffer


def has_experts(place: Place) -> bool:
    """Whether the model has routed experts."""
    if place.model is None:
        return False
    every = (*place.model.once, *(block for group in place.model.groups for block in group.blocks))
    return any(weight.spread for block in every for weight in block.weights)


def mixed_format(name: str, title: str, source: str, size: Size, *, aliases: tuple[str, ...] = (), chosen: Chosen = linear,
                 rest: int = 2) -> WeightFormat:  # fmt: skip
    """A format that stores the chosen matrices in `size(rows, numbers in a row)` bytes and all else in `rest` bytes a number."""

    def tensor(weight: Weight, block: Block, place: Place) -> Expr:
        if chosen(place, block):
            return size(*rows(weight)) * BYTE
        return weight.elements * rest * BYTE

    return WeightFormat(name, title, source, tensor=tensor, compute_element=Integer(rest), aliases=aliases)
