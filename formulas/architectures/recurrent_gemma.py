"""RecurrentGemma (Griffin): two layers of a gated linear recurrence, then one of attention in a sliding window.

Sources: Griffin, arXiv:2402.19427; RecurrentGemma, arXiv:2404.07839; transformers' RecurrentGemmaDecoderLayer.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture, Reach
from symllm.config import Config, Family, Field, Option, shown
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.linear_recurrence import recurrent_block
from ..blocks.norm import rms_norm
from ..notation import N, V, W, d, d_conv, d_ff, d_h, d_inner, h, k
from .layer_kinds import model_of_kinds

KINDS = ("recurrent", "attention")


def build(config: Config) -> Architecture:
    """Layers of (norm, recurrence or attention, norm, feed-forward of half the config's width), the kinds repeating."""
    sizes, cycle = config.sizes, config.options["block_types"] or ["recurrent", "recurrent", "attention"]
    strange = next((kind for kind in cycle if kind not in KINDS), None)
    if strange is not None:
        raise SymllmError(f"config: field 'block_types' holds {shown(strange)}; understood: {', '.join(KINDS)}")
    if sizes[d_inner] % sizes[h]:
        raise SymllmError(f"config: field 'lru_width' is {sizes[d_inner]}, which {sizes[h]} heads do not share evenly")
    attends = attention(qkv_bias=config.options["attention_bias"], out_bias=True, reach=Reach("window", W))
    plans = {
        "recurrent": ("recurrent layer", (rms_norm(), recurrent_block(), rms_norm(), gated(bias=True))),
        "attention": ("layer with a sliding window", (rms_norm(), attends, rms_norm(), gated(bias=True))),
    }
    kinds = [cycle[i % len(cycle)] for i in range(sizes[N])]
    made = model_of_kinds(kinds, plans, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])
    return replace(made, values={**made.values, d_ff: sizes[d_ff] // 2})


FAMILIES = (
    Family(
        "recurrent_gemma", "RecurrentGemma", ("recurrent_gemma",),
        fields=(
            Field("hidden_size", d, default=2560),
            Field("num_hidden_layers", N, default=26),
            Field("num_attention_heads", h, default=10),
            Field("num_key_value_heads", k, default=h),
            Field("head_dim", d_h, default=d / h),
            Field("intermediate_size", d_ff, default=7680),
            Field("lru_width", d_inner, default=d),
            Field("attention_window_size", W, default=2048, also=("sliding_window",)),
            Field("conv1d_width", d_conv, default=4),
            Field("vocab_size", V, default=256000),
        ),
        options=(
            Option("tie_word_embeddings", default=True), Option("attention_bias", default=False),
            Option("block_types", default=None, kind=list),
        ),
        build=build,
        source="arXiv:2402.19427, arXiv:2404.07839; transformers RecurrentGemmaConfig",
        inert=("logits_soft_cap", "w_init_variance_scale", "final_w_init_variance_scale", "embeddings_scale_by_sqrt_dim",
               "partial_rotary_factor"),
    ),
)  # fmt: skip
