"""InternLM, InternLM2 and InternLM3: LLaMA with a fused matrix and, by generation, other biases.

InternLM Team 2023, "InternLM: A Multilingual Language Model"; Cai et al. 2024, arXiv:2403.17297.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from .dense import POSITIONLESS, equal_heads, llama_fields, pre_norm, tied


def first(config: Config) -> Architecture:
    """`bias` is on the four matrices of attention."""
    biased = config.options["bias"]
    return pre_norm(config, lambda reach: attention(qkv_bias=biased, out_bias=biased, reach=reach))


def third(config: Config) -> Architecture:
    """`qkv_bias` for queries, keys and values, `bias` for all other matrices of a layer."""
    inner, biased = config.options["qkv_bias"], config.options["bias"]
    return pre_norm(config, lambda reach: attention(qkv_bias=inner, out_bias=biased, reach=reach), feed=gated(bias=biased))


FAMILIES = (
    Family("internlm", "InternLM", ("internlm",), equal_heads(llama_fields()), first,
           "InternLM Team 2023; InternLMConfig of the model's repository", (tied(False), Option("bias", default=True)),
           (*POSITIONLESS, "rotary")),
    Family("internlm2", "InternLM2", ("internlm2",), llama_fields(), first,
           "arXiv:2403.17297; InternLM2Config of the model's repository", (tied(False), Option("bias", default=True)), POSITIONLESS),
    Family("internlm3", "InternLM3", ("internlm3",), llama_fields(kv_heads=2, head_size=128), third,
           "transformers InternLM3Config", (tied(False), Option("bias", default=False), Option("qkv_bias", default=False)), POSITIONLESS),
)  # fmt: skip
