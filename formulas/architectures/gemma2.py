"""Gemma 2, the text models of Gemma 3, and VaultGemma: windows on some layers, norms before and after each block.

Gemma Team 2024, arXiv:2408.00118; Gemma Team 2025, arXiv:2503.19786; Sinha et al. 2025, arXiv:2510.15001.
"""

from __future__ import annotations

from collections.abc import Sequence

from symllm.block import Architecture, Block, Reach
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.norm import query_key_norm, rms_norm
from .dense import FULL, LAYER_TYPES, POSITIONLESS, WINDOW, decoder_of_kinds, every, layer_kinds, llama_fields, tied, whole_groups, window


def model(config: Config, kinds: Sequence[str], *, after: bool = True, normed: bool = False) -> Architecture:
    """Layers with norms before and, with `after`, behind each block; with `normed` also on queries and keys."""
    whole_groups(config)
    biased, before = config.options["attention_bias"], rms_norm()
    behind = (rms_norm("post_norm"),) if after else ()
    heads = (query_key_norm(),) if normed else ()

    def layer(reach: Reach) -> tuple[Block, ...]:
        mix = attention(qkv_bias=biased, out_bias=biased, reach=reach)
        return (before, mix, *heads, *behind, before, gated(), *behind)

    return decoder_of_kinds(layer, kinds, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


def alternating(i: int) -> str:
    """Windows on the first, third, fifth... layer."""
    return FULL if i % 2 else WINDOW


FIELDS = (*llama_fields(kv_heads=4, head_size=256), window(4096))
OPTIONS = (tied(True), Option("attention_bias", default=False), LAYER_TYPES)

FAMILIES = (
    Family("gemma2", "Gemma 2", ("gemma2",), FIELDS, lambda config: model(config, layer_kinds(config, alternating)),
           "arXiv:2408.00118; transformers Gemma2Config", OPTIONS, POSITIONLESS),
    Family("gemma3_text", "Gemma 3", ("gemma3_text",), FIELDS,
           lambda config: model(config, layer_kinds(config, every(config, "sliding_window_pattern")), normed=True),
           "arXiv:2503.19786; transformers Gemma3TextConfig", (*OPTIONS, Option("sliding_window_pattern", default=6, kind=int)),
           (*POSITIONLESS, "rope_local_base_freq")),
    Family("vaultgemma", "VaultGemma", ("vaultgemma",), FIELDS,
           lambda config: model(config, layer_kinds(config, alternating), after=False),
           "arXiv:2510.15001; transformers VaultGemmaConfig", OPTIONS, POSITIONLESS),
)  # fmt: skip
