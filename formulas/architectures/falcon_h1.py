"""Falcon-H1: attention and a Mamba-2 mixer side by side in every layer, both fed by one norm.

Source: arXiv:2507.22448; transformers' FalconH1DecoderLayer.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option, whole

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.mamba2 import mamba2
from ..blocks.norm import rms_norm
from ..notation import N, V, c_m, d, d_conv, d_ff, d_h, d_state, g_m, h, h_m, k, s_max
from .decoder import TIED, decoder
from .state_space import EXPAND, HEAD_WIDTH, STATE_SPACE_INERT, check_groups, expanded, head_width


def build(config: Config) -> Architecture:
    """N layers of (norm, mixer and attention, norm, feed-forward)."""
    unset = "mamba_d_ssm" in config.raw and config.raw["mamba_d_ssm"] is None  # null asks for the expanded width
    inner = expanded(config, "mamba_expand") if unset else whole(config.options["mamba_d_ssm"], "mamba_d_ssm")
    values = head_width(config, inner)
    check_groups(config, "mamba_n_groups")
    options = config.options
    mixer = mamba2(bias=options["mamba_proj_bias"], out_bias=options["projectors_bias"], conv_bias=options["mamba_conv_bias"],
                   norm=options["mamba_rms_norm"])  # fmt: skip
    attends = attention(qkv_bias=options["attention_bias"], out_bias=options["attention_bias"])
    norm = rms_norm()
    made = decoder((norm, mixer, attends, norm, gated(bias=options["mlp_bias"])), (rms_norm("final_norm"),), options["tie_word_embeddings"])
    return replace(made, values=values)


FAMILIES = (
    Family(
        "falcon_h1", "Falcon-H1", ("falcon_h1",),
        fields=(
            Field("hidden_size", d, default=4096),
            Field("num_hidden_layers", N, default=32),
            Field("num_attention_heads", h, default=32),
            Field("num_key_value_heads", k, default=8),
            Field("head_dim", d_h, default=d / h),
            Field("intermediate_size", d_ff, default=14336),
            Field("vocab_size", V, default=128000),
            Field("max_position_embeddings", s_max, default=8192),
            Field("mamba_n_heads", h_m, default=128),
            Field("mamba_n_groups", g_m, default=1),
            Field("mamba_d_state", d_state, default=256),
            Field("mamba_d_conv", d_conv, default=4),
            Field("mamba_chunk_size", c_m, default=256),
        ),
        options=(
            TIED, Option("mamba_d_ssm", default=1024, kind=int), EXPAND, HEAD_WIDTH,
            Option("mamba_conv_bias", default=True),
            Option("mamba_proj_bias", default=False), Option("projectors_bias", default=False), Option("mamba_rms_norm", default=False),
            Option("attention_bias", default=False), Option("mlp_bias", default=False),
            Option("mamba_use_mlp", default=True, choices=(True,)),
        ),
        build=build,
        source="arXiv:2507.22448; transformers FalconH1Config",
        inert=(*STATE_SPACE_INERT, "mamba_norm_before_gate", "mlp_multipliers", "ssm_multipliers", "layers_block_type"),
    ),
)  # fmt: skip
