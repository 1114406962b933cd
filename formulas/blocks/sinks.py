"""Attention sinks: one learned number a head joins the softmax, so that a head may attend to nothing.

Sources: Xiao et al. 2023, arXiv:2309.17453; as learned numbers: gpt-oss, arXiv:2508.10925.
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from symllm.block import Block, Weight

from ..notation import h


def with_sinks(block: Block, heads: sympy.Symbol = h) -> Block:
    """The attention block with one sink a head. It costs no matrix product."""
    return replace(block, weights=(*block.weights, Weight("sinks", (heads,), split=heads)))
