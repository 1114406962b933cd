"""ERNIE 4.5 with experts: the correction bias of its router is a parameter, not a buffer.

Source: ERNIE 4.5 Technical Report, Baidu 2025; transformers Ernie4_5_MoeConfig.
"""

from __future__ import annotations

from symllm.block import Architecture, Block
from symllm.config import REQUIRED, Config, Family, Field, Option, whole

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router, shared_experts
from ..blocks.feed_forward import gated
from ..blocks.norm import rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, E_s, N, d_ff, d_ffe
from .dense import whole_groups
from .layer_kinds import check_experts, model_of_kinds, number
from .mixtral import ROUTER_INERT, sizes


def ernie_moe(config: Config) -> Architecture:
    """ERNIE 4.5 with experts on every moe_layer_interval-th layer from a first to a last one (-1: the model's last).

    Raises `SymllmError` for impossible places and for more chosen experts than there are.
    """
    check_experts(whole_groups(config), "moe_k", "moe_num_experts")
    first, step = number(config, "moe_layer_start_index"), number(config, "moe_layer_interval", zero=False)
    end = config.options["moe_layer_end_index"]
    last = config.sizes[N] - 1 if end == -1 else whole(end, "moe_layer_end_index", zero=True)
    kinds = ["moe" if (i + 1) % step == 0 and first <= i <= last else "dense" for i in range(config.sizes[N])]
    biased, norm = config.options["use_bias"], rms_norm()
    before = (norm, attention(qkv_bias=biased, out_bias=biased), norm)
    routed: tuple[Block, ...] = (router(correction="learned"), routed_experts())
    if config.sizes[E_s]:
        routed = (*routed, shared_experts(bias=biased))
    plans = {"dense": ("dense layer", (*before, gated(bias=biased))), "moe": ("layer with experts", (*before, *routed))}
    return model_of_kinds(kinds, plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"], head_bias=biased)


OPTIONS = (Option("tie_word_embeddings", default=True), Option("use_bias", default=False))
INERT = (*ROUTER_INERT, "compression_ratio", "moe_norm_min", "moe_capacity", "moe_gate", "moe_use_aux_free", "moe_dropout_prob")

FAMILIES = (
    Family(
        "ernie4_5_moe", "ERNIE 4.5 MoE", ("ernie4_5_moe",),
        fields=sizes(Field("intermediate_size", d_ff), Field("moe_intermediate_size", d_ffe, default=1536),
                     Field("moe_num_experts", EXPERTS, default=64, also=("num_experts",)),
                     Field("moe_k", E_a, default=6, also=("num_experts_per_tok",)),
                     Field("moe_num_shared_experts", E_s, default=2, zero=True), kv=4, null_kv=REQUIRED),
        options=(*OPTIONS, Option("moe_layer_start_index", default=1, kind=int), Option("moe_layer_end_index", default=27, kind=int),
                 Option("moe_layer_interval", default=1, kind=int)),
        build=ernie_moe, inert=INERT, source="Baidu 2025, ERNIE 4.5; transformers Ernie4_5_MoeConfig",
    ),
)  # fmt: skip
