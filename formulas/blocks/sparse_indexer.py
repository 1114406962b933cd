"""The lightning indexer: a few small heads score every earlier token, and attention sees the best k_I of them.

score = Σ over index heads of weight · ReLU(q · k), with one index key a token that is cached too.
Source: DeepSeek-V3.2, "DeepSeek Sparse Attention" (2025), arXiv:2512.02556; GLM-5 shares a selection between layers,
arXiv:2603.12201.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import EVERYTHING, Block, CacheEntry, Product, Reach, Saved, Weight

from ..notation import b, d, d_I, d_q, h_I, k_I, s
from .inner_norm import inner_norms

SOURCE = "arXiv:2512.02556"
SELECTED = Reach("selected", k_I)


def lightning_indexer() -> tuple[Block, Block]:
    """The indexer, counted with attention, and its key's norm (scale and shift).

    Queries come from attention's query latent d_q, the key and the heads' weights from the residual stream.
    """
    block = Block(
        "indexer", "lightning indexer", "attention",
        (
            Weight("W_IQ", (d_q, h_I * d_I), "matmul", quantizes=True),
            Weight("W_IK", (d, d_I), "matmul", quantizes=True),
            Weight("W_Iw", (d, h_I), "matmul", because="how much each index head counts; kept in float32"),
        ),
        products=(
            Product("q·k", h_I * d_I, because="each index query with the index key of every earlier token"),
            Product("Σ w", h_I, because="the heads' scores, weighted"),
        ),
        cache=(CacheEntry("K_I", (d_I,), because="one index key for all index heads"),),
        saved=(Saved("input", b * s * d, because="for the gradients of W_IK and the weights"),
               Saved("index queries", b * s * h_I * d_I, because="for the scores' gradient"),
               Saved("index keys", b * s * d_I, because="for the scores' gradient")),
        workspace=h_I * d_I + d_I, source=SOURCE,
    )  # fmt: skip
    return block, inner_norms("index_norm", "index key norm", ("K_I", d_I, d_I), shift=True)


def selecting(block: Block, reach: Reach = SELECTED) -> Block:
    """An attention block that attends to selected tokens only; it caches all, since the next query may select any.

    The transformers library computes all pairs and masks those that were not selected.
    """
    products = tuple(replace(p, reach=reach, departures={"transformers": {"reach": EVERYTHING}}) for p in block.products)
    return replace(block, products=products)


def block_indexer() -> tuple[Block, Block]:
    """MiniMax-M3's indexer, on the residual stream itself: it scores tokens and takes the best blocks of them."""
    block = Block(
        "indexer", "block indexer", "attention",
        (Weight("W_IQ", (d, h_I * d_I), "matmul", quantizes=True), Weight("W_IK", (d, d_I), "matmul", quantizes=True)),
        products=(Product("q·k", h_I * d_I, because="each index query with the index key of every earlier token"),),
        cache=(CacheEntry("K_I", (d_I,), because="one index key for all index heads"),),
        saved=(Saved("input", b * s * d, because="for the gradients of W_IQ and W_IK"),),
        workspace=h_I * d_I + d_I, source="transformers MiniMaxM3VLIndexer",
    )  # fmt: skip
    return block, inner_norms("index_norm", "index query and key norm", ("Q_I", d_I, h_I * d_I), ("K_I", d_I, d_I))
