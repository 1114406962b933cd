"""Ministral: Mistral whose layers may mix windows and full attention, and Ministral 3.

Mistral AI 2024, "Un Ministral, des Ministraux"; Mistral AI 2025, "Introducing Mistral 3".
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family

from ..blocks.attention import attention
from ..notation import N, W, h
from .dense import FULL, LAYER_TYPES, POSITIONLESS, WINDOW, layer_kinds, llama_fields, pre_norm, tied, window


def listed(config: Config) -> Architecture:
    """Layers by the list; without one, a window on all where the config has a window."""
    kinds = layer_kinds(config, lambda _: WINDOW if W in config.sizes else FULL)
    return pre_norm(config, lambda reach: attention(reach=reach), kinds)


def third(config: Config) -> Architecture:
    """The window, where the config has one, is on every layer."""
    kinds = [WINDOW if W in config.sizes else FULL] * config.sizes[N]
    return pre_norm(config, lambda reach: attention(reach=reach), kinds)


FAMILIES = (
    Family("ministral", "Ministral", ("ministral",), (*llama_fields(kv_heads=8, null_heads=h), window(4096)), listed,
           "Mistral AI 2024; transformers MinistralConfig", (tied(False), LAYER_TYPES), POSITIONLESS),
    Family("ministral3", "Ministral 3", ("ministral3",), (*llama_fields(kv_heads=8, head_size=128), window(None)), third,
           "Mistral AI 2025; transformers Ministral3Config", (tied(False),), POSITIONLESS),
)  # fmt: skip
