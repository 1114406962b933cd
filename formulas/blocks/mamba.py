"""Mamba-1: a selective state space, one state of d_state numbers for each of d_inner components.

The input is projected to x and a gate z; x passes a short convolution and gives each token its own B, C and step Δ.
The state follows S ← exp(ΔA) ⊙ S + ΔB·x and is read by C. What a token costs besides its weights is one
multiply-add a state number for the update and one for the reading; forming ΔA and ΔB, the skip D and the gate
are elementwise work, which counts nowhere in this book (as a norm's).
Source: Gu and Dao 2023, arXiv:2312.00752; norms on Δ, B and C: Jamba, arXiv:2403.19887.
"""

from __future__ import annotations

from symllm.block import Block, CacheEntry, Product, Saved, Weight

from ..notation import BYTE, b, d, d_conv, d_inner, d_state, r_dt, s
from .short_convolution import kept_inputs, kernel

SOURCE = "arXiv:2312.00752; norms of Δ, B, C: arXiv:2403.19887"


def mamba(*, bias: bool = False, conv_bias: bool = True, norms: bool = False) -> Block:
    """A Mamba-1 mixer.

    bias: on the projections in and out. conv_bias: on the convolution. norms: learned norms of Δ, B and C (Jamba;
    Falcon Mamba norms them too, but without weights).
    """
    weights = [
        Weight("W_x", (d, d_inner), "matmul", split=d_inner, quantizes=True),
        Weight("W_z", (d, d_inner), "matmul", split=d_inner, quantizes=True),
        *kernel(d_inner, d_inner, conv_bias),
        Weight("W_r", (d_inner, r_dt), "matmul", split=d_inner, quantizes=True, because="x to the low rank of its step"),
        Weight("W_B", (d_inner, d_state), "matmul", split=d_inner, quantizes=True),
        Weight("W_C", (d_inner, d_state), "matmul", split=d_inner, quantizes=True),
        Weight("W_Δ", (r_dt, d_inner), "matmul", split=d_inner, quantizes=True),
        Weight("b_Δ", (d_inner,), split=d_inner),
        Weight("A", (d_inner, d_state), split=d_inner),
        Weight("D", (d_inner,), split=d_inner),
        Weight("W_out", (d_inner, d), "matmul", split=d_inner, quantizes=True),
    ]
    if bias:
        weights += [Weight("b_in", (2 * d_inner,), split=d_inner), Weight("b_out", (d,))]
    if norms:
        weights += [Weight("g_Δ", (r_dt,)), Weight("g_B", (d_state,)), Weight("g_C", (d_state,))]
    return Block(
        "mamba", "selective state space", "ssm", tuple(weights),
        products=(
            # transformers updates the state with elementwise operations, which a counter of matrix products
            # does not see; it reads the state with a matrix product.
            Product("state update", d_inner * d_state, per="token", split=d_inner, because="each number of the state: decayed, added to",
                    departures={"transformers": {"size": 0}}),
            Product("state read-out", d_inner * d_state, per="token", split=d_inner, because="the state of each component with C"),
        ),
        cache=(
            kept_inputs(d_inner, d_inner),
            CacheEntry("state", (d_inner, d_state), tokens=1, element=4 * BYTE, split=d_inner, because="float32 in models of any dtype"),
        ),
        saved=(
            Saved("input", b * s * d, because="for the gradients of W_x and W_z"),
            Saved("x, z", 2 * b * s * d_inner, split=d_inner, because="the convolution's input and the gate"),
            Saved("convolved x", b * s * d_inner, split=d_inner, because="for the gradients of W_r, W_B, W_C and the scan"),
            Saved("step, B, C", b * s * (r_dt + 2 * d_state), because="for the gradients of W_Δ and the scan"),
            Saved("Δ", b * s * d_inner, split=d_inner, because="for the scan, which computes its states again"),
            Saved("scan's output", b * s * d_inner, split=d_inner, because="for the gradient of the gate"),
            Saved("gated output", b * s * d_inner, split=d_inner, because="the input of W_out"),
        ),
        workspace=4 * d_inner + r_dt + 2 * d_state, workspace_split=d_inner,
        holds=f"d_inner components with {d_conv} inputs kept each",
        source=SOURCE,
    )  # fmt: skip
