"""Feed-forward blocks: plain (two matrices and a nonlinearity) and gated (three matrices, SwiGLU and its kin).

Sources: Vaswani et al. 2017, arXiv:1706.03762; Shazeer 2020, arXiv:2002.05202; what is saved: Korthikanti et al.
2022, arXiv:2205.05198.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, Saved, Weight

from ..notation import BYTE, b, d, d_ff, s


def plain(name: str = "mlp", *, bias: bool = False, width: sympy.Expr = d, inner: sympy.Symbol = d_ff) -> Block:
    """W_out·f(W_in·x), with or without biases."""
    weights = [
        Weight("W_in", (width, inner), "matmul", split=inner, quantizes=True),
        Weight("W_out", (inner, width), "matmul", split=inner, quantizes=True),
    ]
    if bias:
        weights += [Weight("b_in", (inner,), split=inner), Weight("b_out", (width,))]
    return Block(
        name, "feed-forward", "ffn", tuple(weights),
        saved=(
            Saved("input", b * s * width, because="for the gradient of W_in"),
            Saved("nonlinearity's input", b * s * inner, split=inner, because="for its gradient"),
            Saved("nonlinearity's output", b * s * inner, split=inner, because="for the gradient of W_out"),
            Saved("output mask", b * s * width, BYTE, ("dropout",), None, "which outputs dropout kept"),
        ),
        workspace=2 * inner, workspace_split=inner,
        source="arXiv:1706.03762; saved tensors: arXiv:2205.05198",
    )  # fmt: skip


def gated(name: str = "mlp", *, bias: bool = False, width: sympy.Expr = d, inner: sympy.Symbol = d_ff) -> Block:
    """W_down·(f(W_gate·x) ⊙ W_up·x), with or without biases."""
    weights = [
        Weight("W_gate", (width, inner), "matmul", split=inner, quantizes=True),
        Weight("W_up", (width, inner), "matmul", split=inner, quantizes=True),
        Weight("W_down", (inner, width), "matmul", split=inner, quantizes=True),
    ]
    if bias:
        weights += [Weight("b_gate", (inner,), split=inner), Weight("b_up", (inner,), split=inner), Weight("b_down", (width,))]
    return Block(
        name, "gated feed-forward", "ffn", tuple(weights),
        saved=(
            Saved("input", b * s * width, because="for the gradients of W_gate and W_up"),
            Saved("gate", b * s * inner, split=inner, because="the nonlinearity's input"),
            Saved("activated gate", b * s * inner, split=inner, because="for the gradient of the product"),
            Saved("up", b * s * inner, split=inner, because="for the gradient of the product"),
            Saved("product", b * s * inner, split=inner, because="the input of W_down"),
            Saved("output mask", b * s * width, BYTE, ("dropout",), None, "which outputs dropout kept"),
        ),
        workspace=3 * inner, workspace_split=inner,
        source="arXiv:2002.05202",
    )  # fmt: skip
