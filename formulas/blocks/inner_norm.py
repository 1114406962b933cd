"""Norms inside attention, of the vectors into which latent attention compresses and of an indexer's keys.

They are counted with the norms, not with attention.
Source: DeepSeek-V2, arXiv:2405.04434.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, Saved, Weight

from ..notation import b, s


def inner_norms(name: str, title: str, *parts: tuple[str, sympy.Expr, sympy.Expr], shift: bool = False) -> Block:
    """Several norms as one block.

    parts: (letter, width of the scale, numbers a token has there); shift: a bias for each scale too. Raises nothing.
    """
    weights = [Weight(f"g_{letter}", (width,)) for letter, width, _ in parts]
    if shift:
        weights += [Weight(f"b_{letter}", (width,)) for letter, width, _ in parts]
    saved = tuple(Saved(f"input {letter}", b * s * numbers, because="for the gradient through the norm") for letter, _, numbers in parts)
    return Block(name, title, "norm", tuple(weights), saved=saved, source="arXiv:2405.04434")
