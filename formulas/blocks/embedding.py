"""What stands at the two ends of a language model: token table, positions, output head.

Source: Vaswani et al. 2017, arXiv:1706.03762; tying the two tables: Press and Wolf 2016, arXiv:1608.05859.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, Weight

from ..notation import V, d, q_out, s_pos

SOURCE = "arXiv:1706.03762, arXiv:1608.05859"


def token_embedding(width: sympy.Expr = d) -> Block:
    """One row of the table for each token of the vocabulary; looking it up costs no multiplication."""
    return Block("embedding", "token embedding", "embedding", (Weight("W_E", (V, width), "lookup", split=V),), source=SOURCE)


def learned_positions(positions: sympy.Expr = s_pos) -> Block:
    """One learned row for each position (GPT-2, OPT)."""
    return Block("positions", "position embedding", "pos_embedding", (Weight("W_pos", (positions, d), "lookup"),), source=SOURCE)


def head(tied: bool, bias: bool = False, width: sympy.Expr = d) -> Block:
    """The logits: one dot product for each token of the vocabulary. A tied head uses the token table again."""
    weights = [Weight("W_head", (width, V), "matmul", tokens=q_out, split=V, stored=not tied)]
    if bias:
        weights.append(Weight("b_head", (V,), split=V))
    return Block("head", "output head", "lm_head", tuple(weights), source=SOURCE)
