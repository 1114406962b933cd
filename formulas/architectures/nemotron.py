"""Nemotron-4 and Minitron: LayerNorm, a feed-forward block without a gate (squared ReLU), partial rotary positions.

Parmar et al. 2024, arXiv:2402.16819; Muralidharan et al. 2024, arXiv:2407.14679.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import d, h
from .decoder import decoder
from .dense import POSITIONLESS, llama_fields, tied, whole_groups


def build(config: Config) -> Architecture:
    """The norm adds one to its scale; the size is LayerNorm's."""
    whole_groups(config)
    options, norm = config.options, layer_norm()
    layer = (norm, attention(qkv_bias=options["attention_bias"], out_bias=options["attention_bias"]), norm, plain(bias=options["mlp_bias"]))
    return decoder(layer, (layer_norm("final_norm"),), options["tie_word_embeddings"])


FAMILIES = (
    Family("nemotron", "Nemotron", ("nemotron",), llama_fields(head_size=d / h), build, "arXiv:2402.16819; transformers NemotronConfig",
           (tied(False), Option("attention_bias", default=False), Option("mlp_bias", default=False)), POSITIONLESS),
)  # fmt: skip
