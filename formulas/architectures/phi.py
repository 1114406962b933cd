"""Phi: Phi-1 to Phi-2 (parallel blocks under one norm, biases everywhere) and Phi-3 to Phi-4 (a LLaMA layer, fused matrices).

A fused matrix holds what its parts hold, and partial rotary positions hold nothing.
Gunasekar et al. 2023, arXiv:2306.11644; Abdin et al. 2024, arXiv:2404.14219 and arXiv:2412.08905.
"""

from __future__ import annotations

from symllm.block import Architecture
from symllm.config import Config, Family, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm, query_key_norm
from ..notation import N, W
from .decoder import decoder
from .dense import FULL, POSITIONLESS, WINDOW, llama_fields, pre_norm, tied, whole_groups, window


def phi(config: Config) -> Architecture:
    """One norm a layer; the head has a bias too."""
    whole_groups(config)
    normed = (query_key_norm(bias=True),) if config.options["qk_layernorm"] else ()
    layer = (layer_norm(), attention(qkv_bias=True, out_bias=True), *normed, plain(bias=True))
    return decoder(layer, (layer_norm("final_norm"),), config.options["tie_word_embeddings"], head_bias=True)


def phi3(config: Config) -> Architecture:
    """The window, where the config has one, is on every layer."""
    kinds = [WINDOW if W in config.sizes else FULL] * config.sizes[N]
    return pre_norm(config, lambda reach: attention(reach=reach), kinds)


FAMILIES = (
    Family(
        "phi", "Phi", ("phi",),
        fields=llama_fields(),
        options=(tied(False), Option("qk_layernorm", default=False)),
        build=phi,
        inert=POSITIONLESS,
        source="arXiv:2306.11644; transformers PhiConfig",
    ),
    Family(
        "phi3", "Phi-3", ("phi3",),
        fields=(*llama_fields(), window(None)),
        options=(tied(False), Option("attention_bias", default=False, choices=(False,)),
                 Option("mlp_bias", default=False, choices=(False,))),
        build=phi3,
        inert=POSITIONLESS,
        source="arXiv:2404.14219, arXiv:2412.08905; transformers Phi3Config",
    ),
)  # fmt: skip
