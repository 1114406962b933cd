"""LLaMA and the families that differ from it in a bias, a tie or a window: Mistral, Qwen2, Gemma.

RMSNorm before attention and before a gated feed-forward block, rotary positions (which hold no parameters),
grouped-query attention since LLaMA 2 70B.
Sources: LLaMA, arXiv:2302.13971; LLaMA 2, arXiv:2307.09288; LLaMA 3, arXiv:2407.21783; Mistral 7B,
arXiv:2310.06825; Qwen2, arXiv:2407.10671; Gemma, arXiv:2403.08295.
"""

from __future__ import annotations

from collections.abc import Sequence

from symllm.block import EVERYTHING, Architecture, Block, Reach
from symllm.config import Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.norm import rms_norm
from ..notation import N, W, k
from .decoder import LLAMA_FIELDS, TIED, decoder, mixed


def llama(config: Config) -> Architecture:
    """LLaMA: no biases unless the config asks for them."""
    biased = config.options["attention_bias"]
    norm = rms_norm()
    layer = (norm, attention(qkv_bias=biased, out_bias=biased), norm, gated(bias=config.options["mlp_bias"]))
    return decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


def windowed(config: Config, qkv_bias: bool, kinds: Sequence[str]) -> Architecture:
    """A LLaMA layer in which some layers see a window only."""
    norm = rms_norm()

    def layer(reach: Reach = EVERYTHING) -> tuple[Block, ...]:
        return (norm, attention(qkv_bias=qkv_bias, reach=reach), norm, gated())

    last, tied = (rms_norm("final_norm"),), config.options["tie_word_embeddings"]
    if set(kinds) <= {"full_attention"}:
        return decoder(layer(), last, tied)
    return mixed(layer, kinds, last, tied)


def mistral(config: Config) -> Architecture:
    """Mistral: the window, where the config has one, is on every layer."""
    kind = "sliding_attention" if W in config.sizes else "full_attention"
    return windowed(config, False, [kind] * config.sizes[N])


def qwen2(config: Config) -> Architecture:
    """Qwen2: biases on Q, K and V alone; the window only where use_sliding_window is true, on the later layers."""
    kinds = config.options["layer_types"]
    if kinds is None:
        first = config.options["max_window_layers"] if config.options["use_sliding_window"] and W in config.sizes else config.sizes[N]
        kinds = ["full_attention" if i < first else "sliding_attention" for i in range(config.sizes[N])]
    if not config.options["use_sliding_window"]:
        kinds = ["full_attention"] * len(kinds)
    return windowed(config, True, kinds)


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
        fields=(*LLAMA_FIELDS, Field("sliding_window", W, default=None)),
        options=(TIED,),
        build=mistral,
        source="arXiv:2310.06825; transformers MistralConfig",
    ),
    Family(
        "qwen2", "Qwen2", ("qwen2",),
        fields=(*LLAMA_FIELDS, Field("sliding_window", W, default=None)),
        options=(TIED, Option("use_sliding_window", default=False), Option("max_window_layers", default=28, kind=int),
                 Option("layer_types", default=None, kind=list)),
        build=qwen2,
        source="arXiv:2407.10671; transformers Qwen2Config",
        inert=("use_mrope",),
    ),
    Family(
        "gemma", "Gemma", ("gemma",),
        fields=tuple(Field("num_key_value_heads", k, default=16) if f.symbol == k else f for f in LLAMA_FIELDS),
        options=(Option("tie_word_embeddings", default=True), Option("attention_bias", default=False)),
        build=lambda config: decoder(
            (rms_norm(), attention(qkv_bias=config.options["attention_bias"], out_bias=config.options["attention_bias"]),
             rms_norm(), gated()),
            (rms_norm("final_norm"),), config.options["tie_word_embeddings"]),
        source="arXiv:2403.08295; transformers GemmaConfig",
    ),
)  # fmt: skip
