"""JetMoE: attention has experts too. Each expert has its own query and output matrices; keys and values are shared.

A token passes E_a of E attention experts, each with as many query heads as there are KV heads, so that it has
h = k · E_a query heads in all.
Source: JetMoE, arXiv:2404.07413; transformers JetMoeConfig.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symllm.block import Architecture, Block, Weight
from symllm.config import Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router
from ..blocks.norm import rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, N, V, d, d_ffe, d_h, h, k, s_max
from .decoder import decoder
from .layer_kinds import check_experts
from .mixtral import ROUTER_INERT


def attention_experts() -> Block:
    """E pairs of query and output matrices for k heads each, of which a token passes E_a. Raises nothing."""
    routed: dict[str, Any] = {"copies": EXPERTS, "active": E_a, "spread": True, "quantizes": True}
    weights = (
        Weight("W_Q", (d, k * d_h), "matmul", split=k, **routed),
        Weight("W_O", (k * d_h, d), "matmul", split=k, **routed),
    )
    return Block("attention_experts", "attention experts", "routed_experts", weights, workspace=2 * E_a * k * d_h, workspace_split=k,
                 source="arXiv:2404.07413")  # fmt: skip


def jetmoe(config: Config) -> Architecture:
    """Mixtures in both halves of each layer, and one bias after each mixture."""
    check_experts(config, "num_experts_per_tok", "num_local_experts")
    whole = attention()
    kept = (w for w in whole.weights if w.name in ("W_K", "W_V"))
    shared = replace(whole, weights=(*kept, Weight("b_O", (d,))))
    chooses = replace(router(), name="attention_router", title="router of attention")
    after = Block("ffn_bias", "bias after the experts", "ffn", (Weight("b", (d,)),), source="arXiv:2404.07413")
    norm = rms_norm()
    layer = (norm, chooses, attention_experts(), shared, norm, router(), routed_experts(), after)
    made = decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])
    return Architecture(made.once, made.groups, {h: config.sizes[k] * config.sizes[E_a]})


FAMILIES = (
    Family(
        "jetmoe", "JetMoE", ("jetmoe",),
        fields=(
            Field("hidden_size", d), Field("num_hidden_layers", N), Field("num_key_value_heads", k, default=16),
            Field("kv_channels", d_h, default=128, also=("head_dim",)), Field("intermediate_size", d_ffe), Field("vocab_size", V),
            Field("num_local_experts", EXPERTS, default=8), Field("num_experts_per_tok", E_a, default=2),
            Field("max_position_embeddings", s_max, default=None),
        ),
        options=(Option("tie_word_embeddings", default=True),),
        build=jetmoe, inert=(*ROUTER_INERT, "num_attention_heads", "aux_loss_coef", "activation_function"),
        source="arXiv:2404.07413; transformers JetMoeConfig",
    ),
)  # fmt: skip
