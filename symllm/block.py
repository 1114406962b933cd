"""Blocks: the parts of a model, declared by the shapes of what they hold and do. Everything else is derived.

A block states its weights, its products that are not a weight times tokens, what it caches between tokens, what
it saves for the backward pass and what is alive while it runs. Sizes are SymPy expressions over the notation.
Where a library computes or keeps something other than the model's own mathematics asks for, the declaration
says so beside it (`departures`), under the name of the engine that does it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import sympy

from .formula import Formula

Size: TypeAlias = "sympy.Expr | int"
Use = Literal["matmul", "convolution", "lookup", "elementwise"]


@dataclass(frozen=True)
class Reach:
    """Which earlier tokens a query can see: all of them, a sliding window, its own chunk, or a fixed set.

    kind "all"; "window" (the last `size` tokens, itself among them); "chunk" (tokens of the same chunk of `size`);
    "selected" (all scanned, but only the best `size` attended); "fixed" (`size` tokens that do not grow, such as an image's).
    stride: tokens that one key stands for, where keys are compressed; "all" and "selected" then count such keys.
    """

    kind: Literal["all", "window", "chunk", "selected", "fixed"] = "all"
    size: Size | None = None
    stride: Size = 1


EVERYTHING = Reach()


@dataclass(frozen=True)
class Weight:
    """A stored tensor.

    shape: (in, out) for a matrix; a vector, table or kernel otherwise.
    use: "matmul" and "convolution" cost 2 FLOP an element and token; a lookup or an elementwise weight costs none.
    copies, active: how many such tensors the block holds, and how many a token passes (experts); default all.
    tokens: tokens of one sequence that pass it in a pass; None means all of the pass (the symbol q).
    phase: the one pass that it works in ("prefill": with the prompt alone); empty for every pass.
    split: the symbol that tensor parallelism divides; None means every GPU holds all of it.
    spread: True where expert parallelism divides the copies.
    quantizes: whether weight quantization touches it (matrices inside layers, as a rule).
    stored: False where another tensor is used again (a tied head): it costs FLOP but holds no parameters.
    buffer: True for a tensor that is stored with the model but is no parameter (a router's correction bias).
    element: bytes of one number where the tensor keeps a dtype of its own whatever the format; None as a rule.
    departures: engine name -> the fields that differ there, such as {"tokens": t}.
    """

    name: str
    shape: tuple[Size, ...]
    use: Use = "elementwise"
    copies: Size = 1
    active: Size | None = None
    tokens: Size | None = None
    phase: str = ""
    split: sympy.Symbol | None = None
    spread: bool = False
    quantizes: bool = False
    stored: bool = True
    buffer: bool = False
    element: Size | None = None
    because: str = ""
    departures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    @property
    def elements(self) -> sympy.Expr:
        """Numbers in one copy."""
        return sympy.Mul(*self.shape)


@dataclass(frozen=True)
class Product:
    """Multiply-adds that are not a weight times tokens: attention's two products, a state update.

    size: multiply-adds for each `per`: "pair" of query and key within `reach`, "token" of the pass, or whole "pass".
    phase: "decode" or "prefill" where the product is carried out in that phase alone; "" means in every pass.
    """

    name: str
    size: Size
    per: Literal["pair", "token", "pass"] = "pair"
    reach: Reach = EVERYTHING
    tokens: Size | None = None
    phase: Literal["", "prefill", "decode"] = ""
    split: sympy.Symbol | None = None
    because: str = ""
    departures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class CacheEntry:
    """What a block keeps between tokens.

    shape: numbers kept for each kept token (or in all, with tokens = 1: a constant-size state).
    tokens: kept tokens; None means those that `reach` keeps of the s tokens of the sequence.
    element: bytes of one number; None means the cache's own dtype (the symbol u_kv).
    """

    name: str
    shape: tuple[Size, ...]
    tokens: Size | None = None
    reach: Reach = EVERYTHING
    element: Size | None = None
    split: sympy.Symbol | None = None
    because: str = ""
    departures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Saved:
    """A tensor kept for the backward pass: numbers in it, bytes of one, and when it is kept.

    when: names of training options of which all must be on, such as ("dropout", "eager"); empty means always.
    element: bytes of one number; None means the activations' dtype (the symbol u_a).
    """

    name: str
    elements: sympy.Expr
    element: Size | None = None
    when: tuple[str, ...] = ()
    split: sympy.Symbol | None = None
    because: str = ""


@dataclass(frozen=True)
class Block:
    """A part of a model: what it is called, which component it counts as, and what it holds and does.

    component: the row of the breakdown it belongs to ("attention", "ffn", "norm", "embedding", "lm_head", ...).
    workspace: numbers alive at once for each token while the block runs in inference, besides its input.
    tokens: what passes it of one sequence where that is not the sequence's own tokens (an image's patches): such a block
    runs with the prompt alone, and its parameters multiply no token of the sequence.
    holds: when the declaration is true. source: where it is published.
    """

    name: str
    title: str
    component: str
    weights: tuple[Weight, ...] = ()
    products: tuple[Product, ...] = ()
    cache: tuple[CacheEntry, ...] = ()
    saved: tuple[Saved, ...] = ()
    workspace: Size = 0
    workspace_split: sympy.Symbol | None = None
    tokens: Size | None = None
    holds: str = ""
    source: str = ""


@dataclass(frozen=True)
class Group:
    """`count` equal layers, each the given blocks one after another.

    values: sizes that these layers alone have, where models mix layers of several sizes.
    layers: the layers' places in the model, from 0, where kinds of layers alternate; empty where groups follow one another.
    """

    name: str
    title: str
    count: Size
    blocks: tuple[Block, ...]
    values: Mapping[sympy.Symbol, int] = field(default_factory=dict, hash=False)
    layers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Architecture:
    """A whole model: what stands once (embedding, last norm, head, a vision tower's ends) and groups of layers.

    values: numbers that its page worked out of the config (how many layers of each kind), by symbol.
    rules: formulas that hold for this model alone, such as how many tokens it makes of an image.
    """

    once: tuple[Block, ...]
    groups: tuple[Group, ...]
    values: Mapping[sympy.Symbol, Any] = field(default_factory=dict, hash=False)
    notes: tuple[str, ...] = ()
    rules: tuple[Formula, ...] = ()
