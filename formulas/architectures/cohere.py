"""Command R (Cohere) and Command R7B/A (Cohere 2): parallel blocks under one LayerNorm without shift, a tied head.

Cohere 2 gives three layers in four a sliding window.
Cohere 2024, "Command R"; Cohere Team 2025, arXiv:2504.00698.
"""

from __future__ import annotations

from symllm.block import Architecture, Block, Reach
from symllm.config import Config, Family, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.norm import layer_norm, query_key_norm
from ..notation import d, d_h, h
from .decoder import decoder
from .dense import LAYER_TYPES, POSITIONLESS, decoder_of_kinds, every, layer_kinds, llama_fields, tied, whole_groups, window


def cohere(config: Config) -> Architecture:
    """One norm a layer; the larger model also norms each head of queries and keys, with scales of its own."""
    whole_groups(config)
    options = config.options
    biased = options["attention_bias"]
    normed = (query_key_norm(over="all"),) if options["use_qk_norm"] else ()
    layer = (layer_norm(bias=False), attention(qkv_bias=biased, out_bias=biased), *normed, gated())
    return decoder(layer, (layer_norm("final_norm", bias=False),), options["tie_word_embeddings"])


def cohere2(config: Config) -> Architecture:
    """transformers works the head size out of the hidden size and overwrites `head_dim`: another one is refused."""
    whole_groups(config)
    sizes, biased = config.sizes, config.options["attention_bias"]
    if sizes[d_h] * sizes[h] != sizes[d]:
        raise SymllmError(f"config: field 'head_dim' is {sizes[d_h]}; in cohere2 models it is hidden_size / num_attention_heads")

    def layer(reach: Reach) -> tuple[Block, ...]:
        return (layer_norm(bias=False), attention(qkv_bias=biased, out_bias=biased, reach=reach), gated())

    kinds = layer_kinds(config, every(config, "sliding_window_pattern"))
    return decoder_of_kinds(layer, kinds, (layer_norm("final_norm", bias=False),), config.options["tie_word_embeddings"])


INERT = (*POSITIONLESS, "logit_scale", "use_parallel_block", "use_parallel_embedding", "position_embedding_type", "use_embedding_sharing",
         "use_gated_activation", "order_of_interleaved_layers", "rotary_pct", "layer_switch")  # fmt: skip

FAMILIES = (
    Family("cohere", "Command R", ("cohere",), llama_fields(), cohere, "Cohere 2024; transformers CohereConfig",
           (tied(True), Option("attention_bias", default=False), Option("use_qk_norm", default=False)), INERT),
    Family("cohere2", "Command A", ("cohere2",), (*llama_fields(), window(4096)), cohere2, "arXiv:2504.00698; transformers Cohere2Config",
           (tied(True), Option("attention_bias", default=False), LAYER_TYPES, Option("sliding_window_pattern", default=4, kind=int)),
           INERT),
)  # fmt: skip
