"""How numbers are stored: weight formats and cache formats, declared as bytes of a tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import sympy

from .block import Block, CacheEntry, Weight


@dataclass(frozen=True)
class WeightFormat:
    """A weight format.

    element: bytes of one number where every weight has the same size (16-bit, 32-bit); None otherwise.
    tensor: bytes of one copy of a weight of a block, scales and zeros included, for formats that are not uniform.
    compute_element: bytes of one activation while computing with such weights.
    """

    name: str
    title: str
    source: str
    element: sympy.Expr | None = None
    tensor: Callable[[Weight, Block], sympy.Expr] | None = None
    compute_element: sympy.Expr = field(default_factory=lambda: sympy.Integer(2))
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
