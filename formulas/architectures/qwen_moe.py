"""Qwen2-MoE and Qwen3-MoE: many small experts; Qwen2-MoE adds a shared expert with a gate of its own.

Every decoder_sparse_step-th layer routes, but those of mlp_only_layers and a model without experts do not.
Sources: Qwen1.5-MoE, Qwen Team 2024; Qwen2, arXiv:2407.10671; Qwen3, arXiv:2505.09388.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symllm.block import EVERYTHING, Architecture, Block, Reach
from symllm.config import REQUIRED, Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router, shared_expert_gate, shared_experts
from ..blocks.feed_forward import gated
from ..blocks.norm import query_key_norm, rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, N, W, d_ff, d_ffe, d_ffs
from .decoder import TIED
from .dense import whole_groups, window
from .layer_kinds import check_experts, model_of_kinds, number, per_layer, places
from .mixtral import BIAS, ROUTER_INERT, sizes

ATTENTION = {"full": "full attention", "window": "a sliding window"}
FFN = {"moe": "experts", "dense": "a dense feed-forward block"}


def routed_layers(config: Config) -> list[str]:
    """Which layers route ("moe") and which do not ("dense"); raises for a period of 0."""
    step, dense = number(config, "decoder_sparse_step", zero=False), places(config, "mlp_only_layers")
    return ["moe" if (i + 1) % step == 0 and i not in dense else "dense" for i in range(config.sizes[N])]


def mixture(config: Config, attend: Mapping[str, tuple[Block, ...]], routed: tuple[Block, ...], seen: list[str]) -> Architecture:
    """Layers of attention (by what they see) and feed-forward blocks (routed or dense), grouped by both."""
    check_experts(whole_groups(config), "num_experts_per_tok", "num_experts")
    norm, ffn = rms_norm(), {"moe": routed, "dense": (gated(),)}
    kinds = [f"{sees}_{kind}" for sees, kind in zip(seen, routed_layers(config), strict=True)]
    plans = {
        f"{sees}_{kind}": (f"layer with {ATTENTION[sees]} and {FFN[kind]}", (norm, *attend[sees], norm, *ffn[kind]))
        for sees in attend for kind in ffn
    }  # fmt: skip
    return model_of_kinds(kinds, plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


def _window_layers(config: Config) -> list[str]:
    """Qwen2-MoE: windows on every second layer below max_window_layers, only where use_sliding_window is true."""
    kinds = per_layer(config, "layer_types", ("full_attention", "sliding_attention"))
    if not config.options["use_sliding_window"] or not config.sizes.get(W):
        return ["full"] * config.sizes[N]
    if kinds is not None:
        return ["window" if kind == "sliding_attention" else "full" for kind in kinds]
    first = number(config, "max_window_layers")
    return ["window" if (i + 1) % 2 and i < first else "full" for i in range(config.sizes[N])]


def qwen2_moe(config: Config) -> Architecture:
    """Qwen2-MoE: biases on Q, K and V; a shared expert scaled by a gate."""
    biased = config.options["qkv_bias"]
    attend = {"full": (attention(qkv_bias=biased),), "window": (attention(qkv_bias=biased, reach=Reach("window", W)),)}
    routed = (router(), routed_experts(), shared_experts(d_ffs, d_ffs), shared_expert_gate())
    return mixture(config, attend, routed, _window_layers(config))


def qwen3_moe(config: Config) -> Architecture:
    """Qwen3-MoE: queries and keys normalized in each head, no shared expert; a window is on every layer."""
    biased = config.options["attention_bias"]
    sees = "window" if config.options["use_sliding_window"] and W in config.sizes else "full"
    reach = Reach("window", W) if sees == "window" else EVERYTHING
    attend = {sees: (attention(qkv_bias=biased, out_bias=biased, reach=reach), query_key_norm())}
    return mixture(config, attend, (router(), routed_experts()), [sees] * config.sizes[N])


WINDOW = window(4096)
SPARSE = (Option("decoder_sparse_step", default=1, kind=int), Option("mlp_only_layers", default=None, kind=list),
          Option("use_sliding_window", default=False))  # fmt: skip
INERT = (*ROUTER_INERT, "max_window_layers", "use_mrope")

FAMILIES = (
    Family(
        "qwen2_moe", "Qwen2-MoE", ("qwen2_moe",),
        fields=sizes(Field("intermediate_size", d_ff, default=5632), Field("moe_intermediate_size", d_ffe, default=1408),
                     Field("shared_expert_intermediate_size", d_ffs, default=5632), Field("num_experts", EXPERTS, default=60),
                     Field("num_experts_per_tok", E_a, default=4), replace(WINDOW, zero=True), kv=16, null_kv=REQUIRED),
        options=(TIED, *SPARSE, Option("qkv_bias", default=True), Option("max_window_layers", default=28, kind=int),
                 Option("layer_types", default=None, kind=list)),
        build=qwen2_moe, inert=INERT, source="arXiv:2407.10671; transformers Qwen2MoeConfig",
    ),
    Family(
        "qwen3_moe", "Qwen3-MoE", ("qwen3_moe",),
        fields=sizes(Field("intermediate_size", d_ff, default=6144), Field("moe_intermediate_size", d_ffe, default=768),
                     Field("num_experts", EXPERTS, default=128, also=("num_local_experts",)), Field("num_experts_per_tok", E_a, default=8),
                     WINDOW, kv=4, null_kv=REQUIRED),
        options=(TIED, BIAS, *SPARSE, Option("use_qk_norm", default=True, choices=(True,))), build=qwen3_moe, inert=INERT,
        source="arXiv:2505.09388; transformers Qwen3MoeConfig",
    ),
)  # fmt: skip
