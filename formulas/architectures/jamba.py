"""Jamba and Bamba: mostly state-space layers, attention in every so many; Jamba has experts in every so many too.

Sources: Jamba, arXiv:2403.19887; Jamba-1.5, arXiv:2408.12570; Bamba: IBM 2024, transformers' BambaDecoderLayer.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.experts import routed_experts, router
from ..blocks.feed_forward import gated
from ..blocks.mamba import mamba
from ..blocks.mamba2 import mamba2
from ..blocks.norm import rms_norm
from ..notation import E as EXPERTS
from ..notation import E_a, N, V, c_m, d, d_conv, d_ff, d_h, d_state, g_m, h, h_m, k, s_max
from .decoder import TIED
from .layer_kinds import check_experts, model_of_kinds, number, places
from .state_space import EXPAND, HEAD_WIDTH, STATE_SPACE_INERT, check_groups, expanded, head_width, mamba_sizes

MIXERS = {"attention": "attention layer", "mamba": "state-space layer"}


def every(config: Config, kind: str) -> list[bool]:
    """Which layers are of a kind that comes once a period, at an offset; refuses an offset beyond the period."""
    period, offset = number(config, f"{kind}_layer_period", zero=False), number(config, f"{kind}_layer_offset")
    if offset >= period:
        raise SymllmError(f"config: field '{kind}_layer_offset' is {offset}; it must be below '{kind}_layer_period', {period}")
    return [i % period == offset for i in range(config.sizes[N])]


def jamba(config: Config) -> Architecture:
    """Layers of (norm, attention or Mamba-1, norm, feed-forward or experts of the same width)."""
    check_experts(config, "num_experts_per_tok", "num_experts")
    options, routes = config.options, config.sizes[EXPERTS] > 1
    mixers = {"attention": attention(), "mamba": mamba(bias=options["mamba_proj_bias"], conv_bias=options["mamba_conv_bias"], norms=True)}
    inner = {"dense": (gated(),), "moe": (router(), routed_experts(d_ff))}
    plans = {
        f"{mixer}_{ffn}": (f"{MIXERS[mixer]}{' with experts' if ffn == 'moe' else ''}", (rms_norm(), block, rms_norm(), *blocks))
        for mixer, block in mixers.items() for ffn, blocks in inner.items()
    }  # fmt: skip
    kinds = [
        f"{'attention' if attends else 'mamba'}_{'moe' if has and routes else 'dense'}"
        for attends, has in zip(every(config, "attn"), every(config, "expert"), strict=True)
    ]  # fmt: skip
    made = model_of_kinds(kinds, plans, (rms_norm("final_norm"),), options["tie_word_embeddings"])
    return replace(made, values={**made.values, **mamba_sizes(config, "mamba_expand", "mamba_dt_rank")})


def bamba(config: Config) -> Architecture:
    """Layers of (norm, attention or Mamba-2, norm, feed-forward)."""
    check_groups(config, "mamba_n_groups")
    options, attending = config.options, places(config, "attn_layer_indices")
    biased = options["attention_bias"]
    mixers = {"attention": attention(qkv_bias=biased, out_bias=biased),
              "mamba": mamba2(bias=options["mamba_proj_bias"], conv_bias=options["mamba_conv_bias"])}  # fmt: skip
    plans = {name: (MIXERS[name], (rms_norm(), block, rms_norm(), gated(bias=options["mlp_bias"]))) for name, block in mixers.items()}
    kinds = ["attention" if i in attending else "mamba" for i in range(config.sizes[N])]
    made = model_of_kinds(kinds, plans, (rms_norm("final_norm"),), options["tie_word_embeddings"])
    return replace(made, values={**made.values, **head_width(config, expanded(config, "mamba_expand"))})


def _sizes(positions: int, vocabulary: int) -> tuple[Field, ...]:
    return (
        Field("hidden_size", d, default=4096),
        Field("num_hidden_layers", N, default=32),
        Field("num_attention_heads", h, default=32),
        Field("num_key_value_heads", k, default=8, null=h),
        Field("head_dim", d_h, default=d / h),
        Field("intermediate_size", d_ff, default=14336),
        Field("vocab_size", V, default=vocabulary),
        Field("max_position_embeddings", s_max, default=positions),
        Field("mamba_d_conv", d_conv, default=4),
    )


_BIASES = (Option("mamba_conv_bias", default=True), Option("mamba_proj_bias", default=False))

FAMILIES = (
    Family(
        "jamba", "Jamba", ("jamba",),
        fields=(
            *_sizes(262144, 65536),
            Field("mamba_d_state", d_state, default=16),
            Field("num_experts", EXPERTS, default=16, also=("num_local_experts",)),
            Field("num_experts_per_tok", E_a, default=2),
        ),
        options=(
            TIED, EXPAND, *_BIASES, Option("mamba_dt_rank", default="auto", kind=(int, str)),
            Option("attn_layer_period", default=8, kind=int), Option("attn_layer_offset", default=4, kind=int),
            Option("expert_layer_period", default=2, kind=int), Option("expert_layer_offset", default=1, kind=int),
        ),
        build=jamba,
        source="arXiv:2403.19887; transformers JambaConfig",
        inert=(*STATE_SPACE_INERT, "calc_logits_for_entire_prompt", "mamba_inner_layernorms", "n_ctx", "sliding_window"),
    ),
    Family(
        "bamba", "Bamba", ("bamba",),
        fields=(
            *_sizes(262144, 128000),
            Field("mamba_n_heads", h_m, default=128),
            Field("mamba_n_groups", g_m, default=1),
            Field("mamba_d_state", d_state, default=256),
            Field("mamba_chunk_size", c_m, default=256),
        ),
        options=(
            TIED, EXPAND, HEAD_WIDTH, *_BIASES, Option("attn_layer_indices", default=None, kind=list),
            Option("attention_bias", default=False), Option("mlp_bias", default=False),
        ),
        build=bamba,
        source="transformers BambaConfig",
        inert=(*STATE_SPACE_INERT, "attn_rotary_emb", "z_loss_coefficient", "partial_rotary_factor"),
    ),
)  # fmt: skip
