"""Baichuan and Baichuan 2: LLaMA with queries, keys and values in one matrix; the 13B models use ALiBi positions.

Yang et al. 2023, arXiv:2309.10305.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture
from symllm.config import Config, Family

from ..blocks.attention import attention
from ..notation import s_max
from .dense import POSITIONLESS, equal_heads, llama_fields, pre_norm, tied


def build(config: Config) -> Architecture:
    """No biases; every query head has its own keys and values."""
    return pre_norm(config, lambda reach: attention(reach=reach))


FIELDS = tuple(replace(f, also=("model_max_length",)) if f.symbol == s_max else f for f in equal_heads(llama_fields()))

FAMILIES = (
    Family("baichuan", "Baichuan", ("baichuan",), FIELDS, build, "arXiv:2309.10305; BaichuanConfig of the model's repository",
           (tied(False),), POSITIONLESS),
)  # fmt: skip
