"""BLOOM: ALiBi positions (which hold no parameters), a norm right after the embedding, biases everywhere, a tied head.

BigScience Workshop 2022, arXiv:2211.05100; Press et al. 2021, arXiv:2108.12409.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field

from ..blocks.attention import attention
from ..blocks.embedding import token_embedding
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max
from .decoder import decoder
from .dense import tied


def build(config: Config) -> Architecture:
    """The feed-forward block is four times as wide as the model."""
    norm = layer_norm()
    layer = (norm, attention(qkv_bias=True, out_bias=True), norm, plain(bias=True))
    return decoder(layer, (layer_norm("final_norm"),), config.options["tie_word_embeddings"],
                   embeddings=(token_embedding(), layer_norm("embedding_norm")))  # fmt: skip


FAMILIES = (
    Family(
        "bloom", "BLOOM", ("bloom",),
        fields=(
            Field("hidden_size", d, also=("n_embed",)),
            Field("n_layer", N, also=("num_hidden_layers",)),
            Field("n_head", h, also=("num_attention_heads",)),
            Field("n_head", k, also=("num_attention_heads",)),
            Field("hidden size / heads", d_h, default=d / h),
            Field("4 hidden_size", d_ff, default=4 * d),
            Field("vocab_size", V),
            Field("seq_length", s_max, default=None),
        ),
        options=(tied(True),),
        build=build,
        inert=("apply_residual_connection_post_layernorm", "masked_softmax_fusion", "offset_alibi", "bias_dropout_fusion",
               "skip_bias_add*", "slow_but_exact"),
        source="arXiv:2211.05100; transformers BloomConfig",
    ),
)  # fmt: skip
