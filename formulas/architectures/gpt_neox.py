"""GPT-NeoX, Pythia and Persimmon: two norms a layer, biases in the layers, rotary positions, an untied head.

Whether attention and feed-forward run side by side or in turn changes no size.
Black et al. 2022, arXiv:2204.06745; Biderman et al. 2023, arXiv:2304.01373; Elsen et al. 2023, "Persimmon-8B".
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm, query_key_norm
from .decoder import decoder
from .dense import HEAD_SIZE, POSITIONLESS, equal_heads, llama_fields, tied


def neox(config: Config) -> Architecture:
    """Biases on the four matrices of attention unless the config says no; always on the feed-forward block."""
    norm, biased = layer_norm(), config.options["attention_bias"]
    layer = (norm, attention(qkv_bias=biased, out_bias=biased), norm, plain(bias=True))
    return decoder(layer, (layer_norm("final_norm"),), config.options["tie_word_embeddings"])


def persimmon(config: Config) -> Architecture:
    """As GPT-NeoX, with LayerNorms of head size on queries and keys."""
    norm = layer_norm()
    normed = (query_key_norm(bias=True),) if config.options["qk_layernorm"] else ()
    layer = (norm, attention(qkv_bias=True, out_bias=True), *normed, norm, plain(bias=True))
    return decoder(layer, (layer_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "gpt_neox", "GPT-NeoX", ("gpt_neox",),
        fields=equal_heads(llama_fields(head_dim=HEAD_SIZE)),
        options=(tied(False), Option("attention_bias", default=True)),
        build=neox,
        inert=(*POSITIONLESS, "use_parallel_residual"),
        source="arXiv:2204.06745, arXiv:2304.01373; transformers GPTNeoXConfig",
    ),
    Family(
        "persimmon", "Persimmon", ("persimmon",),
        fields=equal_heads(llama_fields(head_dim=HEAD_SIZE)),
        options=(tied(False), Option("qk_layernorm", default=True)),
        build=persimmon,
        inert=POSITIONLESS,
        source="Elsen et al. 2023; transformers PersimmonConfig",
    ),
)  # fmt: skip
