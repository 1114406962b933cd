"""GPT-1: learned positions, LayerNorm after each block, biases everywhere, no norm at the end, a tied head.

Radford et al. 2018, "Improving Language Understanding by Generative Pre-Training".
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field

from ..blocks.attention import attention
from ..blocks.embedding import learned_positions, token_embedding
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max, s_pos
from .decoder import decoder
from .dense import tied


def build(config: Config) -> Architecture:
    """The feed-forward block is four times as wide as the model; no field says so."""
    norm = layer_norm()
    return decoder((attention(qkv_bias=True, out_bias=True), norm, plain(bias=True, inner=d_ff), norm), (),
                   config.options["tie_word_embeddings"], embeddings=(token_embedding(), learned_positions()))  # fmt: skip


FAMILIES = (
    Family(
        "gpt1", "GPT-1", ("openai-gpt",),
        fields=(
            Field("n_embd", d, also=("hidden_size",)),
            Field("n_layer", N, also=("num_hidden_layers",)),
            Field("n_head", h, also=("num_attention_heads",)),
            Field("n_head", k, also=("num_attention_heads",)),
            Field("n_embd / n_head", d_h, default=d / h),
            Field("4 n_embd", d_ff, default=4 * d),
            Field("vocab_size", V),
            Field("n_positions", s_pos, also=("max_position_embeddings",)),
            Field("n_positions", s_max, also=("max_position_embeddings",)),
        ),
        options=(tied(True),),
        build=build,
        inert=("afn",),
        source="Radford et al. 2018; transformers OpenAIGPTConfig",
        dropout=True,
    ),
)  # fmt: skip
