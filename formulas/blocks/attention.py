"""Multi-head, multi-query and grouped-query attention.

Each of h query heads compares its query with the keys of the tokens it can see and averages their values; k heads
of keys and values serve h/k query heads each (k = h: multi-head, k = 1: multi-query).
Sources: Vaswani et al. 2017, arXiv:1706.03762; Shazeer 2019, arXiv:1911.02150; Ainslie et al. 2023,
arXiv:2305.13245; what is saved for the backward pass: Korthikanti et al. 2022, arXiv:2205.05198.
"""

from __future__ import annotations

import sympy

from symllm.block import EVERYTHING, Block, CacheEntry, Product, Reach, Saved, Weight

from ..notation import BYTE, b, d, d_h, h, k, s, u_a

SOURCE = "arXiv:1706.03762, arXiv:1911.02150, arXiv:2305.13245; saved tensors: arXiv:2205.05198"


def attention(name: str = "attention", title: str = "attention", *, qkv_bias: bool = False, out_bias: bool = False,
              qk_norm: str = "", width: sympy.Expr = d, query_heads: sympy.Symbol = h, kv_heads: sympy.Symbol = k,
              head_size: sympy.Expr = d_h, reach: Reach = EVERYTHING) -> Block:  # fmt: skip
    """Attention with its own head size, with or without biases.

    qk_norm: "" for none, "head" for a norm of head size on queries and keys, "full" for one over all heads.
    width, query_heads, kv_heads, head_size: other symbols, where one model has attention of several sizes.
    reach: which earlier tokens a query sees. Raises nothing; sizes are symbols.
    """
    queries, keys = query_heads * head_size, kv_heads * head_size
    weights = [
        Weight("W_Q", (width, queries), "matmul", split=query_heads, quantizes=True),
        Weight("W_K", (width, keys), "matmul", split=kv_heads, quantizes=True),
        Weight("W_V", (width, keys), "matmul", split=kv_heads, quantizes=True),
        Weight("W_O", (queries, width), "matmul", split=query_heads, quantizes=True),
    ]
    if qkv_bias:
        weights += [Weight("b_Q", (queries,), split=query_heads), Weight("b_K", (keys,), split=kv_heads),
                    Weight("b_V", (keys,), split=kv_heads)]  # fmt: skip
    if out_bias:
        weights.append(Weight("b_O", (width,)))
    if qk_norm:
        sizes = (head_size, head_size) if qk_norm == "head" else (queries, keys)
        weights += [Weight("g_Q", (sizes[0],)), Weight("g_K", (sizes[1],))]
    return Block(
        name, title, "attention", tuple(weights),
        products=(
            Product("Q·Kᵀ", queries, reach=reach, split=query_heads, because="each query with each key it sees"),
            Product("A·V", queries, reach=reach, split=query_heads, because="the values averaged with those weights"),
        ),
        cache=(window_cache("K", keys, kv_heads, reach), window_cache("V", keys, kv_heads, reach)),
        saved=saved_by_attention(width, query_heads, kv_heads, head_size),
        workspace=2 * queries + 2 * keys,
        workspace_split=query_heads,
        source=SOURCE,
    )  # fmt: skip


def window_cache(name: str, size: sympy.Expr, split: sympy.Symbol | None, reach: Reach = EVERYTHING) -> CacheEntry:
    """Keys or values of the tokens that a layer can still see.

    A window of W keeps W tokens, the newest one among them; transformers' cache drops the one that the next
    token will no longer see and keeps W - 1 (measured: transformers 5.23.0).
    """
    departures = {}
    if reach.kind in ("window", "chunk") and reach.size is not None:
        departures = {"transformers": {"tokens": sympy.Min(s, reach.size - 1)}}
    return CacheEntry(name, (size,), reach=reach, split=split, departures=departures)


def saved_by_attention(width: sympy.Expr, query_heads: sympy.Symbol, kv_heads: sympy.Symbol,
                       head_size: sympy.Expr) -> tuple[Saved, ...]:  # fmt: skip
    """What attention keeps for the backward pass, the s² terms only where the kernel is not fused."""
    square = b * query_heads * s**2
    queries, keys = b * s * query_heads * head_size, b * s * kv_heads * head_size
    return (
        Saved("input", b * s * width, because="for the gradients of W_Q, W_K and W_V"),
        Saved("Q", queries, split=query_heads, because="for the gradient of Q·Kᵀ"),
        Saved("K", keys, split=kv_heads, because="for the gradient of Q·Kᵀ"),
        Saved("softmax output", square, u_a, ("eager",), query_heads, "softmax' gradient needs its output"),
        Saved("softmax mask", square, BYTE, ("eager", "dropout"), query_heads, "which weights dropout kept"),
        Saved("dropped weights", square, u_a, ("eager", "dropout"), query_heads, "for the gradient of A·V"),
        Saved("softmax sums", b * query_heads * s, 4 * BYTE, ("fused",), query_heads, "a float32 a query, to recompute"),
        Saved("V", keys, split=kv_heads, because="for the gradient of A·V"),
        Saved("context", queries, split=query_heads, because="the input of W_O"),
        Saved("output mask", b * s * width, BYTE, ("dropout",), None, "which outputs dropout kept"),
    )
