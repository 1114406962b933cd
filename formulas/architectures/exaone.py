"""EXAONE 3 (a LLaMA layer) and EXAONE 4 (norms after the blocks and on queries and keys, windows on three layers in four).

LG AI Research 2024, arXiv:2408.03541; 2025, arXiv:2507.11407.
"""

from __future__ import annotations

from symllm.block import Architecture, Block, Reach
from symllm.config import Config, Family, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.norm import query_key_norm, rms_norm
from ..notation import W
from .dense import FULL, LAYER_TYPES, POSITIONLESS, decoder_of_kinds, every, layer_kinds, llama_fields, pre_norm, tied, whole_groups, window


def exaone(config: Config) -> Architecture:
    """No biases."""
    return pre_norm(config, lambda reach: attention(reach=reach))


def exaone4(config: Config) -> Architecture:
    """Layers by the list, or by a period that is a number; a pattern in letters needs the list beside it."""
    whole_groups(config)
    if config.options["layer_types"] is None and W in config.sizes and isinstance(config.options["sliding_window_pattern"], str):
        raise SymllmError("config: field 'layer_types' is missing; exaone4 models whose sliding_window_pattern is a word need it")
    listed = config.options["layer_types"] is not None or W not in config.sizes
    kinds = layer_kinds(config, (lambda _: FULL) if listed else every(config, "sliding_window_pattern"))
    norm = rms_norm("post_norm")

    def layer(reach: Reach) -> tuple[Block, ...]:
        return (attention(reach=reach), query_key_norm(), norm, gated(), norm)

    return decoder_of_kinds(layer, kinds, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family("exaone", "EXAONE 3", ("exaone",), llama_fields(num_hidden_layers="num_layers"), exaone,
           "arXiv:2408.03541; ExaoneConfig of the model's repository", (Option("tie_word_embeddings"),), POSITIONLESS),
    Family("exaone4", "EXAONE 4", ("exaone4",), (*llama_fields(kv_heads=32), window(4096)), exaone4,
           "arXiv:2507.11407; transformers Exaone4Config",
           (tied(False), LAYER_TYPES, Option("sliding_window_pattern", default=4, kind=(int, str))), POSITIONLESS),
)  # fmt: skip
