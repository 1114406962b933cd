"""LLaMA and the families that differ from it in a bias, a tie or a window: Mistral, Qwen2, Gemma.

RMSNorm before attention and before a gated feed-forward block, rotary positions (which hold no parameters),
grouped-query attention since LLaMA 2 70B.
Sources: LLaMA, arXiv:2302.13971; LLaMA 2, arXiv:2307.09288; LLaMA 3, arXiv:2407.21783; Mistral 7B,
arXiv:2310.06825; Qwen2, arXiv:2407.10671; Gemma, arXiv:2403.08295.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..notation import N, W, h
from .decoder import LLAMA_FIELDS, TIED
from .dense import FULL, LAYER_TYPES, WINDOW, later_windows, llama_fields, pre_norm, tied, window


def llama(config: Config) -> Architecture:
    """LLaMA: no biases unless the config asks for them."""
    biased = config.options["attention_bias"]
    return pre_norm(config, lambda reach: attention(qkv_bias=biased, out_bias=biased, reach=reach),
                    feed=gated(bias=config.options["mlp_bias"]))  # fmt: skip


def mistral(config: Config) -> Architecture:
    """Mistral: the window, where the config has one, is on every layer."""
    kinds = [WINDOW if W in config.sizes else FULL] * config.sizes[N]
    return pre_norm(config, lambda reach: attention(reach=reach), kinds)


def qwen2(config: Config) -> Architecture:
    """Qwen2: biases on Q, K and V alone; the window only where use_sliding_window is true, on the later layers."""
    return pre_norm(config, lambda reach: attention(qkv_bias=True, reach=reach), later_windows(config))


def gemma(config: Config) -> Architecture:
    """Gemma: heads of a size of their own, a tied head."""
    biased = config.options["attention_bias"]
    return pre_norm(config, lambda reach: attention(qkv_bias=biased, out_bias=biased, reach=reach))


FAMILIES = (
    Family(
        "llama", "LLaMA", ("llama",),
        fields=LLAMA_FIELDS,
        options=(TIED, Option("attention_bias", default=False), Option("mlp_bias", default=False)),
        build=llama,
        source="arXiv:2302.13971, arXiv:2307.09288, arXiv:2407.21783; transformers LlamaConfig",
    ),
    Family(
        "mistral", "Mistral", ("mistral",),
        fields=(*llama_fields(kv_heads=8, null_heads=h), window(4096)),
        options=(TIED,),
        build=mistral,
        source="arXiv:2310.06825; transformers MistralConfig",
    ),
    Family(
        "qwen2", "Qwen2", ("qwen2",),
        fields=(*llama_fields(kv_heads=32, null_heads=h), window(4096)),
        options=(TIED, Option("use_sliding_window", default=False), Option("max_window_layers", default=28, kind=int), LAYER_TYPES),
        build=qwen2,
        source="arXiv:2407.10671; transformers Qwen2Config",
        inert=("use_mrope",),
    ),
    Family(
        "gemma", "Gemma", ("gemma",),
        fields=llama_fields(kv_heads=16, head_size=256),
        options=(tied(True), Option("attention_bias", default=False)),
        build=gemma,
        source="arXiv:2403.08295; transformers GemmaConfig",
    ),
)  # fmt: skip
