"""MiMo: a Qwen2 layer with heads of its own size, and layers that predict further tokens.

Xiaomi 2025, arXiv:2505.07608.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..notation import h
from .dense import LAYER_TYPES, POSITIONLESS, later_windows, llama_fields, pre_norm, tied, window


def build(config: Config) -> Architecture:
    """Biases on queries, keys and values. Layers for multi-token prediction are named, not counted."""
    made = pre_norm(config, lambda reach: attention(qkv_bias=True, reach=reach), later_windows(config))
    further = config.options["num_nextn_predict_layers"]
    if not further:
        return made
    return replace(made, notes=(*made.notes, f"{further} layer(s) for multi-token prediction are stored with the model and not counted"))


FAMILIES = (
    Family(
        "mimo", "MiMo", ("mimo",),
        fields=(*llama_fields(kv_heads=32, null_heads=h), window(4096)),
        options=(tied(False), Option("attention_bias", default=True, choices=(True,)), Option("use_sliding_window", default=False),
                 Option("max_window_layers", default=28, kind=int), LAYER_TYPES, Option("num_nextn_predict_layers", default=0, kind=int)),
        build=build,
        inert=(*POSITIONLESS, "use_mrope"),
        source="arXiv:2505.07608; MiMoConfig of the model's repository, after transformers Qwen2Config",
    ),
)  # fmt: skip
