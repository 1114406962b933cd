"""Models whose layers are of several kinds: attention, state-space, linear-attention or convolution layers.

A family's page says what each kind of layer is made of and which layer is of which kind; this page counts the
kinds and puts the groups together.
Sources: Jamba, arXiv:2403.19887; transformers' `layer_types`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import sympy

from symllm.block import Architecture, Block, Group
from symllm.config import Config, shown, whole
from symllm.errors import SymllmError
from symllm.symbols import NamedSymbol

from ..blocks.embedding import head, token_embedding
from ..blocks.norm import rms_norm
from ..notation import N, d, d_inner, d_m, h_m, r_dt


@dataclass(frozen=True)
class Kind:
    """One kind of layer: a word for its symbols, a title, its blocks one after another."""

    name: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def count(self) -> NamedSymbol:
        """The symbol of how many such layers there are."""
        return NamedSymbol(f"N_{self.name}", title=f"{self.title}s", meaning=f"layers of the kind: {self.title}", unit="layer", rank=3)


def stacked(order: Sequence[str], kinds: Mapping[str, Kind], tied: bool, *, last_norm: Sequence[Block] = (),
            values: Mapping[sympy.Symbol, Any] | None = None, notes: tuple[str, ...] = ()) -> Architecture:  # fmt: skip
    """The layers in `order` (keys of `kinds`) between a token table and a head.

    values: sizes that the page worked out of the config, by symbol. Raises for a layer of no known kind.
    """
    strange = next((word for word in order if word not in kinds), None)
    if strange is not None:
        raise SymllmError(f"config: a layer of the kind {shown(strange)} is not understood; known: {', '.join(sorted(kinds))}")
    counts: dict[Kind, int] = {}
    for word in order:
        counts[kinds[word]] = counts.get(kinds[word], 0) + 1
    groups = tuple(Group(kind.name, kind.title, kind.count, kind.blocks) for kind in counts)
    once = (token_embedding(), *(last_norm or (rms_norm("final_norm"),)), head(tied))
    return Architecture(once, groups, {**{kind.count: number for kind, number in counts.items()}, **(values or {})}, notes)


def layer_kinds(config: Config, name: str, default: Sequence[str] | None = None) -> list[str]:
    """The config's list of layer kinds, one word a layer; `default` where the field is missing.

    Raises for a list that has another length than there are layers, or holds anything but words.
    """
    kinds = config.options[name]
    if kinds is None:
        if default is None:
            raise SymllmError(f"config: field {name!r} is missing; a {config.family} model needs it")
        kinds = list(default)
    if not all(isinstance(kind, str) for kind in kinds):
        raise SymllmError(f"config: field {name!r} is {shown(kinds)}; a list of words is expected")
    expected = config.sizes.get(N, len(kinds))
    if len(kinds) != expected or not kinds:
        raise SymllmError(f"config: field {name!r} has {len(kinds)} entries for {expected} layers")
    return list(kinds)


def expanded(config: Config, name: str) -> int:
    """The inner width of a state-space layer: the expansion factor times the hidden size, cut to a whole number."""
    width = config.options[name] * config.sizes[d]
    if not 0 < width <= 10**9:
        raise SymllmError(f"config: field {name!r} is {shown(config.options[name])}; it must be above 0")
    return int(width)


def step_rank(config: Config, name: str) -> int:
    """The rank of the step size's projection: as given, or a sixteenth of the hidden size for "auto"."""
    value = config.options[name]
    return ceil(config.sizes[d] / 16) if value == "auto" else whole(value, name)


def mamba_sizes(config: Config, expand: str, rank: str) -> dict[sympy.Symbol, Any]:
    """What a Mamba-1 layer works out of its config: the inner width and the step's rank."""
    return {d_inner: expanded(config, expand), r_dt: step_rank(config, rank)}


def head_sizes(config: Config, inner: int, name: str) -> dict[sympy.Symbol, Any]:
    """The head width of a Mamba-2 layer: as given, or the inner width shared out for "auto".

    Raises where heads times head width is not the inner width.
    """
    heads = config.sizes[h_m]
    value = config.options[name]
    width = inner // heads if value == "auto" else whole(value, name)
    if heads * width != inner:
        raise SymllmError(f"config: field {name!r} gives {heads} heads of {width}, but the state-space layer is {inner} wide")
    return {d_m: width}


def whole_groups(heads: int, groups: int, name: str) -> None:
    """Refuses groups that do not divide the heads."""
    if heads % groups:
        raise SymllmError(f"config: field {name!r} is {groups}, which does not divide {heads} heads")
