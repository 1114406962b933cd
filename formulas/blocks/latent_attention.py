"""Multi-head latent attention: keys and values are compressed into one small vector a token, and that is cached.

A token caches d_c numbers and one rotary key of d_r for all heads. In a pass over a prompt the vector is expanded
into each head's key and value. In a decode step the expansion is absorbed: the query is taken into the latent space
once, compared with cached vectors of d_c + d_r, and the average of latents is expanded once. That gives the same
output, without expanding every cached token again. The transformers library does expand all of them at every step.
Source: DeepSeek-V2, arXiv:2405.04434 (section 2.1 and appendix C).
"""

from __future__ import annotations

from symllm.block import EVERYTHING, Block, CacheEntry, Product, Reach, Saved, Weight

from ..notation import b, d, d_c, d_n, d_q, d_r, d_v, h, s, t, u_a
from .inner_norm import inner_norms

SOURCE = "arXiv:2405.04434"


def latent_attention(*, query_latent: bool, bias: bool = False, reach: Reach = EVERYTHING) -> tuple[Block, Block]:
    """The attention block and its norms, of h heads whose queries and keys have d_n + d_r numbers and values d_v.

    query_latent: queries are compressed too, to d_q. bias: on the two compressions and the output.
    reach: which tokens are attended. Raises nothing; sizes are symbols.
    """
    weights = [*_query(query_latent, bias), Weight("W_DKV", (d, d_c + d_r), "matmul", quantizes=True)]
    if bias:
        weights.append(Weight("b_DKV", (d_c + d_r,)))
    weights.append(
        Weight("W_UKV", (d_c, h * (d_n + d_v)), "matmul", split=h, quantizes=True,
               because="expands the new token's latent, or takes the query in and the average out of the latent space",
               departures={"transformers": {"tokens": t, "because": "expands every cached latent again"}})
    )  # fmt: skip
    weights.append(Weight("W_O", (h * d_v, d), "matmul", split=h, quantizes=True))
    if bias:
        weights.append(Weight("b_O", (d,)))
    widths = [("C_Q", d_q, d_q)] if query_latent else []
    block = Block(
        "attention", "latent attention", "attention", tuple(weights), products=_products(reach),
        cache=(CacheEntry("C_KV", (d_c,), because="one latent for the keys and values of all heads"),
               CacheEntry("K_R", (d_r,), because="one rotary key for all heads")),
        saved=_saved(query_latent), workspace=2 * h * (d_n + d_r + d_v), workspace_split=h, source=SOURCE,
    )  # fmt: skip
    return block, inner_norms("latent_norm", "latent norm", *widths, ("C_KV", d_c, d_c))


def _query(query_latent: bool, bias: bool) -> list[Weight]:
    queries = h * (d_n + d_r)
    if not query_latent:
        return [Weight("W_Q", (d, queries), "matmul", split=h, quantizes=True)]
    down = [Weight("W_DQ", (d, d_q), "matmul", quantizes=True)]
    if bias:
        down.append(Weight("b_DQ", (d_q,)))
    return [*down, Weight("W_UQ", (d_q, queries), "matmul", split=h, quantizes=True)]


def _products(reach: Reach) -> tuple[Product, ...]:
    """Expanded over a prompt, absorbed in a decode step; the library expands, and masks where it could select."""
    always = {"transformers": {"phase": "", "reach": EVERYTHING}}
    never = {"transformers": {"size": 0}}
    return (
        Product("Q·Kᵀ", h * (d_n + d_r), reach=reach, phase="prefill", split=h, departures=always,
                because="each query with each expanded key it sees"),
        Product("A·V", h * d_v, reach=reach, phase="prefill", split=h, departures=always,
                because="the expanded values averaged with those weights"),
        Product("q·C", h * (d_c + d_r), reach=reach, phase="decode", split=h, departures=never,
                because="the query, taken into the latent space, with each cached latent and rotary key"),
        Product("a·C", h * d_c, reach=reach, phase="decode", split=h, departures=never,
                because="the cached latents averaged with those weights"),
    )  # fmt: skip


def _saved(query_latent: bool) -> tuple[Saved, ...]:
    square = b * h * s**2
    kept = [Saved("input", b * s * d, because="for the gradients of the compressions")]
    if query_latent:
        kept.append(Saved("query latent", b * s * d_q, because="for the gradient of W_UQ"))
    return (
        *kept,
        Saved("latent", b * s * d_c, because="for the gradient of W_UKV"),
        Saved("Q", b * s * h * (d_n + d_r), split=h, because="for the gradient of Q·Kᵀ"),
        Saved("K", b * s * h * (d_n + d_r), split=h, because="for the gradient of Q·Kᵀ"),
        Saved("V", b * s * h * d_v, split=h, because="for the gradient of A·V"),
        Saved("softmax output", square, u_a, ("eager",), h, "softmax' gradient needs its output"),
        Saved("output", b * s * h * d_v, split=h, because="for the gradient of W_O"),
    )
