"""Granite 4 hybrids: Mamba-2 layers and a few of attention, each with experts and a shared expert, or a dense block.

Source: IBM, Granite 4.0 (2025); transformers' GraniteMoeHybridDecoderLayer.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture, Block
from symllm.config import Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router, shared_experts
from ..blocks.feed_forward import gated
from ..blocks.mamba2 import mamba2
from ..blocks.norm import rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, N, V, c_m, d, d_conv, d_ffe, d_ffs, d_h, d_state, g_m, h, h_m, k, s_max
from .decoder import TIED
from .layer_kinds import check_experts, model_of_kinds
from .state_space import EXPAND, HEAD_WIDTH, STATE_SPACE_INERT, attention_or_state, check_groups, expanded, head_width


def build(config: Config) -> Architecture:
    """Layers of (norm, mixer, norm, experts with a shared one); without experts the shared one is all there is."""
    options, sizes = config.options, config.sizes
    check_groups(config, "mamba_n_groups")
    ffn: tuple[Block, ...] = (gated(inner=d_ffs),)
    if sizes[EXPERTS]:
        check_experts(config, "num_experts_per_tok", "num_local_experts")
        ffn = (router(), routed_experts(), shared_experts(d_ffs, d_ffs))
    biased = options["attention_bias"]
    mixers = {
        "linear_attention": ("state-space layer", mamba2(bias=options["mamba_proj_bias"], conv_bias=options["mamba_conv_bias"])),
        "full_attention": ("attention layer", attention(qkv_bias=biased, out_bias=biased)),
    }
    plans = {name: (title, (rms_norm(), block, rms_norm(), *ffn)) for name, (title, block) in mixers.items()}
    kinds = attention_or_state(config, "layer_types") or attention_or_state(config, "layers_block_type") or ["linear_attention"] * sizes[N]
    made = model_of_kinds(kinds, plans, (rms_norm("final_norm"),), options["tie_word_embeddings"])
    return replace(made, values={**made.values, **head_width(config, expanded(config, "mamba_expand"))})


FAMILIES = (
    Family(
        "granitemoehybrid", "Granite 4 hybrid", ("granitemoehybrid",),
        fields=(
            Field("hidden_size", d, default=4096),
            Field("num_hidden_layers", N, default=32),
            Field("num_attention_heads", h, default=32),
            Field("num_key_value_heads", k, default=h),
            Field("head_dim", d_h, default=d / h),
            Field("intermediate_size", d_ffe, default=11008),
            Field("shared_intermediate_size", d_ffs, default=1024),
            Field("num_local_experts", EXPERTS, default=8, zero=True),
            Field("num_experts_per_tok", E_a, default=2, zero=True),
            Field("vocab_size", V, default=32000),
            Field("max_position_embeddings", s_max, default=2048),
            Field("mamba_n_heads", h_m, default=128),
            Field("mamba_n_groups", g_m, default=1),
            Field("mamba_d_state", d_state, default=256),
            Field("mamba_d_conv", d_conv, default=4),
            Field("mamba_chunk_size", c_m, default=256),
        ),
        options=(
            TIED, EXPAND, HEAD_WIDTH, Option("mamba_conv_bias", default=True), Option("mamba_proj_bias", default=False),
            Option("attention_bias", default=False), Option("layer_types", default=None, kind=list),
            Option("layers_block_type", default=None, kind=list),
        ),
        build=build,
        source="Granite 4.0; transformers GraniteMoeHybridConfig",
        inert=(*STATE_SPACE_INERT, "position_embedding_type", "normalization_function", "init_method", "shared_moe_aux_loss_coef"),
    ),
)  # fmt: skip
