"""Griffin's recurrent block: a short convolution and a gated linear recurrence of one number a component (RG-LRU).

The recurrence's two gates are block-diagonal matrices, one square a head. Its state is a vector, so a token costs
one multiply-add a component besides the weights.
Source: De et al. 2024, arXiv:2402.19427; transformers' RecurrentGemmaRecurrentBlock.
"""

from __future__ import annotations

from symllm.block import Block, CacheEntry, Product, Saved, Weight

from ..notation import BYTE, b, d, d_conv, d_inner, h, q, s, u_a
from .short_convolution import FIRST_PASS


def recurrent_block() -> Block:
    """Two branches of width d_inner, one through convolution and recurrence, multiplied; biases everywhere.

    transformers pads a prompt on both sides of the convolution; a decode step's convolution and the recurrence are
    elementwise there. Its recurrence lies outside the cache object, d_conv - 1 inputs and a float32 state a component.
    """
    tokens = b * s * d_inner
    gate = d_inner / h
    in_first_pass = {"transformers": {"tokens": FIRST_PASS * (q + d_conv - 1)}}
    return Block(
        "recurrence", "gated linear recurrence", "ssm",
        (
            Weight("W_x", (d, d_inner), "matmul", split=d_inner, quantizes=True),
            Weight("W_y", (d, d_inner), "matmul", split=d_inner, quantizes=True),
            Weight("b_x", (d_inner,), split=d_inner),
            Weight("b_y", (d_inner,), split=d_inner),
            Weight("kernel", (d_inner, d_conv), "convolution", split=d_inner, departures=in_first_pass),
            Weight("b_kernel", (d_inner,), split=d_inner),
            Weight("decay", (d_inner,), split=d_inner),
            Weight("W_i", (h, gate, gate), "matmul", split=h, because="the input gate, a square a head"),
            Weight("W_r", (h, gate, gate), "matmul", split=h, because="the recurrence gate, a square a head"),
            Weight("b_i", (d_inner,), split=d_inner),
            Weight("b_r", (d_inner,), split=d_inner),
            Weight("W_out", (d_inner, d), "matmul", split=d_inner, quantizes=True),
            Weight("b_out", (d,)),
        ),
        products=(Product("state update", d_inner, per="token", split=d_inner, because="each number of the state: decayed, added to",
                          departures={"transformers": {"size": 0}}),),
        cache=(
            CacheEntry("convolution", (d_inner, d_conv - 1), tokens=1, element=u_a, split=d_inner, because="what the next token sees"),
            CacheEntry("state", (d_inner,), tokens=1, element=4 * BYTE, split=d_inner, because="float32 in models of any dtype"),
        ),
        saved=(
            Saved("input", b * s * d, because="for the gradients of W_x and W_y"),
            Saved("x, y", 2 * tokens, split=d_inner, because="the inputs of the convolution and of the nonlinearity"),
            Saved("convolved x", tokens, split=d_inner, because="for the gradients of the gates"),
            Saved("gates", 2 * tokens, split=d_inner, because="for the gradient of the recurrence"),
            Saved("states", tokens, split=d_inner, because="for the gradients of decay and product"),
            Saved("activated y", tokens, split=d_inner, because="for the gradient of the product"),
            Saved("product", tokens, split=d_inner, because="the input of W_out"),
        ),
        workspace=5 * d_inner, workspace_split=d_inner,
        holds="every token of the sequence is new to the state (no packed sequences)",
        source="arXiv:2402.19427; transformers RecurrentGemmaRecurrentBlock",
    )  # fmt: skip
