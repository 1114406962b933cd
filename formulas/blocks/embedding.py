"""What stands at the two ends of a language model: token table, positions, output head.

Source: Vaswani et al. 2017, arXiv:1706.03762; tying the two tables: Press and Wolf 2016, arXiv:1608.05859.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, Saved, Weight

from ..notation import BYTE, V, b, d, q_out, s, s_pos

SOURCE = "arXiv:1706.03762, arXiv:1608.05859"
#: The loss is computed on float32 logits, and targets are int64.
FLOAT32, INT64 = 4 * BYTE, 8 * BYTE


def token_embedding(width: sympy.Expr = d) -> Block:
    """One row of the table for each token of the vocabulary; looking it up costs no multiplication."""
    return Block("embedding", "token embedding", "embedding", (Weight("W_E", (V, width), "lookup", split=V),), source=SOURCE)


def learned_positions(positions: sympy.Expr = s_pos) -> Block:
    """One learned row for each position (GPT-2, OPT)."""
    return Block("positions", "position embedding", "pos_embedding", (Weight("W_pos", (positions, d), "lookup"),),
                 saved=(Saved("embedding mask", b * s * d, BYTE, ("dropout",), None, "which numbers dropout kept"),),
                 source=SOURCE)  # fmt: skip


def head(tied: bool, bias: bool = False, width: sympy.Expr = d) -> Block:
    """The logits: one dot product for each token of the vocabulary. A tied head uses the token table again."""
    weights = [Weight("W_head", (width, V), "matmul", tokens=q_out, split=V, stored=not tied)]
    if bias:
        weights.append(Weight("b_head", (V,), split=V))
    saved = (
        Saved("input", b * s * width, because="for the gradient of W_head"),
        Saved("log-probabilities", b * s * V, FLOAT32, split=V, because="for the loss' gradient, which needs the softmax"),
        Saved("targets", b * s, INT64, ("statistics",), because="for the loss' gradient"),
    )
    return Block("head", "output head", "lm_head", tuple(weights), saved=saved, source=SOURCE)
