"""Normalization of a vector of the residual stream (or of another width).

Sources: LayerNorm, Ba et al. 2016, arXiv:1607.06450; RMSNorm, Zhang and Sennrich 2019, arXiv:1910.07467.
"""

from __future__ import annotations

import sympy

from symllm.block import Block, Saved, Weight

from ..notation import b, d, s


def layer_norm(name: str = "norm", width: sympy.Expr = d, bias: bool = True, scale: bool = True) -> Block:
    """LayerNorm: a scale and, as a rule, a shift for each component."""
    weights = [Weight("g", (width,))] if scale else []
    if bias:
        weights.append(Weight("b", (width,)))
    return Block(name, "layer norm", "norm", tuple(weights), saved=_saved(width), source="arXiv:1607.06450")


def rms_norm(name: str = "norm", width: sympy.Expr = d) -> Block:
    """RMSNorm: one scale for each component."""
    return Block(name, "RMS norm", "norm", (Weight("g", (width,)),), saved=_saved(width), source="arXiv:1910.07467")


def _saved(width: sympy.Expr) -> tuple[Saved, ...]:
    return (Saved("input", b * s * width, because="for the gradient through the mean and the variance"),)
