"""RWKV-4: a recurrent model with the blocks of a transformer; a norm more in front of the first layer.

Source: Peng et al. 2023, arXiv:2305.13048. RWKV-5 and later keep matrix states; their configs are not read here.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option

from ..blocks.embedding import token_embedding
from ..blocks.norm import layer_norm
from ..blocks.rwkv import channel_mixing, d_att, time_mixing
from ..notation import N, V, d, d_ff, s_max
from .decoder import decoder


def build(config: Config) -> Architecture:
    """N layers of (norm, time mixing, norm, channel mixing), LayerNorms with shift."""
    norm = layer_norm()
    return decoder((norm, time_mixing(), norm, channel_mixing()), (layer_norm("final_norm"),), config.options["tie_word_embeddings"],
                   embeddings=(token_embedding(), layer_norm("first_norm")))  # fmt: skip


FAMILIES = (
    Family(
        "rwkv", "RWKV-4", ("rwkv",),
        fields=(
            Field("hidden_size", d, default=4096),
            Field("num_hidden_layers", N, default=32),
            Field("attention_hidden_size", d_att, default=d),
            Field("intermediate_size", d_ff, default=4 * d),
            Field("vocab_size", V, default=50277),
            Field("context_length", s_max, default=1024, also=("max_position_embeddings",)),
        ),
        options=(Option("tie_word_embeddings", default=False),),
        build=build,
        source="arXiv:2305.13048; transformers RwkvConfig",
        inert=("rescale_every",),
    ),
)  # fmt: skip
