"""Falcon: the first architecture (one KV head for all query heads) and the new one (groups of heads), and RefinedWeb's.

Almazrouei et al. 2023, arXiv:2311.16867; Penedo et al. 2023, arXiv:2306.01116.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture, Block
from symllm.config import Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max
from .decoder import decoder
from .dense import tied, whole_groups


def mix(config: Config) -> Block:
    """Attention; with groups of heads transformers repeats keys and values for all query heads before it keeps them."""
    biased = config.options["bias"]
    block = attention(qkv_bias=biased, out_bias=biased)
    if not config.options["new_decoder_architecture"]:
        return block
    repeated = {"transformers": {"shape": (h * d_h,), "split": h}}
    return replace(block, cache=tuple(replace(entry, departures=repeated) for entry in block.cache))


def norms(config: Config) -> int:
    """Norms of a layer: one that parallel blocks share, or one each."""
    options = config.options
    if not options["parallel_attn"]:
        return 2
    return options["num_ln_in_parallel_attn"] or (2 if options["new_decoder_architecture"] else 1)


def build(config: Config) -> Architecture:
    """How many KV heads there are follows from the switches, not from the field alone."""
    options = config.options
    keys = config.sizes[k] if options["new_decoder_architecture"] else 1 if options["multi_query"] else config.sizes[h]
    layer = (*(layer_norm(),) * norms(config), mix(config), plain(bias=options["bias"]))
    made = decoder(layer, (layer_norm("final_norm"),), options["tie_word_embeddings"])
    whole_groups(config)
    return replace(made, values={**made.values, k: keys})


FAMILIES = (
    Family(
        "falcon", "Falcon", ("falcon", "RefinedWeb", "RefinedWebModel"),
        fields=(
            Field("hidden_size", d, also=("n_embed",)),
            Field("num_hidden_layers", N, also=("n_layer",)),
            Field("num_attention_heads", h, also=("n_head",)),
            Field("num_kv_heads", k, default=h, also=("n_head_kv",)),
            Field("hidden size / heads", d_h, default=d / h),
            Field("ffn_hidden_size", d_ff, default=4 * d, also=("intermediate_size",)),
            Field("vocab_size", V),
            Field("max_position_embeddings", s_max, default=None),
        ),
        options=(tied(True), Option("new_decoder_architecture", default=False), Option("multi_query", default=True),
                 Option("parallel_attn", default=True), Option("bias", default=False),
                 Option("num_ln_in_parallel_attn", default=None, kind=int, choices=(1, 2))),
        build=build,
        inert=("alibi", "activation", "apply_residual_connection_post_layernorm", "ff_factor"),
        source="arXiv:2311.16867, arXiv:2306.01116; transformers FalconConfig",
    ),
)  # fmt: skip
