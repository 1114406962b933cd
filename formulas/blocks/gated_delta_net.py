"""Gated DeltaNet: linear attention that erases what a key held before it writes.

Each value head keeps a matrix of d_lk x d_lv numbers: S ← α·S, then S ← S + β·k·(v - Sᵀk)ᵀ, read as o = Sᵀq. As a
recurrence that is three multiply-adds a state number and token: reading the old value, writing the correction,
answering the query; the decay is elementwise. Programs compute a prompt in chunks of 64 tokens, which costs more.
Sources: Yang et al. 2024, arXiv:2412.06464 (chunks: arXiv:2406.06484); the layer as Qwen3-Next builds it:
transformers' Qwen3NextGatedDeltaNet.
"""

from __future__ import annotations

from typing import Final

import sympy

from symllm.block import Block, CacheEntry, Product, Saved, Weight

from ..notation import BYTE, b, d, d_lk, d_lv, h_lk, h_lv, q, s
from .short_convolution import FIRST_PASS, kept_inputs, kernel

#: Tokens of a chunk in transformers, no field of any config.
CHUNK: Final = 64


def gated_delta_net() -> Block:
    """The mixer: projections of q, k, v and a gate, two numbers a head (β and the decay), a convolution, a gated norm."""
    keys, values = h_lk * d_lk, h_lv * d_lv
    return Block(
        "delta_net", "gated delta rule", "ssm",
        (
            Weight("W_Q", (d, keys), "matmul", split=h_lk, quantizes=True),
            Weight("W_K", (d, keys), "matmul", split=h_lk, quantizes=True),
            Weight("W_V", (d, values), "matmul", split=h_lv, quantizes=True),
            Weight("W_z", (d, values), "matmul", split=h_lv, quantizes=True),
            Weight("W_β", (d, h_lv), "matmul", split=h_lv, quantizes=True),
            Weight("W_α", (d, h_lv), "matmul", split=h_lv, quantizes=True),
            *kernel(2 * keys, h_lk, False, "kernel_QK"),
            *kernel(values, h_lv, False, "kernel_V"),
            Weight("b_α", (h_lv,), split=h_lv),
            Weight("A", (h_lv,), split=h_lv),
            Weight("g", (d_lv,)),
            Weight("W_O", (values, d), "matmul", split=h_lv, quantizes=True),
        ),
        products=_rule(),
        cache=(
            kept_inputs(2 * keys, h_lk),
            kept_inputs(values, h_lv),
            CacheEntry("state", (h_lv, d_lk, d_lv), tokens=1, element=4 * BYTE, split=h_lv, because="float32 in models of any dtype"),
        ),
        saved=(
            Saved("input", b * s * d, because="for the gradients of the projections in"),
            Saved("Q, K, V", b * s * (2 * keys + values), because="the convolution's input"),
            Saved("convolved Q, K, V", b * s * (2 * keys + values), because="for the scan, which computes its states again"),
            Saved("β, α", 2 * b * s * h_lv, split=h_lv, because="for the scan"),
            Saved("gate", b * s * values, split=h_lv, because="for the gradient of the gated norm"),
            Saved("scan's output", b * s * values, split=h_lv, because="for the gradient of the gated norm"),
            Saved("gated output", b * s * values, split=h_lv, because="the input of W_O"),
        ),
        workspace=4 * keys + 4 * values + 2 * h_lv, workspace_split=h_lv,
        source="arXiv:2412.06464; transformers Qwen3NextGatedDeltaNet",
    )  # fmt: skip


def _rule() -> tuple[Product, ...]:
    """The recurrence; and how transformers carries it out.

    There a prompt is padded to whole chunks; a chunk computes two squares of scores (keys with keys, queries with
    keys), averages values with one, and touches the state three times. The triangular system of each chunk is
    solved by a routine that torch's counter does not see, and a decode step is elementwise throughout.
    """
    state = h_lv * d_lk * d_lv
    tokens = FIRST_PASS * CHUNK * sympy.ceiling(q / CHUNK)
    chunked = {"transformers": {"size": state * tokens, "per": "pass"}}
    within = tokens * CHUNK * h_lv * (2 * d_lk + d_lv)
    return (
        Product("old value", state, per="token", split=h_lv, because="what the state holds for the key", departures=chunked),
        Product("state update", state, per="token", split=h_lv, because="key times correction", departures=chunked),
        Product("state read-out", state, per="token", split=h_lv, because="the state with the query", departures=chunked),
        Product("within chunks", 0, per="pass", split=h_lv, because="nothing, as a recurrence",
                departures={"transformers": {"size": within, "because": "each chunk's squares of scores"}}),
    )  # fmt: skip
