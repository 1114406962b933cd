"""How many (query, key) pairs a pass computes, and how many tokens a cache keeps, by what a layer can see.

Full counts the whole rectangle of queries and keys, as matrix products without a mask-aware kernel do; causal
counts the pairs in which the key is not later than the query.
Source: arithmetic; window and chunk as in Beltagy et al. 2020, arXiv:2004.05150, and Mistral 7B, arXiv:2310.06825.
"""

from __future__ import annotations

import sympy

from symllm.block import Reach
from symllm.errors import SymllmError

from .notation import s


def query_key_pairs(reach: Reach, phase: str, mask: str) -> sympy.Expr:
    """Pairs of one sequence and head in a pass; symbols s (tokens of the sequence) and the reach's own size."""
    size = sympy.sympify(reach.size)
    if reach.kind != "all" and size is None:
        raise SymllmError(f"a reach of kind {reach.kind!r} needs a size")
    if reach.kind == "fixed":
        return (s if phase == "prefill" else sympy.Integer(1)) * size
    if phase == "decode":
        return kept_tokens(reach)
    if mask == "full":
        return s * keys(reach)
    return _causal(reach)


def keys(reach: Reach) -> sympy.Expr:
    """Keys that stand for s tokens: as many, or one for each full stride where keys are compressed."""
    return s if reach.stride == 1 else sympy.floor(s / reach.stride)


def _compressed(reach: Reach) -> sympy.Expr:
    """Query i (from 1) sees floor(i / stride) keys, and of selected ones at most `size`."""
    stride = sympy.sympify(reach.stride)
    growing = s if reach.kind == "all" else sympy.Min(s, reach.size * stride)  # later queries see `size` keys each
    full = sympy.floor(growing / stride)
    pairs = stride * full * (full - 1) / 2 + full * (growing - full * stride + 1)
    return pairs if reach.kind == "all" else pairs + (s - growing) * reach.size


def _causal(reach: Reach) -> sympy.Expr:
    size = sympy.sympify(reach.size)
    if reach.stride != 1:
        return _compressed(reach)
    if reach.kind == "all":
        return s * (s + 1) / 2
    if reach.kind == "chunk":
        full = sympy.floor(s / size)
        rest = s - full * size
        return full * size * (size + 1) / 2 + rest * (rest + 1) / 2
    seen = sympy.Min(s, size)  # the first `size` queries see a triangle, the others `size` keys each
    return seen * (seen + 1) / 2 + (s - seen) * seen


def kept_tokens(reach: Reach) -> sympy.Expr:
    """Tokens of a sequence of s that the next token's query can see, itself among them."""
    if reach.kind in ("all", "selected"):
        return keys(reach) if reach.kind == "all" else sympy.Min(keys(reach), reach.size)
    if reach.kind == "window":
        return sympy.Min(s, reach.size)
    if reach.kind == "chunk":
        return s - reach.size * (sympy.ceiling(s / reach.size) - 1)
    return sympy.sympify(reach.size)
