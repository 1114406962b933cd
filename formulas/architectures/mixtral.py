"""Mixtral and other decoders whose every layer has the same mixture of experts: PhiMoE, OLMoE, DBRX, Granite, MiniMax-M2.

They differ in the norm, in biases, in norms of queries and keys and in the window.
Sources: Mixtral, arXiv:2401.04088; Phi-3.5-MoE, arXiv:2404.14219; OLMoE, arXiv:2409.02060; DBRX, Databricks 2024;
Granite 3.0, IBM 2024; MiniMax-M2, MiniMax 2025; defaults: the configuration classes of transformers.
"""

from __future__ import annotations

from typing import Any

from symllm.block import EVERYTHING, Architecture, Block, Reach
from symllm.config import REQUIRED, SAME, Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router
from ..blocks.norm import layer_norm, query_key_norm, rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, N, V, W, d, d_ffe, d_h, h, k, s_max
from .decoder import TIED, decoder
from .dense import whole_groups
from .layer_kinds import check_experts

#: Fields that say how a router chooses and how its load is kept even; they change no size.
ROUTER_INERT = (
    "router_*", "norm_topk_prob", "scoring_func", "topk_method", "n_group", "topk_group", "aux_loss_alpha", "seq_aux", "ep_size",
    "moe_router_dtype", "num_nextn_predict_layers", "input_jitter_noise", "expert_dropout", "clip_qkv",
)  # fmt: skip
BIAS = Option("attention_bias", default=False)


def sizes(*more: Field, kv: Any = h, null_kv: Any = SAME, head: Any = d / h, null_head: Any = SAME) -> tuple[Field, ...]:
    """The fields that mixture families share, under LLaMA's names, and `more`.

    kv, head: KV heads and head size of a config without the field; null_kv, null_head: of one with a null. Raises nothing.
    """
    return (
        Field("hidden_size", d), Field("num_hidden_layers", N), Field("num_attention_heads", h),
        Field("num_key_value_heads", k, default=kv, null=null_kv), Field("head_dim", d_h, default=head, null=null_head),
        Field("vocab_size", V), Field("max_position_embeddings", s_max, default=None), *more,
    )  # fmt: skip


def reach_of(config: Config) -> Reach:
    """The window, where the config has one: it is on every layer then."""
    return Reach("window", W) if W in config.sizes else EVERYTHING


def _model(config: Config, attention_blocks: tuple[Block, ...], ffn: tuple[Block, ...], names: tuple[str, str], *,
           layer_norms: str = "rms", head_bias: bool = False) -> Architecture:  # fmt: skip
    check_experts(whole_groups(config), *names)
    if layer_norms == "rms":
        norm, last = rms_norm(), rms_norm("final_norm")
    else:
        shifted = layer_norms == "shifted"
        norm, last = layer_norm(bias=shifted), layer_norm("final_norm", bias=shifted)
    tied = config.options["tie_word_embeddings"]
    return decoder((norm, *attention_blocks, norm, *ffn), (last,), tied, head_bias=head_bias)


def mixtral(config: Config) -> Architecture:
    """Mixtral: no biases; a window only where the config has one."""
    return _model(config, (attention(reach=reach_of(config)),), (router(), routed_experts()), ("num_experts_per_tok", "num_local_experts"))


def phimoe(config: Config) -> Architecture:
    """PhiMoE: LayerNorm with shift; biases on attention and the head where the config has them."""
    biased = config.options["attention_bias"]
    blocks = (attention(qkv_bias=biased, out_bias=biased, reach=reach_of(config)),)
    return _model(config, blocks, (router(), routed_experts()), ("num_experts_per_tok", "num_local_experts"),
                  layer_norms="shifted", head_bias=config.options["lm_head_bias"])  # fmt: skip


def olmoe(config: Config) -> Architecture:
    """OLMoE: queries and keys normalized over all heads."""
    biased = config.options["attention_bias"]
    blocks = (attention(qkv_bias=biased, out_bias=biased), query_key_norm(over="all"))
    return _model(config, blocks, (router(), routed_experts()), ("num_experts_per_tok", "num_experts"))


def dbrx(config: Config) -> Architecture:
    """DBRX: LayerNorm without shift, no biases."""
    return _model(config, (attention(),), (router(), routed_experts()), ("ffn_config.moe_top_k", "ffn_config.moe_num_experts"),
                  layer_norms="scale")  # fmt: skip


def granite(config: Config) -> Architecture:
    """Granite MoE: Mixtral with optional biases and scaled residuals."""
    biased = config.options["attention_bias"]
    return _model(config, (attention(qkv_bias=biased, out_bias=biased),), (router(), routed_experts()),
                  ("num_experts_per_tok", "num_local_experts"))  # fmt: skip


def minimax_m2(config: Config) -> Architecture:
    """MiniMax-M2: queries and keys normalized over all heads, a correction bias that is a buffer.

    Raises `SymllmError` for layers with lightning attention, which earlier MiniMax models have.
    """
    if set(map(str, config.options["attn_type_list"] or ())) - {"1"}:
        raise SymllmError("config: field 'attn_type_list' holds another kind than 1, full attention, the only one of minimax_m2 models")
    return _model(config, (attention(), query_key_norm(over="all")), (router(correction="buffer"), routed_experts()),
                  ("num_experts_per_tok", "num_local_experts"))  # fmt: skip


LOCAL = Field("num_local_experts", EXPERTS, default=8, also=("num_experts",))
CHOSEN = Field("num_experts_per_tok", E_a, default=2)
EXPERT_SIZE = Field("intermediate_size", d_ffe)

FAMILIES = (
    Family(
        "mixtral", "Mixtral", ("mixtral",),
        fields=sizes(EXPERT_SIZE, LOCAL, CHOSEN, Field("sliding_window", W, default=None), kv=8, null_kv=h),
        options=(TIED,), build=mixtral, inert=ROUTER_INERT,
        source="arXiv:2401.04088; transformers MixtralConfig",
    ),
    Family(
        "phimoe", "Phi-3.5-MoE", ("phimoe",),
        fields=sizes(EXPERT_SIZE, Field("num_local_experts", EXPERTS, default=16), CHOSEN, Field("sliding_window", W, default=None),
                     kv=8, null_kv=h),
        options=(TIED, BIAS, Option("lm_head_bias", default=False)), build=phimoe,
        inert=(*ROUTER_INERT, "original_max_position_embeddings"),
        source="arXiv:2404.14219; transformers PhimoeConfig",
    ),
    Family(
        "olmoe", "OLMoE", ("olmoe",),
        fields=sizes(EXPERT_SIZE, Field("num_experts", EXPERTS, default=64, also=("num_local_experts",)),
                     Field("num_experts_per_tok", E_a, default=8)),
        options=(TIED, BIAS), build=olmoe, inert=ROUTER_INERT,
        source="arXiv:2409.02060; transformers OlmoeConfig",
    ),
    Family(
        "dbrx", "DBRX", ("dbrx",),
        fields=(
            Field("d_model", d), Field("n_layers", N, also=("num_hidden_layers",)), Field("n_heads", h),
            Field("attn_config.kv_n_heads", k), Field("head_dim", d_h, default=d / h), Field("ffn_config.ffn_hidden_size", d_ffe),
            Field("ffn_config.moe_num_experts", EXPERTS), Field("ffn_config.moe_top_k", E_a), Field("vocab_size", V),
            Field("max_seq_len", s_max, default=None),
        ),
        options=(TIED,), build=dbrx, inert=(*ROUTER_INERT, "resid_pdrop", "emb_pdrop", "num_key_value_heads"),
        source="Databricks 2024, DBRX; transformers DbrxConfig",
    ),
    Family(
        "granitemoe", "Granite MoE", ("granitemoe",),
        fields=sizes(EXPERT_SIZE, LOCAL, CHOSEN),
        options=(TIED, BIAS), build=granite, inert=ROUTER_INERT,
        source="IBM 2024, Granite 3.0; transformers GraniteMoeConfig",
    ),
    Family(
        "minimax_m2", "MiniMax-M2", ("minimax_m2",),
        fields=sizes(EXPERT_SIZE, Field("num_local_experts", EXPERTS, default=256, also=("num_experts",)),
                     Field("num_experts_per_tok", E_a, default=8), kv=8, null_kv=REQUIRED, head=128, null_head=REQUIRED),
        options=(TIED, Option("use_qk_norm", default=True, choices=(True,)), Option("use_routing_bias", default=True, choices=(True,)),
                 Option("qk_norm_type", default="per_layer", kind=str, choices=("per_layer",)),
                 Option("shared_intermediate_size", default=0, kind=int, choices=(0,)),
                 Option("attn_type_list", default=None, kind=list)),
        build=minimax_m2, inert=(*ROUTER_INERT, "rotary_dim", "use_mtp", "mtp_transformer_layers", "num_mtp_modules"),
        source="MiniMax 2025, MiniMax-M2; transformers MiniMaxM2Config",
        notes=("multi-token-prediction layers are not counted, as the library does not build them",),
    ),
)  # fmt: skip
