"""RWKV-4: a recurrence in place of attention (time mixing), and a feed-forward block that sees one token back.

Time mixing keeps, for each component, a decayed sum of exp(k)·v, one of exp(k) and the largest exponent so far;
both blocks also keep their last input (the token shift). The recurrence is componentwise: two multiply-adds a
component for the two sums, two for reading them.
Source: Peng et al. 2023, arXiv:2305.13048; what transformers keeps: its RwkvModel.
"""

from __future__ import annotations

from typing import Any

from symllm.block import Block, CacheEntry, Product, Saved, Weight
from symllm.symbols import NamedSymbol

from ..notation import BYTE, b, d, d_ff, s, u_a

SOURCE = "arXiv:2305.13048; transformers RwkvSelfAttention, RwkvFeedForward"

d_att = NamedSymbol("d_att", title="time-mixing size", meaning="inner width of RWKV's time mixing", latex=r"d_{\mathrm{att}}", rank=901)


def time_mixing() -> Block:
    """Receptance, key, value and output projections around the recurrence."""
    kept: dict[str, Any] = {"per": "token", "split": d_att, "departures": {"transformers": {"size": 0}}}  # elementwise there
    return Block(
        "time_mixing", "time mixing", "attention",
        (
            Weight("decay", (d_att,), split=d_att),
            Weight("first", (d_att,), split=d_att),
            *(Weight(f"mix_{part}", (d,)) for part in ("k", "v", "r")),
            *(Weight(f"W_{part}", (d, d_att), "matmul", split=d_att, quantizes=True) for part in ("k", "v", "r")),
            Weight("W_o", (d_att, d), "matmul", split=d_att, quantizes=True),
        ),
        products=(
            Product("state update", 2 * d_att, because="two decayed sums", **kept),
            Product("state read-out", 2 * d_att, because="the sums with the present token", **kept),
        ),
        cache=(
            CacheEntry("last input", (d,), tokens=1, element=u_a, because="the token shift"),
            CacheEntry("sums", (3, d_att), tokens=1, element=4 * BYTE, split=d_att, because="two sums and an exponent, in float32"),
        ),
        saved=(
            Saved("input", b * s * d, because="for the gradients of the mixes"),
            Saved("mixed inputs", 3 * b * s * d, because="the inputs of W_k, W_v and W_r"),
            Saved("k, v, r", 3 * b * s * d_att, split=d_att, because="for the recurrence, which computes its sums again"),
            Saved("recurrence's output", b * s * d_att, split=d_att, because="for the gradient of the receptance"),
            Saved("gated output", b * s * d_att, split=d_att, because="the input of W_o"),
        ),
        workspace=4 * d_att, workspace_split=d_att,
        source=SOURCE,
    )  # fmt: skip


def channel_mixing() -> Block:
    """σ(W_r·x) ⊙ W_v·relu(W_k·x)², each x mixed with the token before it."""
    return Block(
        "channel_mixing", "channel mixing", "ffn",
        (
            *(Weight(f"mix_{part}", (d,)) for part in ("k", "r")),
            Weight("W_k", (d, d_ff), "matmul", split=d_ff, quantizes=True),
            Weight("W_r", (d, d), "matmul", quantizes=True),
            Weight("W_v", (d_ff, d), "matmul", split=d_ff, quantizes=True),
        ),
        cache=(CacheEntry("last input", (d,), tokens=1, element=u_a, because="the token shift"),),
        saved=(
            Saved("input", b * s * d, because="for the gradients of the mixes"),
            Saved("mixed inputs", 2 * b * s * d, because="the inputs of W_k and W_r"),
            Saved("nonlinearity's input", b * s * d_ff, split=d_ff, because="for its gradient"),
            Saved("nonlinearity's output", b * s * d_ff, split=d_ff, because="the input of W_v"),
            Saved("receptance, value", 2 * b * s * d, because="for the gradient of their product"),
        ),
        workspace=2 * d_ff, workspace_split=d_ff,
        source=SOURCE,
    )  # fmt: skip
