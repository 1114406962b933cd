"""GPT-Neo: GPT-2 without biases on queries, keys and values, with every other layer seeing a window of 256 tokens.

Black et al. 2021, doi:10.5281/zenodo.5297715.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symllm.block import EVERYTHING, Architecture, Block, Reach
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.embedding import learned_positions, token_embedding
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, W, d, d_ff, d_h, h, k, s_max, s_pos
from .decoder import decoder, mixed
from .dense import FULL, WINDOW, tied


def local(reach: Reach) -> Block:
    """Attention with a window; transformers computes and keeps all tokens and masks those outside."""
    block = attention(out_bias=True, reach=reach)
    whole = {"transformers": {"reach": EVERYTHING, "tokens": None}}
    return replace(block, products=tuple(replace(item, departures=whole) for item in block.products),
                   cache=tuple(replace(item, departures=whole) for item in block.cache))  # fmt: skip


def kinds(groups: Sequence[Any], layers: int) -> list[str]:
    """Layer kinds from `attention_types`, such as [[["global", "local"], 12]]; raises where it does not give one a layer."""
    names = {"global": FULL, "local": WINDOW}
    try:
        listed = [names[kind] for pattern, times in groups for _ in range(min(int(times), layers + 1)) for kind in pattern]
    except (KeyError, TypeError, ValueError):
        raise SymllmError("config: field 'attention_types' is not a list of [kinds, times] with kinds global and local") from None
    if len(listed) != layers:
        raise SymllmError(f"config: field 'attention_types' names {len(listed)} layers; num_layers is {layers}")
    return listed


def build(config: Config) -> Architecture:
    """Layers with full attention and layers with a window, in turn."""
    norm, feed = layer_norm(), plain(bias=True)
    listed = kinds(config.options["attention_types"], config.sizes[N])
    last, is_tied = (layer_norm("final_norm"),), config.options["tie_word_embeddings"]
    ends = (token_embedding(), learned_positions())
    if WINDOW not in listed:
        return decoder((norm, attention(out_bias=True), norm, feed), last, is_tied, embeddings=ends)
    return mixed(lambda reach: (norm, local(reach), norm, feed), listed, last, is_tied, embeddings=ends)


FAMILIES = (
    Family(
        "gpt_neo", "GPT-Neo", ("gpt_neo",),
        fields=(
            Field("hidden_size", d),
            Field("num_layers", N, also=("num_hidden_layers",)),
            Field("num_heads", h, also=("num_attention_heads",)),
            Field("num_heads", k, also=("num_attention_heads",)),
            Field("hidden size / heads", d_h, default=d / h),
            Field("intermediate_size", d_ff, default=4 * d),
            Field("vocab_size", V),
            Field("max_position_embeddings", s_pos),
            Field("max_position_embeddings", s_max),
            Field("window_size", W, default=256),
        ),
        options=(tied(True), Option("attention_types", default=[[["global", "local"], 12]], kind=list)),
        build=build,
        inert=("attention_layers",),
        source="doi:10.5281/zenodo.5297715; transformers GPTNeoConfig",
    ),
)  # fmt: skip
