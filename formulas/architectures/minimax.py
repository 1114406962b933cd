"""MiniMax-Text-01 and MiniMax-M1: seven layers of lightning attention, then one of softmax attention; experts in all.

Sources: MiniMax-01, arXiv:2501.08313; MiniMax-M1, arXiv:2506.13585; transformers' MiniMaxDecoderLayer.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router
from ..blocks.lightning_attention import lightning_attention
from ..blocks.norm import rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, N, V, c_m, d, d_ff, d_h, h, k, s_max
from .decoder import TIED
from .layer_kinds import check_experts, model_of_kinds, per_layer

KINDS = ("linear_attention", "full_attention")


def order(config: Config) -> list[str]:
    """One kind a layer: by transformers' list, by MiniMax' own (0 lightning, 1 softmax), or alternating as in transformers."""
    kinds = per_layer(config, "layer_types", KINDS)
    if kinds is not None:
        return [str(kind) for kind in kinds]
    codes = per_layer(config, "attn_type_list", (0, 1))
    if codes is not None:
        return [KINDS[int(str(code))] for code in codes]
    if config.raw["model_type"] != "minimax":
        raise SymllmError("config: field 'attn_type_list' is missing; a minimax model needs it")
    return [KINDS[(i + 1) % 2] for i in range(config.sizes[N])]


def build(config: Config) -> Architecture:
    """Layers of (norm, attention of one kind, norm, experts)."""
    check_experts(config, "num_experts_per_tok", "num_local_experts")
    mixers = {KINDS[0]: ("layer with lightning attention", lightning_attention()), KINDS[1]: ("layer with softmax attention", attention())}
    plans = {name: (title, (rms_norm(), block, rms_norm(), router(), routed_experts(d_ff))) for name, (title, block) in mixers.items()}
    return model_of_kinds(order(config), plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "minimax", "MiniMax-01 and M1", ("minimax", "minimax_text_01", "minimax_m1"),
        fields=(
            Field("hidden_size", d, default=4096),
            Field("num_hidden_layers", N, default=32),
            Field("num_attention_heads", h, default=32),
            Field("num_key_value_heads", k, default=8, null=h),
            Field("head_dim", d_h, default=d / h),
            Field("intermediate_size", d_ff, default=14336),
            Field("num_local_experts", EXPERTS, default=8, also=("num_experts",)),
            Field("num_experts_per_tok", E_a, default=2),
            Field("vocab_size", V, default=32000),
            Field("max_position_embeddings", s_max, default=131072),
            Field("block_size", c_m, default=256),
        ),
        options=(
            TIED, Option("layer_types", default=None, kind=list), Option("attn_type_list", default=None, kind=list),
            Option("shared_intermediate_size", default=0, kind=int, choices=(0,)),
            Option("sliding_window", default=None, kind=int, choices=(None,)),
        ),
        build=build,
        source="arXiv:2501.08313, arXiv:2506.13585; transformers MiniMaxConfig",
        inert=("postnorm", "layernorm_*", "rotary_dim", "router_jitter_noise", "*_alpha_factor", "*_beta_factor", "shared_moe_mode"),
    ),
)  # fmt: skip
