"""How numbers are stored: weight formats and cache formats, declared as bytes of a tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from .block import Architecture, Block, CacheEntry, Group, Weight


@dataclass(frozen=True)
class Place:
    """Where a weight stands, for formats whose rules look beyond the tensor itself.

    weight: the whole tensor, undivided by parallelism. model: all blocks; None where a tensor is looked at alone.
    group: the layers it belongs to; None for what stands once. sizes: numbers by symbol, as the config gives them.
    family: the name of the model's family.
    """

    weight: Weight
    model: Architecture | None = None
    group: Group | None = None
    sizes: Mapping[sympy.Symbol, Any] = field(default_factory=dict, hash=False)
    family: str = ""

    def number(self, size: Any) -> int | None:
        """A size as a number, or None where the config leaves one of its symbols open."""
        own = self.group.values if self.group is not None else {}
        value = sympy.sympify(size).subs({**self.sizes, **own})
        return int(value) if value.is_Integer else None


@dataclass(frozen=True)
class WeightFormat:
    """A weight format.

    element: bytes of one number where every weight has the same size (16-bit, 32-bit); None otherwise.
    tensor: bytes of one copy of a weight of a block at a place, scales and zeros included, for formats that are not
    uniform. Where the bytes differ from layer to layer it gives the mean over the layers of the group, so that the
    group's total is exact. The weight is one GPU's share of `place.weight` where parallelism divides it.
    compute_element: bytes of one activation while computing with such weights.
    computes: names of a GPU's peaks in which such weights are multiplied where it has them; a format of weights alone has none.
    """

    name: str
    title: str
    source: str
    element: sympy.Expr | None = None
    tensor: Callable[[Weight, Block, Place], sympy.Expr] | None = None
    compute_element: sympy.Expr = field(default_factory=lambda: sympy.Integer(2))
    computes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class CacheFormat:
    """A cache format: bytes of one number, or of one kept token's entry where scales come with it."""

    name: str
    title: str
    source: str
    element: sympy.Expr
    entry: Callable[[CacheEntry], sympy.Expr] | None = None
    aliases: tuple[str, ...] = ()
