"""Zamba2's shared block: attention and feed-forward that several layers run with the same weights.

Its input is the layer's and the token embedding side by side, 2 d numbers. Every use has low-rank corrections
(adapters) of its own and a matrix that brings the result back into the layer. A later use stores nothing of the
shared part again, but computes all of it.
Sources: Zamba, arXiv:2405.16712; Zamba2, arXiv:2411.15242; transformers' Zamba2HybridLayer.
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from symllm.block import Block, Saved, Weight
from symllm.symbols import NamedSymbol

from ..notation import b, d, d_ff, d_h, h, k, s
from .attention import attention
from .feed_forward import gated
from .norm import rms_norm

SOURCE = "arXiv:2405.16712, arXiv:2411.15242"

r_ad = NamedSymbol("r_ad", title="adapter rank", meaning="rank of a shared block's corrections", latex=r"r_{\mathrm{ad}}", rank=903)


def _adapter(name: str, enters: sympy.Expr, leaves: sympy.Expr, split: sympy.Symbol) -> tuple[Weight, ...]:
    return (Weight(f"{name}_down", (enters, r_ad), "matmul", quantizes=True),
            Weight(f"{name}_up", (r_ad, leaves), "matmul", split=split, quantizes=True))  # fmt: skip


def shared_transformer(first: bool, *, bias: bool, adapters: bool) -> tuple[Block, ...]:
    """Norm, attention, norm and feed-forward; `first` where the weights are stored, else they are an earlier layer's.

    bias: on the feed-forward block. adapters: also on queries, keys and values; the feed-forward block always has them.
    """
    attends = attention("attention", width=2 * d)
    shared = tuple(replace(w, shape=(h * d_h, d)) if w.name == "W_O" else w for w in attends.weights)
    inner = gated(bias=bias)
    blocks: tuple[Block, ...] = (rms_norm("concat_norm", 2 * d), replace(attends, weights=shared), rms_norm("ffn_norm"), inner)
    if not first:
        blocks = tuple(replace(block, weights=tuple(replace(w, stored=False) for w in block.weights)) for block in blocks)
    own = _adapter("L_mlp", d, 2 * d_ff, d_ff)
    if adapters:
        queries = _adapter("L_Q", 2 * d, h * d_h, h)
        others = (*_adapter("L_K", 2 * d, k * d_h, k), *_adapter("L_V", 2 * d, k * d_h, k))
        blocks = (blocks[0], replace(blocks[1], weights=(*blocks[1].weights, *queries, *others)), *blocks[2:])
    return (*blocks[:3], replace(blocks[3], weights=(*blocks[3].weights, *own)))


def back_projection() -> Block:
    """The matrix (d, d) between the shared block and the layer that uses it, each layer's own."""
    return Block("back", "projection of the shared block", "other", (Weight("W_back", (d, d), "matmul", quantizes=True),),
                 saved=(Saved("input", b * s * d, because="for the gradient of W_back"),), workspace=d, source=SOURCE)  # fmt: skip
