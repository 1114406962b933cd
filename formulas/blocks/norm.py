"""Normalization of a vector of the residual stream (or of another width).

Sources: LayerNorm, Ba et al. 2016, arXiv:1607.06450; RMSNorm, Zhang and Sennrich 2019, arXiv:1910.07467.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, Saved, Weight

from ..notation import b, d, d_h, h, k, s


def layer_norm(name: str = "norm", width: sympy.Expr = d, bias: bool = True, scale: bool = True) -> Block:
    """LayerNorm: a scale and, as a rule, a shift for each component."""
    weights = [Weight("g", (width,))] if scale else []
    if bias:
        weights.append(Weight("b", (width,)))
    return Block(name, "layer norm", "norm", tuple(weights), saved=_saved(width, 2), source="arXiv:1607.06450")


def rms_norm(name: str = "norm", width: sympy.Expr = d) -> Block:
    """RMSNorm: one scale for each component."""
    return Block(name, "RMS norm", "norm", (Weight("g", (width,)),), saved=_saved(width, 1), source="arXiv:1910.07467")


def query_key_norm(name: str = "qk_norm", *, over: str = "head", bias: bool = False, queries: sympy.Expr = h * d_h,
                   keys: sympy.Expr = k * d_h, head_size: sympy.Expr = d_h) -> Block:  # fmt: skip
    """Norms of queries and keys before their product: Dehghani et al. 2023, arXiv:2302.05442.

    over: "head" for one scale of head size that all heads share, "all" for a scale for each component of all heads.
    queries, keys, head_size: widths, where one model has attention of several sizes. Raises nothing.
    """
    widths = (head_size, head_size) if over == "head" else (queries, keys)
    weights = [Weight("g_Q", (widths[0],)), Weight("g_K", (widths[1],))]
    if bias:
        weights += [Weight("b_Q", (widths[0],)), Weight("b_K", (widths[1],))]
    saved = (*_saved(queries, 0), *_saved(keys, 0))
    return Block(name, "norms of queries and keys", "norm", tuple(weights), saved=saved, source="arXiv:2302.05442")


def _saved(width: sympy.Expr, statistics: int) -> tuple[Saved, ...]:
    """The input, and of each token its statistics (mean and deviation, or the mean square alone)."""
    kept = Saved("input", b * s * width, because="for the gradient through the mean and the variance")
    if not statistics:
        return (kept,)
    return kept, Saved("statistics", statistics * b * s, when=("statistics",), because="so that they need not be computed again")
