"""Multi-token prediction: one more layer that predicts the token after the next, from the last state and the next token.

Its input is the norms of both side by side through a matrix (2 d, d); it shares the embedding and the head. Published
files of some models store copies of both. Source: DeepSeek-V3, arXiv:2412.19437, section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symllm.block import Block, Group, Weight
from symllm.symbols import NamedSymbol

from ..notation import V, d, q_out
from .norm import rms_norm

N_MTP = NamedSymbol("N_mtp", title="prediction layers", meaning="layers that predict further tokens", unit="layer",
                    latex=r"N_{\mathrm{mtp}}", domain="count or zero", rank=3)  # fmt: skip


def prediction_group(layer: Sequence[Block]) -> Group:
    """N_mtp layers like the model's own, each with its entry and norms; all of it is counted as "mtp". Raises nothing."""
    entry = Block(
        "entry", "entry of the prediction layer", "mtp",
        (Weight("g_hidden", (d,)), Weight("g_token", (d,)), Weight("W_eh", (2 * d, d), "matmul", quantizes=True)),
        source="arXiv:2412.19437",
    )  # fmt: skip
    shared = Weight("W_head", (d, V), "matmul", tokens=q_out, split=V, stored=False)
    shared_head = Block("shared_head", "head, shared with the model", "mtp", (shared,))
    blocks = (entry, *layer, rms_norm("head_norm"), shared_head)
    return Group("mtp", "multi-token-prediction layer", N_MTP, tuple(replace(block, component="mtp") for block in blocks))
