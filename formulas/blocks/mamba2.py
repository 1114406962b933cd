"""Mamba-2: a selective state space with heads, whose state is a matrix of d_m x d_state numbers for each head.

One decay a head and token, B and C shared by the heads of a group: S ← a·S + Δ·x·Bᵀ, y = S·C. As a recurrence a
token costs one multiply-add a state number for the update and one for the reading. That is the answer given here;
programs compute a prompt in chunks of c_m tokens, as products of c_m x c_m matrices within a chunk and of states
between chunks (the "state space duality"), which costs more FLOP and runs on matrix units.
Source: Dao and Gu 2024, arXiv:2405.21060.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, CacheEntry, Product, Saved, Weight

from ..notation import BYTE, b, c_m, d, d_m, d_state, g_m, h_m, q, s
from .short_convolution import FIRST_PASS, kept_inputs, kernel

SOURCE = "arXiv:2405.21060"


def mamba2(*, bias: bool = False, out_bias: bool | None = None, conv_bias: bool = True, norm: bool = True) -> Block:
    """A Mamba-2 mixer.

    bias: on the projection in (and, unless out_bias says otherwise, out). norm: the gated RMSNorm before W_out.
    """
    inner, shared = h_m * d_m, g_m * d_state
    weights = [
        Weight("W_x", (d, inner), "matmul", split=h_m, quantizes=True),
        Weight("W_z", (d, inner), "matmul", split=h_m, quantizes=True),
        Weight("W_B", (d, shared), "matmul", split=g_m, quantizes=True),
        Weight("W_C", (d, shared), "matmul", split=g_m, quantizes=True),
        Weight("W_Δ", (d, h_m), "matmul", split=h_m, quantizes=True),
        *kernel(inner, h_m, conv_bias, "kernel_x"),
        *kernel(2 * shared, g_m, conv_bias, "kernel_BC"),
        Weight("b_Δ", (h_m,), split=h_m),
        Weight("A", (h_m,), split=h_m),
        Weight("D", (h_m,), split=h_m),
        Weight("W_out", (inner, d), "matmul", split=h_m, quantizes=True),
    ]
    if norm:
        weights.append(Weight("g", (inner,), split=h_m))
    if bias:
        weights.append(Weight("b_in", (2 * inner + 2 * shared + h_m,)))
    if bias if out_bias is None else out_bias:
        weights.append(Weight("b_out", (d,)))
    return Block(
        "mamba2", "state space with heads", "ssm", tuple(weights),
        products=_scan(),
        cache=(
            kept_inputs(inner, h_m),
            kept_inputs(2 * shared, g_m),
            CacheEntry("state", (h_m, d_m, d_state), tokens=1, element=4 * BYTE, split=h_m, because="float32 in models of any dtype"),
        ),
        saved=(
            Saved("input", b * s * d, because="for the gradients of the projections in"),
            Saved("x, z", 2 * b * s * inner, split=h_m, because="the convolution's input and the gate"),
            Saved("B, C, Δ", b * s * (2 * shared + h_m), because="the convolution's input and the scan's steps"),
            Saved("convolved x, B, C", b * s * (inner + 2 * shared), because="for the scan, which computes its states again"),
            Saved("scan's output", b * s * inner, split=h_m, because="for the gradients of the gate and the norm"),
            Saved("gated output", b * s * inner, split=h_m, because="the input of W_out"),
        ),
        workspace=4 * inner + 4 * shared + h_m, workspace_split=h_m,
        source=SOURCE,
    )  # fmt: skip


def _scan() -> tuple[Product, ...]:
    """The recurrence; and how transformers carries it out.

    There a prompt is padded to whole chunks, every chunk computes its square of scores and its state, the chunks'
    states are combined by one product of all with all (an empty one in front), and each chunk reads the state it
    starts from. In a decode step the update is elementwise, and only the reading is a product.
    """
    state = d_m * d_state
    chunks = sympy.ceiling(q / c_m)
    decode = 1 - FIRST_PASS
    update = FIRST_PASS * h_m * state * (chunks * c_m + (chunks + 1) ** 2)
    within = FIRST_PASS * h_m * chunks * c_m**2 * (d_state + d_m)
    read = h_m * state * (FIRST_PASS * chunks * c_m + decode)
    return (
        Product("state update", h_m * state, per="token", split=h_m, because="each number of the state: decayed, added to",
                departures={"transformers": {"size": update, "per": "pass"}}),
        Product("state read-out", h_m * state, per="token", split=h_m, because="the state of each head with C",
                departures={"transformers": {"size": read, "per": "pass"}}),
        Product("within chunks", 0, per="pass", split=h_m, because="nothing, as a recurrence",
                departures={"transformers": {"size": within, "because": "each chunk's square of scores, and x averaged with it"}}),
    )  # fmt: skip
