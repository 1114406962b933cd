"""Attention whose output passes a gate of its own projection.

The gate is as wide as the queries, so it is one matrix of d x h·d_h more; a sigmoid of it scales the context.
Sources: Qiu et al. 2025, arXiv:2505.06708; transformers' Qwen3NextAttention.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Block, Saved, Weight

from ..notation import b, d, d_h, h, s
from .attention import attention


def gated_attention(*, bias: bool = False) -> Block:
    """Grouped-query attention with a gate of h·d_h numbers a token, with or without biases on its projections."""
    plain = attention(qkv_bias=bias, out_bias=bias)
    gate = [Weight("W_gate", (d, h * d_h), "matmul", split=h, quantizes=True)]
    if bias:
        gate.append(Weight("b_gate", (h * d_h,), split=h))
    kept = (
        Saved("gate", b * s * h * d_h, split=h, because="for the gradient of the product"),
        Saved("gated context", b * s * h * d_h, split=h, because="the input of W_O"),
    )
    return replace(plain, title="gated attention", weights=(*plain.weights, *gate), saved=(*plain.saved, *kept),
                   workspace=plain.workspace + h * d_h, source=f"{plain.source}; gate: arXiv:2505.06708")  # fmt: skip
