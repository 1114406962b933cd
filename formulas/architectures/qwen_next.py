"""Qwen3-Next and Qwen3.5: three layers of the gated delta rule, then one of gated attention; experts, or a dense block.

The vision tower that most Qwen3.5 models carry is on the page of vision models; here is their language model.
Sources: Qwen3-Next, Qwen Team 2025; Gated DeltaNet, arXiv:2412.06464; transformers' Qwen3NextDecoderLayer. A layer
for multi-token prediction is a layer with attention: with it the count of Qwen3-Next-80B-A3B is the published one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symllm.block import Architecture, Block
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.experts import routed_experts, router, shared_expert_gate, shared_experts
from ..blocks.feed_forward import gated
from ..blocks.gated_attention import gated_attention
from ..blocks.gated_delta_net import gated_delta_net
from ..blocks.norm import query_key_norm, rms_norm
from ..blocks.prediction import N_MTP, prediction_group
from ..notation import E as EXPERTS
from ..notation import E_a, N, V, d, d_conv, d_ff, d_ffe, d_ffs, d_h, d_lk, d_lv, h, h_lk, h_lv, k, s_max
from .decoder import TIED
from .layer_kinds import check_experts, model_of_kinds, number, per_layer
from .qwen_moe import routed_layers

KINDS = ("linear_attention", "full_attention")
MTP_NOTE = "layers for multi-token prediction are not counted, as the library builds none; `\"mtp\": true` in the config counts them"


def mixers(config: Config) -> list[str]:
    """Which layers attend: by layer_types, else every full_attention_interval-th one."""
    kinds = per_layer(config, "layer_types", KINDS)
    if kinds is not None:
        return [str(kind) for kind in kinds]
    period = number(config, "full_attention_interval", zero=False)
    return [KINDS[(i + 1) % period == 0] for i in range(config.sizes[N])]


def layered(config: Config, ffn: Sequence[str]) -> Architecture:
    """Layers of (norm, mixer, norm, feed-forward); ffn: "moe" or "dense" for each layer.

    Raises `SymllmError` for more chosen experts than there are, lists of a wrong length, and linear value heads that
    do not share their key heads evenly.
    """
    if config.sizes[h_lv] % config.sizes[h_lk]:
        raise SymllmError(f"config: field 'linear_num_value_heads' is {config.sizes[h_lv]}, no multiple of {config.sizes[h_lk]} key heads")
    attends = (gated_attention(bias=config.options["attention_bias"]), query_key_norm())
    mixes = {KINDS[0]: ("layer with the delta rule", (gated_delta_net(),)), KINDS[1]: ("layer with attention", attends)}
    inner: dict[str, tuple[Block, ...]] = {
        "moe": (router(), routed_experts(), shared_experts(d_ffs, d_ffs), shared_expert_gate()), "dense": (gated(),),
    }  # fmt: skip
    if "moe" in ffn:
        check_experts(config, "num_experts_per_tok", "num_experts")
    plans = {
        f"{mixer}_{kind}" if len(set(ffn)) > 1 else mixer: (title, (rms_norm(), *blocks, rms_norm(), *inner[kind]))
        for mixer, (title, blocks) in mixes.items() for kind in dict.fromkeys(ffn)
    }  # fmt: skip
    kinds = [f"{mixer}_{kind}" if len(set(ffn)) > 1 else mixer for mixer, kind in zip(mixers(config), ffn, strict=True)]
    made = model_of_kinds(kinds, plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])
    further = config.sizes.get(N_MTP, 0)
    if config.options["mtp"]:
        group = prediction_group((rms_norm(), *attends, rms_norm(), *inner[ffn[-1]]))
        return replace(made, groups=(*made.groups, group), values={N_MTP: further or 1, **made.values})
    return replace(made, notes=(MTP_NOTE,) if further else ())


def next_or_moe(config: Config) -> Architecture:
    """Qwen3-Next: experts in every decoder_sparse_step-th layer that is not among mlp_only_layers."""
    return layered(config, routed_layers(config))


def text_architecture(config: Config) -> Architecture:
    """The language model of Qwen3.5: dense, or with experts in every layer where the config has experts."""
    return layered(config, ["moe" if EXPERTS in config.sizes else "dense"] * config.sizes[N])


def _sizes(hidden: int, layers: int, kv: int, vocabulary: int) -> tuple[Field, ...]:
    return (
        Field("hidden_size", d, default=hidden),
        Field("num_hidden_layers", N, default=layers),
        Field("num_attention_heads", h, default=16),
        Field("num_key_value_heads", k, default=kv),
        Field("head_dim", d_h, default=256),
        Field("vocab_size", V, default=vocabulary),
        Field("max_position_embeddings", s_max, default=32768),
        Field("linear_conv_kernel_dim", d_conv, default=4),
        Field("linear_key_head_dim", d_lk, default=128),
        Field("linear_value_head_dim", d_lv, default=128),
        Field("linear_num_key_heads", h_lk, default=16),
        Field("linear_num_value_heads", h_lv, default=32),
        Field("mtp_num_hidden_layers", N_MTP, default=None, also=("num_nextn_predict_layers",), zero=True),
    )


def _expert_sizes(chosen: int, there: int) -> tuple[Field, ...]:
    return (
        Field("moe_intermediate_size", d_ffe, default=512),
        Field("shared_expert_intermediate_size", d_ffs, default=512),
        Field("num_experts", EXPERTS, default=there),
        Field("num_experts_per_tok", E_a, default=chosen),
    )


_OPTIONS = (
    TIED, Option("attention_bias", default=False), Option("layer_types", default=None, kind=list),
    Option("full_attention_interval", default=4, kind=int), Option("attn_output_gate", default=True, choices=(True,)),
    Option("mtp", default=False), Option("use_sliding_window", default=False, choices=(False,)),
)  # fmt: skip
_INERT = ("partial_rotary_factor", "norm_topk_prob", "mamba_ssm_dtype", "mtp_use_dedicated_embeddings", "sliding_window",
          "max_window_layers")  # fmt: skip

FAMILIES = (
    Family(
        "qwen3_next", "Qwen3-Next", ("qwen3_next",),
        fields=(*_sizes(2048, 48, 2, 151936), *_expert_sizes(10, 512), Field("intermediate_size", d_ff, default=5632)),
        options=(*_OPTIONS, Option("decoder_sparse_step", default=1, kind=int), Option("mlp_only_layers", default=None, kind=list)),
        build=next_or_moe,
        source="Qwen3-Next; transformers Qwen3NextConfig",
        inert=_INERT,
    ),
    Family(
        "qwen3_5_text", "Qwen3.5", ("qwen3_5_text",),
        fields=(*_sizes(4096, 32, 4, 248320), Field("intermediate_size", d_ff, default=12288)),
        options=(*_OPTIONS, Option("mlp_only_layers", default=None, kind=list, choices=([],))),
        build=text_architecture,
        source="Qwen3.5; transformers Qwen3_5TextConfig",
        inert=_INERT,
    ),
    Family(
        "qwen3_5_moe_text", "Qwen3.5 with experts", ("qwen3_5_moe_text",),
        fields=(*_sizes(2048, 40, 2, 248320), *_expert_sizes(8, 256)),
        options=(*_OPTIONS, Option("mlp_only_layers", default=None, kind=list, choices=([],))),
        build=text_architecture,
        source="Qwen3.5; transformers Qwen3_5MoeTextConfig",
        inert=(*_INERT, "intermediate_size"),
    ),
)  # fmt: skip
