"""StableLM: a LLaMA layer with LayerNorm, biases on queries, keys and values where asked for.

Bellagente et al. 2024, arXiv:2402.17834.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.norm import layer_norm, query_key_norm
from .decoder import decoder
from .dense import HEAD_SIZE, POSITIONLESS, llama_fields, tied, whole_groups


def build(config: Config) -> Architecture:
    """Parallel blocks share one norm; norms of queries and keys have a scale for each head."""
    whole_groups(config)
    options = config.options
    second = () if options["use_parallel_residual"] else (layer_norm(),)
    normed = (query_key_norm(over="all"),) if options["qk_layernorm"] else ()
    layer = (layer_norm(), attention(qkv_bias=options["use_qkv_bias"]), *normed, *second, gated())
    return decoder(layer, (layer_norm("final_norm"),), options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "stablelm", "StableLM", ("stablelm",),
        fields=llama_fields(kv_heads=32, head_dim=HEAD_SIZE),
        options=(tied(False), Option("use_qkv_bias", default=False), Option("qk_layernorm", default=False),
                 Option("use_parallel_residual", default=False)),
        build=build,
        inert=POSITIONLESS,
        source="arXiv:2402.17834; transformers StableLmConfig",
    ),
)  # fmt: skip
