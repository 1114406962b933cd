"""Zamba2: Mamba-2 layers, before some of which a shared transformer block runs.

num_mem_blocks such blocks take turns: the first uses store their weights, later ones use them again.
Sources: Zamba2, arXiv:2411.15242; transformers' Zamba2Model.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option, shown
from symllm.errors import SymllmError

from ..blocks.mamba2 import mamba2
from ..blocks.norm import rms_norm
from ..blocks.shared_transformer import back_projection, r_ad, shared_transformer
from ..notation import N, V, c_m, d, d_conv, d_ff, d_h, d_m, d_state, g_m, h, h_m, k, s_max
from .layer_kinds import model_of_kinds, number, per_layer
from .state_space import EXPAND, STATE_SPACE_INERT, check_groups, expanded


def build(config: Config) -> Architecture:
    """Mamba-2 layers, and hybrid ones: shared block, its projection, then a Mamba-2 layer."""
    sizes, options = config.sizes, config.options
    kinds = per_layer(config, "layers_block_type", ("mamba", "linear_attention", "hybrid"))
    if kinds is None:
        raise SymllmError("config: field 'layers_block_type' is missing; a zamba2 model needs it")
    if sizes[k] != sizes[h]:
        raise SymllmError(f"config: field 'num_key_value_heads' is {sizes[k]}; the shared block has as many as heads, {sizes[h]}")
    inner = expanded(config, "mamba_expand")
    if inner % sizes[h_m]:
        raise SymllmError(f"config: field 'n_mamba_heads' is {sizes[h_m]}, which does not divide the inner width {inner}")
    derived = {"attention_hidden_size": 2 * sizes[d], "mamba_headdim": inner // sizes[h_m],
               "hybrid_layer_ids": [i for i, kind in enumerate(kinds) if kind == "hybrid"]}  # fmt: skip
    for name, value in derived.items():
        if config.raw.get(name, value) != value:
            raise SymllmError(f"config: field {name!r} is {shown(config.raw[name])}, but the other fields give {shown(value)}")
    check_groups(config, "mamba_ngroups")
    if options["use_shared_attention_adapter"] and sizes[h] * sizes[d_h] != 2 * sizes[d]:
        raise SymllmError(f"config: field 'attention_head_dim' is {sizes[d_h]}; with adapters all heads together are 2 hidden_size wide")
    biased, adapters = options["add_bias_linear"], options["use_shared_attention_adapter"]
    layer = (rms_norm(), mamba2(bias=biased, conv_bias=options["use_conv_bias"]))
    uses = {
        name: (*shared_transformer(name == "first", bias=biased, adapters=adapters), back_projection(), *layer)
        for name in ("first", "again")
    }
    plans = {
        "mamba": ("state-space layer", layer),
        "first": ("layer with a shared block, which it stores", uses["first"]),
        "again": ("layer with a shared block stored before", uses["again"]),
    }
    order, met, stored = [], 0, number(config, "num_mem_blocks", zero=False)
    for kind in kinds:
        order.append("mamba" if kind != "hybrid" else "first" if met < stored else "again")
        met += kind == "hybrid"
    made = model_of_kinds(order, plans, (rms_norm("final_norm"),), options["tie_word_embeddings"])
    return replace(made, values={**made.values, d_m: derived["mamba_headdim"]})


FAMILIES = (
    Family(
        "zamba2", "Zamba2", ("zamba2",),
        fields=(
            Field("hidden_size", d, default=2560),
            Field("num_hidden_layers", N, default=54),
            Field("num_attention_heads", h, default=32),
            Field("num_key_value_heads", k, default=h),
            Field("attention_head_dim", d_h, default=2 * d / h),
            Field("intermediate_size", d_ff, default=4 * d),
            Field("vocab_size", V, default=32000),
            Field("max_position_embeddings", s_max, default=4096),
            Field("n_mamba_heads", h_m, default=8),
            Field("mamba_ngroups", g_m, default=1),
            Field("mamba_d_state", d_state, default=64),
            Field("mamba_d_conv", d_conv, default=4),
            Field("chunk_size", c_m, default=256),
            Field("adapter_rank", r_ad, default=128),
        ),
        options=(
            Option("tie_word_embeddings", default=True), EXPAND, Option("layers_block_type", default=None, kind=list),
            Option("num_mem_blocks", default=1, kind=int), Option("use_shared_attention_adapter", default=False),
            Option("add_bias_linear", default=False), Option("use_conv_bias", default=True),
        ),
        build=build,
        source="arXiv:2411.15242; transformers Zamba2Config",
        inert=(*STATE_SPACE_INERT, "attention_hidden_size", "hybrid_layer_ids", "kv_channels", "mamba_headdim",
               "num_query_groups", "use_mem_rope", "use_mem_eff_path", "use_long_context", "ffn_hidden_size", "gated_linear_unit",
               "vocab_file", "use_shared_block_lora", "lora_rank", "use_shared_mlp_adapter", "kv_layers", "mamba_dt_rank"),
    ),
)  # fmt: skip
