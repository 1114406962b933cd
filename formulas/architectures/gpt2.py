"""GPT-2: learned positions, LayerNorm with shift, biases everywhere, a head tied to the token table.

Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.embedding import learned_positions, token_embedding
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max, s_pos
from .decoder import decoder


def build(config: Config) -> Architecture:
    """12 N d² + 13 N d and the two tables, when d_ff = 4 d."""
    norm = layer_norm()
    layer = (norm, attention(qkv_bias=True, out_bias=True), norm, plain(bias=True))
    return decoder(layer, (layer_norm("final_norm"),), config.options["tie_word_embeddings"],
                   embeddings=(token_embedding(), learned_positions()))  # fmt: skip


FAMILIES = (
    Family(
        "gpt2", "GPT-2", ("gpt2",),
        fields=(
            Field("n_embd", d, default=768, also=("hidden_size",)),
            Field("n_layer", N, default=12, also=("num_hidden_layers",)),
            Field("n_head", h, default=12, also=("num_attention_heads",)),
            Field("n_head", k, default=h, also=("num_attention_heads",)),
            Field("head_dim", d_h, default=d / h),
            Field("n_inner", d_ff, default=4 * d),
            Field("vocab_size", V, default=50257),
            Field("n_positions", s_pos, default=1024, also=("max_position_embeddings",)),
            Field("n_positions", s_max, default=1024, also=("max_position_embeddings",)),
        ),
        options=(Option("tie_word_embeddings", default=True),),
        build=build,
        source="Radford et al. 2019; transformers GPT2Config",
        dropout=True,
    ),
)  # fmt: skip
