"""Hyper-connections: the residual stream is n_hc streams; each layer reads a mixture of them and writes to all.

The mixtures' weights come from the streams themselves, through one matrix; the matrix that mixes streams with
streams is made doubly stochastic ("manifold-constrained").
Sources: Zhu et al. 2024, arXiv:2409.19606; Xie et al. 2025, arXiv:2512.24880.
"""

from __future__ import annotations

from symllm.block import Block, Product, Saved, Weight
from symllm.symbols import NamedSymbol

from ..notation import b, d, s

n_hc = NamedSymbol("n_hc", title="residual streams", meaning="parallel residual streams of hyper-connections",
                   latex=r"n_{\mathrm{hc}}", rank=914)  # fmt: skip


def hyper_connection(around: str) -> Block:
    """The mixtures around one block ("attention" or "ffn", which also names the component they count as)."""
    mixes = (2 + n_hc) * n_hc
    return Block(
        f"streams_{around}", f"hyper-connection of {around}", around,
        (Weight("W_mix", (n_hc * d, mixes), "matmul", because="weights to read, to write and to mix with"),
         Weight("b_mix", (mixes,)), Weight("scale", (3,))),
        products=(Product("mix", n_hc**2 * d, per="token", because="streams mixed with streams"),),
        saved=(Saved("streams", b * s * n_hc * d, because="for the gradients of the mixtures"),),
        workspace=n_hc * d, source="arXiv:2409.19606, arXiv:2512.24880",
    )  # fmt: skip


def stream_head() -> Block:
    """The last mixture, of all streams into one, before the last norm."""
    return Block("streams_head", "last hyper-connection", "other",
                 (Weight("W_mix", (n_hc * d, n_hc), "matmul"), Weight("b_mix", (n_hc,)), Weight("scale", (1,))),
                 source="arXiv:2409.19606, arXiv:2512.24880")  # fmt: skip
