"""Norms inside attention: of queries and keys, and of the vectors into which latent attention compresses.

They are counted with the norms, not with attention.
Sources: Henry et al. 2020, arXiv:2010.04245 (queries and keys); DeepSeek-V2, arXiv:2405.04434 (latents).
"""

from __future__ import annotations

import sympy

from symllm.block import Block, Saved, Weight

from ..notation import b, d_h, h, k, s


def inner_norms(name: str, title: str, *parts: tuple[str, sympy.Expr, sympy.Expr], shift: bool = False) -> Block:
    """Several norms as one block.

    parts: (letter, width of the scale, numbers a token has there); shift: a bias for each scale too. Raises nothing.
    """
    weights = [Weight(f"g_{letter}", (width,)) for letter, width, _ in parts]
    if shift:
        weights += [Weight(f"b_{letter}", (width,)) for letter, width, _ in parts]
    saved = tuple(Saved(f"input {letter}", b * s * numbers, because="for the gradient through the norm") for letter, _, numbers in parts)
    return Block(name, title, "norm", tuple(weights), saved=saved, source="arXiv:2010.04245, arXiv:2405.04434")


def query_key_norm(over: str = "head", heads: sympy.Symbol = h, kv_heads: sympy.Symbol = k, size: sympy.Expr = d_h) -> Block:
    """Norms of queries and keys: one scale of head size for all heads ("head"), or one over all heads ("full")."""
    queries, keys = heads * size, kv_heads * size
    widths = (size, size) if over == "head" else (queries, keys)
    return inner_norms("query_key_norm", "query and key norm", ("Q", widths[0], queries), ("K", widths[1], keys))
