"""DeciLM and Llama-Nemotron (NAS): LLaMA whose layers were searched one by one.

DeciLM-7B chooses the KV heads of each layer; Llama-Nemotron chooses, for each layer, attention or none, its KV heads
and the width of the feed-forward block, or none.
Deci AI 2023, "DeciLM-7B"; Bercovich et al. 2024, arXiv:2411.19146; Bercovich et al. 2025, arXiv:2505.00949.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symllm.block import Architecture, Block, Group
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError
from symllm.symbols import NamedSymbol

from ..blocks.attention import attention
from ..blocks.embedding import head, token_embedding
from ..blocks.feed_forward import gated
from ..blocks.norm import rms_norm
from ..notation import N, d, d_ff, h, k
from .decoder import LLAMA_FIELDS
from .dense import POSITIONLESS, tied

#: The widths of feed-forward blocks are rounded up to a multiple of this.
STEP = 256


@dataclass(frozen=True)
class Layer:
    """What one layer has: KV heads of its attention and width of its feed-forward block; None where there is none."""

    keys: int | None
    width: int | None


def model(config: Config, layers: Sequence[Layer]) -> Architecture:
    """Layers of equal sizes make a group; a part that a layer lacks has no norm either."""
    biased, mlp_bias = config.options["attention_bias"], config.options["mlp_bias"]
    groups, values = [], {}
    for number, layer in enumerate(dict.fromkeys(layers), start=1):
        blocks: list[Block] = []
        if layer.keys is not None:
            blocks += [rms_norm(), attention(qkv_bias=biased, out_bias=biased)]
        if layer.width is not None:
            blocks += [rms_norm(), gated(bias=mlp_bias)]
        title = f"layer with {layer.keys or 'no'} KV heads and feed-forward size {layer.width or 0}"
        times = NamedSymbol(f"N_{number}", title=f"layers of kind {number}", meaning=title, unit="layer", rank=910 + number)
        own = {symbol: size for symbol, size in ((k, layer.keys), (d_ff, layer.width)) if size is not None}
        places = tuple(i for i, other in enumerate(layers) if other == layer)
        groups.append(Group(f"kind{number}", title, times, tuple(blocks), own, places))
        values[times] = len(places)
    once = (token_embedding(), rms_norm("final_norm"), head(config.options["tie_word_embeddings"]))
    return Architecture(once, tuple(groups), values)


def listed(config: Config, name: str) -> Sequence[Any]:
    """A list of the config with one entry a layer; raises otherwise."""
    values: Sequence[Any] = config.options[name]
    if len(values) != config.sizes[N]:
        raise SymllmError(f"config: field {name!r} has {len(values)} entries; num_hidden_layers is {config.sizes[N]}")
    return values


def grouped(keys: Any, heads: int, name: str) -> int:
    """`keys` as the KV heads of a layer with `heads` query heads; raises where they do not divide."""
    if isinstance(keys, bool) or not isinstance(keys, int) or keys < 1 or heads % keys:
        raise SymllmError(f"config: field {name!r} is {str(keys)[:24]!r}; a whole divisor of the {heads} query heads is expected")
    return keys


def nas(config: Config) -> Architecture:
    """One object a layer says what the layer has."""
    return model(config, [nas_layer(entry, config) for entry in listed(config, "block_configs")])


def nas_layer(entry: Any, config: Config) -> Layer:
    """A layer of `block_configs`; raises for what it does not understand there."""
    if not isinstance(entry, Mapping) or not isinstance(entry.get("attention"), Mapping) or not isinstance(entry.get("ffn"), Mapping):
        raise SymllmError("config: an entry of 'block_configs' is not an object with 'attention' and 'ffn'")
    mix, feed = entry["attention"], entry["ffn"]
    for part, name in ((mix, "window_length"), (mix, "num_sink_tokens"), (mix, "sparsify"), (mix, "replace_with_linear"),
                       (feed, "sparsify"), (feed, "replace_with_linear")):  # fmt: skip
        if part.get(name):
            raise SymllmError(f"config: 'block_configs' has {name} = {str(part[name])[:24]!r}, which is not understood")
    heads = config.sizes[h]
    keys = None if mix.get("no_op") else heads // grouped(mix.get("n_heads_in_group"), heads, "block_configs.attention.n_heads_in_group")
    return Layer(keys, None if feed.get("no_op") else inner_size(feed.get("ffn_mult"), config.sizes[d]))


def inner_size(multiplier: Any, width: int) -> int:
    """The feed-forward size of a multiplier: two thirds of that many widths, rounded up to 256."""
    if isinstance(multiplier, bool) or not isinstance(multiplier, (int, float)) or not 0 < multiplier < 1000:
        raise SymllmError(f"config: field 'block_configs.ffn.ffn_mult' is {str(multiplier)[:24]!r}; a number above 0 is expected")
    size = int(2 * Fraction(multiplier) * width / 3)
    return -(-size // STEP) * STEP


def deci(config: Config) -> Architecture:
    """One number of KV heads a layer."""
    name = "num_key_value_heads_per_layer"
    return model(config, [Layer(grouped(keys, config.sizes[h], name), config.sizes[d_ff]) for keys in listed(config, name)])


COMMON = tuple(f for f in LLAMA_FIELDS if f.symbol not in (k, d_ff))
OPTIONS = (tied(False), Option("attention_bias", default=False), Option("mlp_bias", default=False))

FAMILIES = (
    Family("nemotron-nas", "Llama-Nemotron", ("nemotron-nas",), COMMON, nas,
           "arXiv:2411.19146, arXiv:2505.00949; DeciLMConfig of the model's repository", (*OPTIONS, Option("block_configs", kind=list)),
           POSITIONLESS),
    Family("deci", "DeciLM", ("deci",), (*COMMON, Field("intermediate_size", d_ff)), deci,
           "Deci AI 2023; DeciLMConfig of the model's repository", (*OPTIONS, Option("num_key_value_heads_per_layer", kind=list)),
           (*POSITIONLESS, "num_key_value_heads")),
)  # fmt: skip
