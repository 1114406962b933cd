"""DeepSeek-V4: attention to a window and to compressed vectors, experts in every layer, hyper-connections.

The first layers choose experts by a table of token ids instead of scores.
Source: DeepSeek-V4 Technical Report, DeepSeek-AI 2026; transformers DeepseekV4Config.
"""

from __future__ import annotations

import sympy

from symllm.block import Architecture, Block, Weight
from symllm.config import Config, Family, Field, Option, shown, whole
from symllm.errors import SymllmError

from ..blocks.compressed_attention import attention_norms, compressor, d_O, g_O, m_heavy, m_sparse, shared_vector_attention, vector_indexer
from ..blocks.experts import routed_experts, router, shared_experts
from ..blocks.hyper_connection import hyper_connection, n_hc, stream_head
from ..blocks.norm import rms_norm
from ..notation import BYTE, E_a, N, V, W, d, d_ffe, d_h, d_I, d_q, h, h_I, k_I, s_max
from ..notation import E as EXPERTS
from .decoder import TIED
from .layer_kinds import check_experts, model_of_kinds, number
from .mixtral import ROUTER_INERT

RATES = {"sparse": "compressed_sparse_attention", "heavy": "heavily_compressed_attention", "window": "sliding_attention"}
#: What the released lists of rates say by a number.
RATIOS = {0: "window", 4: "sparse", 128: "heavy"}


def deepseek_v4(config: Config) -> Architecture:
    """Layers by what they attend and by how they choose experts.

    Raises `SymllmError` for lists that are too short or hold another kind, heads that output groups do not divide, and
    more chosen experts than there are.
    """
    check_experts(config, "num_experts_per_tok", "n_routed_experts")
    if (config.sizes[h] * config.sizes[d_h]) % config.sizes[g_O]:
        numbers = config.sizes[h] * config.sizes[d_h]
        raise SymllmError(f"config: field 'o_groups' is {config.sizes[g_O]}, which does not divide the heads' {numbers} numbers")
    norm = rms_norm()
    table = Weight("experts_by_token", (V, E_a), buffer=True, element=sympy.Integer(8) * BYTE, because="token id to expert ids, as int64")
    chosen = {"hash": router(tables=(table,)), "scored": router(correction="buffer")}
    attend: dict[str, tuple[Block, ...]] = {
        "window": (shared_vector_attention(), attention_norms()),
        "sparse": (shared_vector_attention(m_sparse, selected=True), attention_norms(), *compressor(m_sparse, d_h, "KV", True),
                   *vector_indexer()),
        "heavy": (shared_vector_attention(m_heavy), attention_norms(), *compressor(m_heavy, d_h, "KV", False)),
    }
    around = (hyper_connection("attention"), hyper_connection("ffn"))
    plans = {
        f"{kind}_{how}": (f"{kind} layer, {'experts by token id' if how == 'hash' else 'scored experts'}",
                          (norm, *attend[kind], norm, chosen[how], routed_experts(), shared_experts(d_ffe, d_ffe), *around))
        for kind in attend for how in chosen
    }  # fmt: skip
    kinds = [f"{kind}_{how}" for kind, how in zip(_attention_kinds(config), _choices(config), strict=True)]
    model = model_of_kinds(kinds, plans, (stream_head(), rms_norm("final_norm")), config.options["tie_word_embeddings"])
    return Architecture(model.once, model.groups, {**model.values, **_rates(config)})


def _attention_kinds(config: Config) -> list[str]:
    """A list may go on for prediction layers, which are cut off."""
    names = {name: kind for kind, name in RATES.items()}
    layers = config.sizes[N]
    for field, known in (("layer_types", names), ("compress_ratios", RATIOS)):
        entries = config.options[field]
        if entries is not None:
            return [_known(entry, known, field) for entry in _enough(entries, layers, field)]
    return ["heavy" if i < 2 or i % 2 == 0 else "sparse" for i in range(layers)]


def _choices(config: Config) -> list[str]:
    layers, entries = config.sizes[N], config.options["mlp_layer_types"]
    if entries is not None:
        known = {"hash_moe": "hash", "moe": "scored"}
        return [_known(entry, known, "mlp_layer_types") for entry in _enough(entries, layers, "mlp_layer_types")]
    first = number(config, "num_hash_layers")
    return ["hash" if i < first else "scored" for i in range(layers)]


def _enough(entries: list[object], layers: int, field: str) -> list[object]:
    if len(entries) < layers:
        raise SymllmError(f"config: field {field!r} has {len(entries)} entries, but the model has {layers} layers")
    return entries[:layers]


def _known(entry: object, known: dict[object, str] | dict[str, str] | dict[int, str], field: str) -> str:
    for name, kind in known.items():
        if not isinstance(entry, bool) and entry == name:
            return kind
    raise SymllmError(f"config: field {field!r} holds {shown(entry)}; understood: {', '.join(map(str, known))}")


def _rates(config: Config) -> dict[sympy.Symbol, int]:
    """Tokens a compressed vector: from compress_rates, or the older fields of their own, or 4 and 128."""
    given = config.options["compress_rates"] or {}
    rates = {}
    for symbol, kind, older, default in ((m_sparse, "sparse", "compress_rate_csa", 4), (m_heavy, "heavy", "compress_rate_hca", 128)):
        name = RATES[kind]
        value = config.options[older] if config.options[older] is not None else given.get(name, default)
        rates[symbol] = whole(value, older if config.options[older] is not None else f"compress_rates.{name}")
    return rates


FAMILIES = (
    Family(
        "deepseek_v4", "DeepSeek-V4", ("deepseek_v4",),
        fields=(
            Field("hidden_size", d), Field("num_hidden_layers", N), Field("num_attention_heads", h), Field("head_dim", d_h),
            Field("vocab_size", V), Field("max_position_embeddings", s_max, default=None), Field("q_lora_rank", d_q),
            Field("intermediate_size", d_ffe, also=("moe_intermediate_size",)),  # the library takes the first where both are given
            Field("n_routed_experts", EXPERTS, default=256, also=("num_local_experts",)), Field("num_experts_per_tok", E_a, default=6),
            Field("sliding_window", W, default=128), Field("o_groups", g_O), Field("o_lora_rank", d_O), Field("index_n_heads", h_I),
            Field("index_head_dim", d_I), Field("index_topk", k_I), Field("hc_mult", n_hc, default=4),
        ),
        options=(TIED, Option("attention_bias", default=False, choices=(False,)),
                 Option("num_key_value_heads", default=1, kind=int, choices=(1,)),
                 Option("n_shared_experts", default=1, kind=int, choices=(1,)),
                 Option("layer_types", default=None, kind=list),
                 Option("compress_ratios", default=None, kind=list), Option("compress_rates", default=None, kind=dict),
                 Option("compress_rate_csa", default=None, kind=int), Option("compress_rate_hca", default=None, kind=int),
                 Option("mlp_layer_types", default=None, kind=list), Option("num_hash_layers", default=3, kind=int)),
        build=deepseek_v4,
        inert=(*ROUTER_INERT, "hc_sinkhorn_iters", "qk_rope_head_dim", "partial_rotary_factor", "swiglu_limit", "compress_rope_theta",
               "expert_dtype", "mlp_bias"),
        source="DeepSeek-AI 2026, DeepSeek-V4; transformers DeepseekV4Config",
        notes=("multi-token-prediction layers are not counted, as the library does not build them",),
    ),
)  # fmt: skip
