"""DeepSeek-V4's attention: one shared key-and-value vector a token in a window, and compressed vectors for what is older.

A compressor turns every m tokens into one vector. "Sparse" layers have a small m, overlap neighbouring groups, and an
indexer selects which compressed vectors are attended; "heavy" layers have a large m and attend all of them. Key and
value are the same vector. The output passes two matrices, the first one block-diagonal in groups of heads.
Source: DeepSeek-V4 Technical Report, DeepSeek-AI 2026, section 2.3; transformers DeepseekV4Attention.
"""

from __future__ import annotations

from dataclasses import replace

import sympy

from symllm.block import Block, CacheEntry, Product, Reach, Saved, Weight
from symllm.symbols import NamedSymbol

from ..notation import W, b, d, d_h, d_I, d_q, h, h_I, k_I, s, u_a
from .attention import window_cache
from .inner_norm import inner_norms

SOURCE = "DeepSeek-V4 Technical Report 2026; transformers DeepseekV4Attention"

m_sparse = NamedSymbol("m_sparse", title="sparse rate", meaning="tokens that one compressed vector of a sparse layer stands for",
                       unit="token", latex=r"m_{\mathrm{sparse}}", rank=910)  # fmt: skip
m_heavy = NamedSymbol("m_heavy", title="heavy rate", meaning="tokens that one compressed vector of a heavy layer stands for", unit="token",
                      latex=r"m_{\mathrm{heavy}}", rank=911)  # fmt: skip
g_O = NamedSymbol("g_O", title="output groups", meaning="groups of heads of the output projection", latex="g_O", rank=912)
d_O = NamedSymbol("d_O", title="output latent size", meaning="width of one group's output latent", latex="d_O", rank=913)


def shared_vector_attention(rate: sympy.Symbol | None = None, selected: bool = False) -> Block:
    """Window attention with one key-and-value vector for all heads, and compressed vectors of `rate` tokens if given.

    selected: only the k_I best compressed vectors are attended. Raises nothing; sizes are symbols.
    """
    width, window = h * d_h, Reach("window", W)
    products = _pair_products(width, window, {})
    kept = window_cache("KV", d_h, None, window)
    if rate is None:  # the library's plain window cache copies the vector, as if key and value were two
        kept = replace(kept, departures={"transformers": {**kept.departures["transformers"], "shape": (2 * d_h,)}})
    if rate is not None:
        older = Reach("selected", k_I, rate) if selected else Reach("all", None, rate)
        every = {"transformers": {"reach": Reach("all", None, rate)}}  # the library masks what was not selected
        products = (*products, *_pair_products(width, older, every, " (compressed)"))
    return Block(
        "attention", "attention with one shared vector", "attention",
        (
            Weight("W_DQ", (d, d_q), "matmul", quantizes=True),
            Weight("W_UQ", (d_q, width), "matmul", split=h, quantizes=True),
            Weight("W_KV", (d, d_h), "matmul", quantizes=True, because="key and value at once, for all heads"),
            Weight("W_OA", (width / g_O, g_O * d_O), "matmul", split=h, quantizes=True, because="block-diagonal in g_O groups of heads"),
            Weight("W_OB", (g_O * d_O, d), "matmul", quantizes=True),
            Weight("sinks", (h,), split=h),
        ),
        products=products, cache=(kept,),
        saved=(
            Saved("input", b * s * d, because="for the gradients of W_DQ and W_KV"),
            Saved("query latent", b * s * d_q, because="for the gradient of W_UQ"),
            Saved("Q", b * s * width, split=h, because="for the gradient of the scores"),
            Saved("KV", b * s * d_h, because="for the gradient of the scores"),
            Saved("softmax output", b * h * s**2, u_a, ("eager",), h, "softmax' gradient needs its output"),
            Saved("output", b * s * width, split=h, because="for the gradient of W_OA"),
            Saved("output latent", b * s * g_O * d_O, because="for the gradient of W_OB"),
        ),
        workspace=2 * width + d_q + d_h, workspace_split=h, source=SOURCE,
    )  # fmt: skip


def _pair_products(width: sympy.Expr, reach: Reach, departures: dict[str, dict[str, Reach]], which: str = "") -> tuple[Product, ...]:
    return (
        Product(f"Q·Kᵀ{which}", width, reach=reach, split=h, departures=departures, because="each query with each vector it sees"),
        Product(f"A·V{which}", width, reach=reach, split=h, departures=departures, because="the same vectors averaged with those weights"),
    )


def attention_norms() -> Block:
    """The norms of the query latent and of the shared vector; that of each query head has no parameters."""
    return inner_norms("attention_norm", "query latent and shared vector norm", ("C_Q", d_q, d_q), ("KV", d_h, d_h))


def compressor(rate: sympy.Symbol, width: sympy.Symbol, name: str, overlaps: bool) -> tuple[Block, Block]:
    """Every `rate` tokens become one vector of `width`, averaged with learned weights; and its norm.

    overlaps: each group of tokens also enters the next vector, through a second set of weights.
    The cache keeps the vectors and the tokens of the group that is not full yet (and of the last full one, if it overlaps).
    """
    columns = 2 * width if overlaps else width
    vectors, rest = sympy.floor(s / rate), s - rate * sympy.floor(s / rate)
    kept = [
        CacheEntry(f"C_{name}", (width,), vectors, because="one vector for every full group of tokens"),
        CacheEntry(f"open_{name}", (2, columns), rest, because="values and weights of the tokens of the group that is not full"),
    ]
    if overlaps:
        last = rate * sympy.Min(1, vectors)
        kept.append(CacheEntry(f"last_{name}", (2, width), last, because="the last full group enters the next vector"))
    block = Block(
        f"compressor_{name}", f"compressor ({name})", "attention",
        (Weight("W_C", (d, columns), "matmul"), Weight("W_Z", (d, columns), "matmul"), Weight("b_Z", (rate, columns))),
        cache=tuple(kept),
        saved=(Saved("input", b * s * d, because="for the gradients of W_C and W_Z"),
               Saved("values", b * s * columns, because="for the gradient of the average"),
               Saved("weights", b * s * columns, because="for the gradient of the average")),
        workspace=2 * columns, source=SOURCE,
    )  # fmt: skip
    return block, inner_norms(f"compressor_norm_{name}", f"compressor norm ({name})", (f"C_{name}", width, width))


def vector_indexer() -> tuple[Block, ...]:
    """Scores every compressed vector by compressed index keys of its own, and takes the best k_I."""
    scored = Reach("all", None, m_sparse)
    scorer = Block(
        "indexer", "lightning indexer", "attention",
        (Weight("W_IQ", (d_q, h_I * d_I), "matmul", quantizes=True), Weight("W_Iw", (d, h_I), "matmul")),
        products=(
            Product("q·k", h_I * d_I, reach=scored, because="each index query with each compressed index key"),
            Product("Σ w", h_I, reach=scored, because="the heads' scores, weighted",
                    departures={"transformers": {"size": 0, "because": "as an elementwise sum"}}),
        ),
        saved=(Saved("index queries", b * s * h_I * d_I, because="for the scores' gradient"),),
        workspace=h_I * d_I, source=SOURCE,
    )  # fmt: skip
    return (scorer, *compressor(m_sparse, d_I, "index", True))
