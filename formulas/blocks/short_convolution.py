"""Short causal convolutions: one small kernel for each channel, and LFM2's layer that is nothing else.

Every channel is convolved alone (depthwise) with the d_conv newest tokens, so a kernel holds d_conv numbers a
channel and costs d_conv multiply-adds a channel and token. Between tokens the newest d_conv inputs are kept.
Sources: Mamba, arXiv:2312.00752; LFM2, arXiv:2511.23404. What is kept: the Mamba authors' own
implementation keeps d_conv inputs, as transformers does; d_conv - 1 would do.
"""

from __future__ import annotations

from typing import Final

import sympy

from symllm.block import Block, CacheEntry, Saved, Weight

from ..notation import b, d, d_conv, d_inner, q, s, t, u_a

#: 1 where the pass is the first of its sequence (t = q), 0 where earlier tokens are cached.
FIRST_PASS: Final = 1 - sympy.Min(t - q, 1)


def kernel(width: sympy.Expr, split: sympy.Symbol | None, bias: bool, name: str = "kernel") -> tuple[Weight, ...]:
    """The kernels of `width` channels, with or without a bias a channel.

    transformers pads a prompt on both sides and drops the last d_conv - 1 outputs, and computes two outputs of
    which it drops one in a decode step (measured with torch's counter, transformers 5.23.0).
    """
    extra = (d_conv - 1) * FIRST_PASS + (1 - FIRST_PASS)
    weights = [Weight(name, (width, d_conv), "convolution", split=split, departures={"transformers": {"tokens": q + extra}},
                      because="each channel with its own newest tokens")]  # fmt: skip
    if bias:
        weights.append(Weight(f"b_{name}", (width,), split=split))
    return tuple(weights)


def kept_inputs(width: sympy.Expr, split: sympy.Symbol | None) -> CacheEntry:
    """The newest d_conv inputs of `width` channels, in the dtype of the activations whatever the KV cache's."""
    return CacheEntry("convolution", (width, d_conv), tokens=1, element=u_a, split=split, because="a kernel's width of inputs")


def short_convolution(bias: bool = False) -> Block:
    """LFM2's operator: C ⊙ convolution(B ⊙ x), where B, C and x are three projections of the input to d_inner."""
    weights = [Weight(f"W_{part}", (d, d_inner), "matmul", split=d_inner, quantizes=True) for part in ("B", "C", "x")]
    weights += [*kernel(d_inner, d_inner, bias), Weight("W_out", (d_inner, d), "matmul", split=d_inner, quantizes=True)]
    if bias:
        weights += [Weight("b_in", (3 * d_inner,), split=d_inner), Weight("b_out", (d,))]
    tokens = b * s * d_inner
    return Block(
        "convolution", "short convolution", "ssm", tuple(weights),
        cache=(kept_inputs(d_inner, d_inner),),
        saved=(
            Saved("input", b * s * d, because="for the gradients of W_B, W_C and W_x"),
            Saved("B, C, x", 3 * tokens, split=d_inner, because="for the gradients of the two products"),
            Saved("convolution's input", tokens, split=d_inner, because="for the gradient of the kernels"),
            Saved("convolution's output", tokens, split=d_inner, because="for the gradient of C"),
            Saved("gated output", tokens, split=d_inner, because="the input of W_out"),
        ),
        workspace=4 * d_inner, workspace_split=d_inner,
        source="arXiv:2511.23404; transformers Lfm2ShortConv",
    )  # fmt: skip
