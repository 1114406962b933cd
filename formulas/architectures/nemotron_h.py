"""Nemotron-H and Nemotron 3: layers of one block each: a Mamba-2 mixer, attention, a feed-forward block or experts.

The config spells them in one word: M for Mamba-2, * for attention, - for feed-forward, E for experts.
Sources: Nemotron-H, arXiv:2504.03624; Nemotron 3, arXiv:2512.20856; transformers' NemotronHBlock.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from symllm.block import Architecture, Block
from symllm.config import Config, Family, Field, Option, shown
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.experts import router
from ..blocks.feed_forward import plain
from ..blocks.mamba2 import mamba2
from ..blocks.norm import rms_norm
from ..blocks.plain_experts import d_lat, expert_latents, plain_experts
from ..notation import E as EXPERTS
from ..notation import E_a, N, V, c_m, d, d_conv, d_ff, d_ffe, d_ffs, d_h, d_m, d_state, g_m, h, h_m, k, s_max
from .decoder import TIED
from .layer_kinds import check_experts, model_of_kinds
from .state_space import STATE_SPACE_INERT, check_groups

LETTERS: Final = {"M": "mamba", "*": "attention", "-": "mlp", "E": "moe"}
#: Words of `layers_block_type`, old and new, by the kind they mean.
WORDS: Final = {"mamba": "mamba", "linear_attention": "mamba", "attention": "attention", "full_attention": "attention",
                "mlp": "mlp", "moe": "moe"}  # fmt: skip


def order(config: Config) -> list[str]:
    """One kind a layer, from the list of words or else the pattern of letters.

    Raises `SymllmError` where both are missing, something is not understood, or the length is not the number of layers.
    """
    words, pattern = config.options["layers_block_type"] or config.options["layer_types"], config.options["hybrid_override_pattern"]
    name, given, known = ("layers_block_type", words, WORDS) if words is not None else ("hybrid_override_pattern", pattern, LETTERS)
    if not given:
        raise SymllmError("config: field 'hybrid_override_pattern' is missing; a nemotron_h model needs it")
    for entry in given:
        if not isinstance(entry, str) or entry not in known:
            raise SymllmError(f"config: field {name!r} holds {shown(entry)}; understood: {' '.join(known)}")
    layers = config.sizes.get(N, len(given))
    if len(given) != layers:
        raise SymllmError(f"config: field {name!r} has {len(given)} entries, but the model has {layers} layers")
    return [known[entry] for entry in given]


def experts(config: Config) -> tuple[Block, ...]:
    """Router, experts of two matrices (in a latent, where the config has one) and a shared expert likewise."""
    biased = config.options["mlp_bias"]
    inside = (expert_latents(biased), plain_experts(d_lat)) if d_lat in config.sizes else (plain_experts(),)
    shared = replace(plain("shared_experts", bias=biased, inner=d_ffs), title="shared expert", component="shared_experts")
    return (router(correction="buffer"), *inside, shared)


def build(config: Config) -> Architecture:
    """Layers of a norm and one block."""
    options, kinds = config.options, order(config)
    check_groups(config, "n_groups")
    if "moe" in kinds:
        check_experts(config, "num_experts_per_tok", "n_routed_experts")
    plans: dict[str, tuple[str, tuple[Block, ...]]] = {
        "mamba": ("state-space layer", (rms_norm(), mamba2(bias=options["use_bias"], conv_bias=options["use_conv_bias"]))),
        "attention": ("attention layer", (rms_norm(), attention())),
        "mlp": ("feed-forward layer", (rms_norm(), plain(bias=options["mlp_bias"]))),
        "moe": ("layer of experts", (rms_norm(), *experts(config))),
    }
    made = model_of_kinds(kinds, plans, (rms_norm("final_norm"),), options["tie_word_embeddings"])
    further = options["num_nextn_predict_layers"]
    notes = (f"{further} step(s) of multi-token prediction are stored with the model and not counted",) if further else ()
    return replace(made, values={N: len(kinds), **made.values}, notes=notes)


FAMILIES = (
    Family(
        "nemotron_h", "Nemotron-H and Nemotron 3", ("nemotron_h",),
        fields=(
            Field("hidden_size", d, default=4096),
            Field("num_hidden_layers", N, default=None),
            Field("num_attention_heads", h, default=32),
            Field("num_key_value_heads", k, default=8, null=h),
            Field("head_dim", d_h, default=128, also=("attention_head_dim",)),
            Field("intermediate_size", d_ff, default=21504),
            Field("vocab_size", V, default=131072),
            Field("max_position_embeddings", s_max, default=4096),
            Field("mamba_num_heads", h_m, default=128),
            Field("mamba_head_dim", d_m, default=64),
            Field("n_groups", g_m, default=8, also=("mamba_n_groups",)),
            Field("ssm_state_size", d_state, default=128),
            Field("conv_kernel", d_conv, default=4, also=("mamba_d_conv",)),
            Field("chunk_size", c_m, default=128, also=("mamba_chunk_size",)),
            Field("n_routed_experts", EXPERTS, default=8, also=("num_local_experts",)),
            Field("num_experts_per_tok", E_a, default=2),
            Field("moe_intermediate_size", d_ffe, default=7688),
            Field("moe_shared_expert_intermediate_size", d_ffs, default=7688),
            Field("moe_latent_size", d_lat, default=None),
        ),
        options=(
            TIED, Option("hybrid_override_pattern", default=None, kind=str), Option("layers_block_type", default=None, kind=list),
            Option("layer_types", default=None, kind=list), Option("use_bias", default=False), Option("use_conv_bias", default=True),
            Option("mlp_bias", default=False), Option("attention_bias", default=False, choices=(False,)),
            Option("mamba_proj_bias", default=False, choices=(False,)), Option("n_shared_experts", default=1, kind=int, choices=(1,)),
            Option("num_nextn_predict_layers", default=0, kind=int), Option("sliding_window", default=None, kind=int, choices=(None,)),
        ),
        build=build,
        source="arXiv:2504.03624, arXiv:2512.20856; transformers NemotronHConfig",
        inert=(*STATE_SPACE_INERT, "expand", "mamba_expand", "n_group", "topk_group", "norm_topk_prob", "routed_scaling_factor",
               "partial_rotary_factor", "moe_shared_expert_overlap", "mtp_layers_block_type", "mtp_hybrid_override_pattern"),
    ),
)  # fmt: skip
