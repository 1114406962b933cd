"""Putting models together whose layers are of several kinds: dense and routed, windowed and full, and their mixtures.

The config's lists and periods say of which kind each layer is; a page turns them into one name a layer, and this page
into groups, with a symbol for how many layers of each kind there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy

from symllm.block import Architecture, Block, Group
from symllm.config import Config, shown, whole
from symllm.errors import SymllmError
from symllm.symbols import NamedSymbol

from ..blocks.embedding import head, token_embedding
from ..notation import E as EXPERTS
from ..notation import E_a, N

Plans = Mapping[str, tuple[str, Sequence[Block]]]


def layers_of_kinds(kinds: Sequence[str], plans: Plans) -> tuple[tuple[Group, ...], dict[sympy.Symbol, int]]:
    """Groups for the kinds that occur, in the plans' order, and the number of layers of each by its symbol.

    kinds: one name a layer. plans: name -> (title, blocks). With one kind there is one group of N layers.
    """
    used = [name for name in plans if name in kinds]
    if len(used) == 1:
        title, blocks = plans[used[0]]
        return (Group("layer", title, N, tuple(blocks)),), {}
    groups, counts = [], {}
    for name in used:
        title, blocks = plans[name]
        places = tuple(i for i, kind in enumerate(kinds) if kind == name)
        count = NamedSymbol(f"N_{name}", title=f"{name.replace('_', ' ')} layers", meaning=f"layers of this kind: {title}",
                            unit="layer", rank=1)  # fmt: skip
        counts[count] = len(places)
        groups.append(Group(name, title, count, tuple(blocks), layers=places))
    return tuple(groups), dict(counts)


def model_of_kinds(kinds: Sequence[str], plans: Plans, last: Sequence[Block], tied: bool, *, head_bias: bool = False,
                   more: Sequence[Group] = ()) -> Architecture:  # fmt: skip
    """A whole decoder: the embedding, layers of the given kinds, `last` (the last norm), the head, and `more` groups."""
    groups, counts = layers_of_kinds(kinds, plans)
    return Architecture((token_embedding(), *last, head(tied, head_bias)), (*groups, *more), counts)


def check_experts(config: Config, chosen: str, experts: str) -> None:
    """Refuses more chosen experts than there are; the arguments are the fields' names for the error."""
    if config.sizes[E_a] > config.sizes[EXPERTS]:
        there = config.sizes[EXPERTS]
        raise SymllmError(f"config: field {chosen!r} is {config.sizes[E_a]}, but {experts!r} gives {there} experts to choose from")


def per_layer(config: Config, name: str, understood: Sequence[object]) -> list[object] | None:
    """A list option with one entry a layer, checked; None where the config has none.

    Raises `SymllmError` for another length than num_hidden_layers and for an entry that is not understood.
    """
    entries: list[object] | None = config.options[name]
    if entries is None:
        return None
    if len(entries) != config.sizes[N]:
        raise SymllmError(f"config: field {name!r} has {len(entries)} entries, but the model has {config.sizes[N]} layers")
    for entry in entries:
        if isinstance(entry, bool) or entry not in understood:
            raise SymllmError(f"config: field {name!r} holds {shown(entry)}; understood: {', '.join(map(str, understood))}")
    return entries


def number(config: Config, name: str, zero: bool = True) -> int:
    """A whole-number option, checked: at least 0 (or 1)."""
    return whole(config.options[name], name, zero)


def places(config: Config, name: str) -> frozenset[int]:
    """A list option of layers' places, each a whole number; places beyond the model are allowed, as in the library."""
    entries = config.options[name]
    return frozenset(whole(entry, name, zero=True) for entry in entries or ())
