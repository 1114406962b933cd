"""The language model of Llama 4: one routed and one shared expert a token, attention within chunks on most layers.

Every interleave_moe_layer_step-th layer has experts; every no_rope_layer_interval-th sees all tokens and carries no
position, the others see their own chunk. Norms of queries and keys have no parameters here.
Source: Llama 4, Meta 2025; transformers Llama4TextConfig.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import EVERYTHING, Architecture, Block, Reach
from symllm.config import REQUIRED, Config, Family, Field, Option
from symllm.symbols import NamedSymbol

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router, shared_experts
from ..blocks.feed_forward import gated
from ..blocks.norm import rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, N, d, d_ff, d_ffe, h
from .decoder import TIED
from .dense import whole_groups
from .layer_kinds import check_experts, model_of_kinds, number, per_layer, places
from .mixtral import BIAS, ROUTER_INERT, sizes

c_att = NamedSymbol("c_att", title="attention chunk", meaning="tokens of a chunk, within which a layer attends", unit="token",
                    latex=r"c_{\mathrm{att}}", rank=901)  # fmt: skip


def chunked(block: Block) -> Block:
    """Attention within chunks: the transformers library keeps, and in a decode step compares with, a window of that length."""
    window = {"transformers": {"reach": Reach("window", c_att)}}
    return replace(block, products=tuple(replace(product, departures=window) for product in block.products))


def llama4_text(config: Config) -> Architecture:
    """The text model, from a config read by this page's family (a multimodal page reads its text_config by it).

    Raises `SymllmError` for lists of another length, a period of 0, and more chosen experts than there are.
    """
    check_experts(whole_groups(config), "num_experts_per_tok", "num_local_experts")
    biased, norm = config.options["attention_bias"], rms_norm()
    attend = {
        "full": attention(qkv_bias=biased, out_bias=biased, reach=EVERYTHING),
        "chunk": chunked(attention(qkv_bias=biased, out_bias=biased, reach=Reach("chunk", c_att))),
    }
    ffn = {"dense": (gated(),), "moe": (router(), routed_experts(computes_all=True), shared_experts(d_ffe, d_ffe))}
    titles = {"full": "full attention", "chunk": "attention within chunks", "dense": "a dense block", "moe": "experts"}
    plans = {f"{a}_{f}": (f"layer with {titles[a]} and {titles[f]}", (norm, attend[a], norm, *ffn[f])) for a in attend for f in ffn}
    kinds = [f"{a}_{f}" for a, f in zip(_attention_kinds(config), _ffn_kinds(config), strict=True)]
    return model_of_kinds(kinds, plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


def _attention_kinds(config: Config) -> list[str]:
    kinds = per_layer(config, "layer_types", ("full_attention", "chunked_attention"))
    if kinds is not None:
        return ["full" if kind == "full_attention" else "chunk" for kind in kinds]
    if config.options["no_rope_layers"]:
        rotary = per_layer(config, "no_rope_layers", (0, 1)) or []
        return ["chunk" if entry else "full" for entry in rotary]
    period = number(config, "no_rope_layer_interval", zero=False)
    return ["full" if (i + 1) % period == 0 else "chunk" for i in range(config.sizes[N])]


def _ffn_kinds(config: Config) -> list[str]:
    if config.options["moe_layers"] is not None:
        routed = places(config, "moe_layers")
        return ["moe" if i in routed else "dense" for i in range(config.sizes[N])]
    step = number(config, "interleave_moe_layer_step", zero=False)
    return ["moe" if (i + 1) % step == 0 else "dense" for i in range(config.sizes[N])]


TEXT = Family(
    "llama4_text", "Llama 4 (text)", ("llama4_text",),
    fields=(*sizes(kv=8, null_kv=h, head=128, null_head=d / h), Field("intermediate_size", d_ffe),
            Field("intermediate_size_mlp", d_ff, default=16384), Field("num_local_experts", EXPERTS, default=16),
            Field("num_experts_per_tok", E_a, default=1), Field("attention_chunk_size", c_att, default=8192, null=REQUIRED)),
    options=(TIED, BIAS, Option("layer_types", default=None, kind=list), Option("no_rope_layers", default=None, kind=list),
             Option("no_rope_layer_interval", default=4, kind=int), Option("moe_layers", default=None, kind=list),
             Option("interleave_moe_layer_step", default=1, kind=int)),
    build=llama4_text, inert=(*ROUTER_INERT, "use_qk_norm", "attn_temperature_tuning", "floor_scale", "attn_scale", "for_llm_compressor"),
    source="Meta 2025, Llama 4; transformers Llama4TextConfig",
)  # fmt: skip
FAMILIES = (TEXT,)
