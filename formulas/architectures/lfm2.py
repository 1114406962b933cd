"""LFM2: most layers a short gated convolution, some grouped-query attention, every one with a gated feed-forward block.

Sources: Liquid AI, LFM2 (2025), arXiv:2511.23404; transformers' Lfm2DecoderLayer.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.gated_attention import head_norms
from ..blocks.norm import rms_norm
from ..blocks.short_convolution import short_convolution
from ..notation import N, V, d, d_conv, d_ff, d_h, h, k, s_max
from .hybrid import Kind, layer_kinds, stacked


def inner_width(config: Config) -> int:
    """The feed-forward width: as given, or two thirds of it rounded up to a multiple, as LLaMA's first code did."""
    width: int = config.sizes[d_ff]
    options = config.options
    if not options["block_auto_adjust_ff_dim"]:
        return width
    step, factor = options["block_multiple_of"], options["block_ffn_dim_multiplier"]
    if step < 1 or factor <= 0:
        raise SymllmError("config: fields 'block_multiple_of' and 'block_ffn_dim_multiplier' must be above 0")
    adjusted = int(factor * int(2 * width / 3))
    return -(-adjusted // step) * step


def build(config: Config) -> Architecture:
    """Layers of (norm, operator, norm, feed-forward)."""
    attending = config.options["full_attn_idxs"]
    layers = range(config.sizes[N])
    default = ["full_attention" if attending is None or i in attending else "conv" for i in layers]
    norm = rms_norm()
    kinds = {
        "conv": Kind("conv", "convolution layer", (norm, short_convolution(config.options["conv_bias"]), norm, gated())),
        "full_attention": Kind("full", "attention layer", (norm, attention(), head_norms(), norm, gated())),
    }
    tied = config.options["tie_embedding"]
    tied = config.options["tie_word_embeddings"] if tied is None else tied
    return stacked(layer_kinds(config, "layer_types", default), kinds, tied, values={d_ff: inner_width(config)})


FAMILIES = (
    Family(
        "lfm2", "LFM2", ("lfm2",),
        fields=(
            Field("hidden_size", d, default=2560, also=("block_dim",)),
            Field("num_hidden_layers", N, default=32),
            Field("num_attention_heads", h, default=32),
            Field("num_key_value_heads", k, default=8),
            Field("head_dim", d_h, default=d / h),
            Field("block_ff_dim", d_ff, default=12288, also=("intermediate_size",)),
            Field("vocab_size", V, default=65536),
            Field("max_position_embeddings", s_max, default=128000),
            Field("conv_L_cache", d_conv, default=3),
        ),
        options=(
            Option("tie_embedding", default=None), Option("tie_word_embeddings", default=True), Option("conv_bias", default=False),
            Option("layer_types", default=None, kind=list), Option("full_attn_idxs", default=None, kind=list),
            Option("block_auto_adjust_ff_dim", default=True), Option("block_multiple_of", default=256, kind=int),
            Option("block_ffn_dim_multiplier", default=1.0, kind=(int, float)),
        ),
        build=build,
        source="arXiv:2511.23404; transformers Lfm2Config",
        inert=("block_norm_eps", "block_use_swiglu", "block_use_xavier_init", "block_mlp_init_scale", "block_out_init_scale", "conv_use_xavier_init",
               "conv_dim", "conv_dim_out", "theta", "use_pos_enc", "num_heads", "rope_theta", "rope_parameters"),
    ),
)  # fmt: skip
