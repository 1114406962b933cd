"""A weight as quantizers see it: rows of consecutive numbers, and which weights they leave alone.

A linear layer's matrix is stored as (out, in): one row of `in` numbers for each output, and scales are laid along
that row. A lookup table has a row for each entry. Shapes in the book are (in, out) for matrices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import sympy
from sympy import Expr, Integer

from symllm.block import Block, Group, Weight
from symllm.format import Place, WeightFormat

from ..notation import BYTE

Size = Callable[[Expr, Expr], Expr]
#: The part of a weight's layers in which it is quantized: 0 for never, 1 for always.
Chosen = Callable[[Place, Block], Expr]
NEVER, ALWAYS = Integer(0), Integer(1)
#: Rows of the breakdown that are no part of the language model itself.
OTHER_TOWERS = frozenset({"vision", "projector", "audio"})
#: A block of a layer that predicts further tokens counts as "mtp"; by its name it is what it is in other layers.
_IN_OTHER_LAYERS = {"attention": "attention", "mlp": "ffn", "routed_experts": "routed_experts", "shared_experts": "shared_experts",
                    "router": "router", "shared_expert_gate": "shared_expert_gate"}  # fmt: skip


def part(block: Block) -> str:
    """The row of the breakdown that a block counts as, or would in an ordinary layer."""
    return _IN_OTHER_LAYERS.get(block.name, block.component) if block.component == "mtp" else block.component


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


def linear(place: Place, block: Block) -> Expr:
    """The matrices inside layers, as most quantizers choose: no embedding, norm, router or output head."""
    weight = place.weight
    return ALWAYS if weight.quantizes and weight.use == "matmul" and not weight.buffer else NEVER


def has_experts(place: Place) -> bool:
    """Whether the model has routed experts."""
    if place.model is None:
        return False
    every = (*place.model.once, *(block for group in place.model.groups for block in group.blocks))
    return any(weight.spread for block in every for weight in block.weights)


def text_groups(place: Place) -> list[Group]:
    """The groups of the language model, in order."""
    groups = place.model.groups if place.model is not None else ()
    return [group for group in groups if not all(block.component in OTHER_TOWERS for block in group.blocks)]


def layer_places(place: Place) -> dict[str, tuple[int, ...]]:
    """Where each group's layers are among the language model's, by the group's name: as stated, else one after another."""
    found: dict[str, tuple[int, ...]] = {}
    start = 0
    for group in text_groups(place):
        number = replace(place, group=group).number(group.count) or 0
        found[group.name] = group.layers or tuple(range(start, start + number))
        start += number
    return found


def mixed_format(name: str, title: str, source: str, size: Size, *, aliases: tuple[str, ...] = (), chosen: Chosen = linear,
                 rest: int = 2, computes: tuple[str, ...] = ()) -> WeightFormat:  # fmt: skip
    """A format that stores the chosen matrices in `size(rows, numbers in a row)` bytes and all else in `rest` bytes a number."""

    def tensor(weight: Weight, block: Block, place: Place) -> Expr:
        share = chosen(place, block)
        plain = weight.elements * rest * BYTE
        if share == 0:
            return plain
        quantized = size(*rows(weight)) * BYTE
        return quantized if share == 1 else share * quantized + (1 - share) * plain

    return WeightFormat(name, title, source, tensor=tensor, compute_element=Integer(rest), computes=computes, aliases=aliases)
