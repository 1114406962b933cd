"""LFM2: most layers a short gated convolution, some grouped-query attention; a feed-forward block in each, or experts.

Sources: Liquid AI, LFM2 (2025), arXiv:2511.23404; transformers' Lfm2DecoderLayer and Lfm2MoeDecoderLayer.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture, Block
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router
from ..blocks.feed_forward import gated
from ..blocks.norm import query_key_norm, rms_norm
from ..blocks.short_convolution import short_convolution
from ..notation import E as EXPERTS
from ..notation import E_a, N, V, d, d_conv, d_ff, d_ffe, d_h, d_inner, h, k, s_max
from .layer_kinds import check_experts, model_of_kinds, number, per_layer, places


def inner_width(config: Config) -> int:
    """The feed-forward width: as given, or two thirds of it rounded up to a multiple, as LLaMA's first code did."""
    width: int = config.sizes[d_ff]
    options = config.options
    if not options["block_auto_adjust_ff_dim"]:
        return width
    step, factor = number(config, "block_multiple_of", zero=False), options["block_ffn_dim_multiplier"]
    if not 0 < factor <= 1000:
        raise SymllmError(f"config: field 'block_ffn_dim_multiplier' is {factor}; it must be above 0")
    return -(-int(factor * int(2 * width / 3)) // step) * step


def _operators(config: Config) -> dict[str, tuple[str, tuple[Block, ...]]]:
    return {
        "conv": ("convolution layer", (rms_norm(), short_convolution(config.options["conv_bias"]))),
        "full_attention": ("attention layer", (rms_norm(), attention(), query_key_norm())),
    }


def _tied(config: Config) -> bool:
    given = config.options["tie_embedding"]
    return bool(config.options["tie_word_embeddings"] if given is None else given)


def build(config: Config) -> Architecture:
    """Layers of (norm, operator, norm, feed-forward)."""
    kinds = per_layer(config, "layer_types", ("conv", "full_attention"))
    if kinds is None:
        every = config.options["full_attn_idxs"] is None
        attending = places(config, "full_attn_idxs")
        kinds = ["full_attention" if every or i in attending else "conv" for i in range(config.sizes[N])]
    plans = {name: (title, (*blocks, rms_norm(), gated())) for name, (title, blocks) in _operators(config).items()}
    made = model_of_kinds([str(kind) for kind in kinds], plans, (rms_norm("final_norm"),), _tied(config))
    return replace(made, values={**made.values, d_ff: inner_width(config), d_inner: config.sizes[d]})


def build_moe(config: Config) -> Architecture:
    """The same with experts in all layers after the first num_dense_layers."""
    check_experts(config, "num_experts_per_tok", "num_experts")
    kinds = per_layer(config, "layer_types", ("conv", "full_attention"))
    if kinds is None:
        raise SymllmError("config: field 'layer_types' is missing; a lfm2_moe model needs it")
    dense = number(config, "num_dense_layers")
    order = [f"{kind}_{'dense' if i < dense else 'moe'}" for i, kind in enumerate(kinds)]
    sends = router(correction="buffer" if config.options["use_expert_bias"] else "")
    parts = {"dense": ("", (gated(),)), "moe": (" with experts", (sends, routed_experts()))}
    plans = {
        f"{name}_{part}": (title + suffix, (*blocks, rms_norm(), *inner))
        for name, (title, blocks) in _operators(config).items() for part, (suffix, inner) in parts.items()
    }  # fmt: skip
    made = model_of_kinds(order, plans, (rms_norm("final_norm"),), _tied(config))
    return replace(made, values={**made.values, d_inner: config.sizes[d]})


_OPTIONS = (
    Option("tie_embedding", default=None), Option("tie_word_embeddings", default=True), Option("conv_bias", default=False),
    Option("layer_types", default=None, kind=list),
)  # fmt: skip
_INERT = (
    "block_norm_eps", "block_use_swiglu", "block_use_xavier_init", "block_mlp_init_scale", "block_out_init_scale", "conv_use_xavier_init",
    "conv_dim", "conv_dim_out", "theta", "use_pos_enc", "num_heads", "norm_topk_prob", "routed_scaling_factor",
)  # fmt: skip

FAMILIES = (
    Family(
        "lfm2", "LFM2", ("lfm2",),
        fields=(
            Field("hidden_size", d, default=2560),
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
            *_OPTIONS, Option("full_attn_idxs", default=None, kind=list), Option("block_auto_adjust_ff_dim", default=True),
            Option("block_multiple_of", default=256, kind=int), Option("block_ffn_dim_multiplier", default=1.0, kind=(int, float)),
        ),
        build=build,
        source="arXiv:2511.23404; transformers Lfm2Config",
        inert=(*_INERT, "block_dim"),
    ),
    Family(
        "lfm2_moe", "LFM2 with experts", ("lfm2_moe",),
        fields=(
            Field("hidden_size", d, default=2048),
            Field("num_hidden_layers", N, default=32),
            Field("num_attention_heads", h, default=32),
            Field("num_key_value_heads", k, default=8),
            Field("head_dim", d_h, default=d / h),
            Field("intermediate_size", d_ff, default=7168),
            Field("moe_intermediate_size", d_ffe, default=1792),
            Field("num_experts", EXPERTS, default=32),
            Field("num_experts_per_tok", E_a, default=4),
            Field("vocab_size", V, default=65536),
            Field("max_position_embeddings", s_max, default=128000),
            Field("conv_L_cache", d_conv, default=3),
        ),
        options=(*_OPTIONS, Option("num_dense_layers", default=2, kind=int), Option("use_expert_bias", default=True)),
        build=build_moe,
        source="arXiv:2511.23404; transformers Lfm2MoeConfig",
        inert=_INERT,
    ),
)  # fmt: skip
