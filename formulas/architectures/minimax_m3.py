"""MiniMax-M3: experts with a shared one; on most layers an indexer selects blocks of tokens, and attention sees those.

Source: MiniMax 2026, MiniMax-M3; transformers MiniMaxM3VLTextConfig.
"""

from __future__ import annotations

from symllm.block import Architecture, Reach
from symllm.config import REQUIRED, Config, Family, Field, Option, whole
from symllm.errors import SymllmError
from symllm.symbols import NamedSymbol

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router, shared_experts
from ..blocks.feed_forward import gated
from ..blocks.norm import query_key_norm, rms_norm
from ..blocks.sparse_indexer import block_indexer, selecting
from ..notation import E as EXPERTS
from ..notation import E_a, N, d_ff, d_ffe, d_ffs, d_I, h_I
from .decoder import TIED
from .dense import whole_groups
from .layer_kinds import check_experts, model_of_kinds, per_layer
from .mixtral import ROUTER_INERT, sizes

m_blk = NamedSymbol("m_blk", title="block length", meaning="tokens of a block, which are selected together", unit="token",
                    latex=r"m_{\mathrm{blk}}", rank=902)  # fmt: skip
k_blk = NamedSymbol("k_blk", title="selected blocks", meaning="blocks of tokens that a query attends", latex=r"k_{\mathrm{blk}}", rank=903)
SPARSE = "sparse_attention_config.sparse_attention_freq"


def minimax_m3(config: Config) -> Architecture:
    """Layers by two lists: which have experts, and which have an indexer.

    Raises `SymllmError` for lists of another length, an expert size given twice with two values, and more chosen
    experts than there are.
    """
    check_experts(whole_groups(config), "num_experts_per_tok", "num_local_experts")
    twice = config.options["moe_intermediate_size"]
    if twice is not None and whole(twice, "moe_intermediate_size") != config.sizes[d_ffe]:
        raise SymllmError(f"config: field 'moe_intermediate_size' is {twice}, but 'intermediate_size', the experts' size, differs")
    norm, heads = rms_norm(), query_key_norm()
    best = Reach("selected", k_blk * m_blk)
    attend = {"full": (attention(), heads), "sparse": (selecting(attention(), best), heads, *block_indexer())}
    ffn = {"dense": (gated(),), "moe": (router(correction="buffer"), routed_experts(), shared_experts(d_ffs, d_ffs))}
    titles = {"full": "full attention", "sparse": "attention to selected blocks", "dense": "a dense block", "moe": "experts"}
    plans = {f"{a}_{f}": (f"layer with {titles[a]} and {titles[f]}", (norm, *attend[a], norm, *ffn[f])) for a in attend for f in ffn}
    kinds = [f"{a}_{f}" for a, f in zip(_attention_kinds(config), _ffn_kinds(config), strict=True)]
    return model_of_kinds(kinds, plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


def _attention_kinds(config: Config) -> list[str]:
    kinds = per_layer(config, "layer_types", ("full_attention", "minimax_m3_sparse"))
    if kinds is not None:
        return ["full" if kind == "full_attention" else "sparse" for kind in kinds]
    flags = per_layer(config, SPARSE, (0, 1))
    return ["full"] * config.sizes[N] if flags is None else ["sparse" if flag else "full" for flag in flags]


def _ffn_kinds(config: Config) -> list[str]:
    kinds = per_layer(config, "mlp_layer_types", ("dense", "sparse"))
    if kinds is not None:
        return ["dense" if kind == "dense" else "moe" for kind in kinds]
    flags = per_layer(config, "moe_layer_freq", (0, 1))
    return ["moe"] * config.sizes[N] if flags is None else ["moe" if flag else "dense" for flag in flags]


FAMILIES = (
    Family(
        "minimax_m3", "MiniMax-M3", ("minimax_m3", "minimax_m3_vl_text"),
        fields=(*sizes(kv=4, null_kv=REQUIRED, head=128, null_head=REQUIRED), Field("intermediate_size", d_ffe),
                Field("dense_intermediate_size", d_ff, default=12288), Field("shared_intermediate_size", d_ffs, default=3072),
                Field("num_local_experts", EXPERTS, default=128, also=("num_experts",)), Field("num_experts_per_tok", E_a, default=4),
                Field("sparse_attention_config.sparse_num_index_heads", h_I, default=4, also=("index_n_heads",)),
                Field("sparse_attention_config.sparse_index_dim", d_I, default=128, also=("index_head_dim",)),
                Field("sparse_attention_config.sparse_block_size", m_blk, default=128, also=("index_block_size",)),
                Field("sparse_attention_config.sparse_topk_blocks", k_blk, default=16, also=("index_topk_blocks",))),
        options=(TIED, Option("layer_types", default=None, kind=list), Option("mlp_layer_types", default=None, kind=list),
                 Option("moe_layer_freq", default=None, kind=list), Option(SPARSE, default=None, kind=list),
                 Option("moe_intermediate_size", default=None, kind=int), Option("n_shared_experts", default=1, kind=int, choices=(1,)),
                 Option("use_qk_norm", default=True, choices=(True,)), Option("use_routing_bias", default=True, choices=(True,)),
                 Option("qk_norm_type", default="per_head", kind=str, choices=("per_head",))),
        build=minimax_m3,
        inert=(*ROUTER_INERT, "rotary_dim", "partial_rotary_factor", "swiglu_*", "use_gemma_norm", "num_mtp_modules",
               "first_k_dense_replace", "index_local_blocks"),
        source="MiniMax 2026, MiniMax-M3; transformers MiniMaxM3VLTextConfig",
        notes=("multi-token-prediction layers are not counted, as the library does not build them",),
    ),
)  # fmt: skip
