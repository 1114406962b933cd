"""What the pages of dense decoders share: LLaMA's field names under other defaults, and lists of layer kinds.

Sources: the configuration classes of transformers that the pages name; LLaMA, arXiv:2302.13971.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import sympy

from symllm.block import EVERYTHING, Architecture, Block, Reach
from symllm.config import SAME, Config, Field, Option
from symllm.errors import SymllmError

from ..blocks.feed_forward import gated
from ..blocks.norm import rms_norm
from ..notation import N, W, d, d_h, h, k
from .decoder import LLAMA_FIELDS, decoder, mixed

#: Fields of rotary and ALiBi positions, which hold no parameters, and of what else changes no size of a dense decoder.
POSITIONLESS = ("partial_rotary_factor", "rotary_pct", "rotary_dim", "clip_qkv", "original_max_position_embeddings",
                "cache_implementation", "layer_norm_elementwise*", "model_max_length", "tokenizer_name")  # fmt: skip

#: The name under which the head size goes where the library works it out of the others and reads no field.
HEAD_SIZE = "hidden_size / num_attention_heads"
FULL, WINDOW = "full_attention", "sliding_attention"
LAYER_TYPES = Option("layer_types", default=None, kind=list)


def llama_fields(kv_heads: Any = h, null_heads: Any = SAME, head_size: Any = d / h, **names: str) -> tuple[Field, ...]:
    """LLaMA's fields with a family's own defaults.

    kv_heads, null_heads: the KV heads of a config without the field, and with a null there. head_size: its default.
    names: other names of fields, such as num_hidden_layers="num_layers". Raises nothing.
    """
    changes: dict[sympy.Symbol, dict[str, Any]] = {k: {"default": kv_heads, "null": null_heads}, d_h: {"default": head_size}}
    return tuple(replace(f, name=names.get(f.name, f.name), **changes.get(f.symbol, {})) for f in LLAMA_FIELDS)


def equal_heads(fields: Sequence[Field]) -> tuple[Field, ...]:
    """The same fields where every query head has its own keys and values: k is h, and no field gives it."""
    queries = next(f for f in fields if f.symbol == h)
    return tuple(replace(queries, symbol=k) if f.symbol == k else f for f in fields)


def window(default: int | None) -> Field:
    """`sliding_window`, with the library's default; a null that is written out means that there is no window."""
    return Field("sliding_window", W, default=default, null=None)


def tied(default: bool) -> Option:
    """`tie_word_embeddings`, with the library's default."""
    return Option("tie_word_embeddings", default=default)


def whole_groups(config: Config) -> Config:
    """The config, when its query heads divide into its KV heads; raises otherwise, as attention cannot run then."""
    queries, keys = config.sizes[h], config.sizes[k]
    if queries % keys:
        raise SymllmError(f"config: {queries} query heads do not divide into {keys} KV heads (num_key_value_heads)")
    return config


def layer_kinds(config: Config, default: Callable[[int], str]) -> list[str]:
    """The kind of each layer: the config's list, or what the library makes of the layer's number without one.

    Raises `SymllmError` for a list that has not one entry a layer, and for a window that has no size.
    """
    layers = config.sizes[N]
    kinds = config.options["layer_types"]
    if kinds is None:
        kinds = [default(i) for i in range(layers)]
    if len(kinds) != layers:
        raise SymllmError(f"config: field 'layer_types' has {len(kinds)} entries; num_hidden_layers is {layers}")
    kinds = [str(kind) for kind in kinds]
    if WINDOW in kinds and W not in config.sizes:
        raise SymllmError("config: field 'sliding_window' is missing; layers of kind 'sliding_attention' need it")
    return kinds


def every(config: Config, name: str, which: int = -1) -> Callable[[int], str]:
    """Layer kinds by a period: in each run of `option` layers, the one at `which` sees everything."""
    period = config.options[name]
    if period < 1:
        raise SymllmError(f"config: field {name!r} is {period}; it must be at least 1")
    return lambda i: FULL if i % period == which % period else WINDOW


def later_windows(config: Config) -> Sequence[str]:
    """Qwen's rule: the window only where use_sliding_window is on, on the layers from max_window_layers."""
    if not config.options["use_sliding_window"]:
        return ()
    first = config.options["max_window_layers"] if W in config.sizes else config.sizes[N]
    return layer_kinds(config, lambda i: FULL if i < first else WINDOW)


def decoder_of_kinds(layer: Callable[[Reach], Sequence[Block]], kinds: Sequence[str], last_norm: Sequence[Block],
                     is_tied: bool) -> Architecture:  # fmt: skip
    """Layers of the given kinds between the embedding and the head; plain where all see everything."""
    if set(kinds) <= {FULL}:
        return decoder(layer(EVERYTHING), last_norm, is_tied)
    return mixed(layer, kinds, last_norm, is_tied)


def pre_norm(config: Config, mix: Callable[[Reach], Block], kinds: Sequence[str] = (), feed: Block | None = None) -> Architecture:
    """A LLaMA layer (RMSNorm, attention, RMSNorm, gated feed-forward) with the given attention, and its model."""
    whole_groups(config)
    norm, inner = rms_norm(), feed or gated()
    return decoder_of_kinds(lambda reach: (norm, mix(reach), norm, inner), kinds, (rms_norm("final_norm"),),
                            config.options["tie_word_embeddings"])  # fmt: skip
