"""OLMo (norms without parameters), OLMo 2 (norms after the blocks, norms of queries and keys), OLMo 3 (and windows).

Groeneveld et al. 2024, arXiv:2402.00838; OLMo Team 2024, arXiv:2501.00656; OLMo Team 2025, arXiv:2512.13961.
"""

from __future__ import annotations

from symllm.block import Architecture, Block, Reach
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.norm import layer_norm, query_key_norm, rms_norm
from .decoder import decoder
from .dense import FULL, LAYER_TYPES, POSITIONLESS, WINDOW, decoder_of_kinds, layer_kinds, llama_fields, tied, whole_groups, window


def olmo(config: Config) -> Architecture:
    """LayerNorm without scale and shift: norms hold nothing."""
    whole_groups(config)
    norm, biased = layer_norm(bias=False, scale=False), config.options["attention_bias"]
    layer = (norm, attention(qkv_bias=biased, out_bias=biased), norm, gated())
    return decoder(layer, (layer_norm("final_norm", bias=False, scale=False),), config.options["tie_word_embeddings"])


def olmo2_layer(config: Config, reach: Reach) -> tuple[Block, ...]:
    """Norms stand after attention and after the feed-forward block, none before them."""
    norm, biased = rms_norm("post_norm"), config.options["attention_bias"]
    return (attention(qkv_bias=biased, out_bias=biased, reach=reach), query_key_norm(over="all"), norm, gated(), norm)


def olmo2(config: Config) -> Architecture:
    """Every layer sees everything."""
    return decoder_of_kinds(lambda reach: olmo2_layer(config, reach), (), (rms_norm("final_norm"),),
                            whole_groups(config).options["tie_word_embeddings"])  # fmt: skip


def olmo3(config: Config) -> Architecture:
    """Three layers in four see a window."""
    kinds = layer_kinds(whole_groups(config), lambda i: FULL if (i + 1) % 4 == 0 else WINDOW)
    return decoder_of_kinds(lambda reach: olmo2_layer(config, reach), kinds, (rms_norm("final_norm"),),
                            config.options["tie_word_embeddings"])  # fmt: skip


OPTIONS = (tied(False), Option("attention_bias", default=False))

FAMILIES = (
    Family("olmo", "OLMo", ("olmo",), llama_fields(), olmo, "arXiv:2402.00838; transformers OlmoConfig", OPTIONS, POSITIONLESS),
    Family("olmo2", "OLMo 2", ("olmo2",), llama_fields(), olmo2, "arXiv:2501.00656; transformers Olmo2Config", OPTIONS, POSITIONLESS),
    Family("olmo3", "OLMo 3", ("olmo3",), (*llama_fields(), window(4096)), olmo3, "arXiv:2512.13961; transformers Olmo3Config",
           (*OPTIONS, LAYER_TYPES), POSITIONLESS),
)  # fmt: skip
