"""Qwen (the first generation) and the dense Qwen3 models. Qwen1.5, Qwen2 and Qwen2.5 are on LLaMA's page.

Bai et al. 2023, arXiv:2309.16609; Yang et al. 2025, arXiv:2505.09388.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture, Block, Reach
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError
from symllm.symbols import NamedSymbol

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.norm import query_key_norm, rms_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max
from .dense import LAYER_TYPES, POSITIONLESS, decoder_of_kinds, later_windows, llama_fields, pre_norm, tied, whole_groups, window

d_gu = NamedSymbol("d_gu", title="gate and up size", meaning="widths of gate and up together", latex=r"d_{\mathrm{gu}}", rank=901)


def qwen(config: Config) -> Architecture:
    """`intermediate_size` is the width of gate and up together; biases are on queries, keys and values."""
    both, biased = config.sizes[d_gu], not config.options["no_bias"]
    if both % 2:
        raise SymllmError(f"config: field 'intermediate_size' is {both}; qwen models halve it, so it must be even")
    made = pre_norm(config, lambda reach: attention(qkv_bias=True, out_bias=biased, reach=reach), feed=gated(bias=biased))
    return replace(made, values={**made.values, d_ff: both // 2})


def qwen3(config: Config) -> Architecture:
    """Norms of head size on queries and keys, and heads of a size of their own."""
    whole_groups(config)
    norm, biased = rms_norm(), config.options["attention_bias"]

    def layer(reach: Reach) -> tuple[Block, ...]:
        return (norm, attention(qkv_bias=biased, out_bias=biased, reach=reach), query_key_norm(), norm, gated())

    return decoder_of_kinds(layer, later_windows(config), (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "qwen", "Qwen", ("qwen",),
        fields=(
            Field("hidden_size", d),
            Field("num_hidden_layers", N),
            Field("num_attention_heads", h),
            Field("num_attention_heads", k),
            Field("kv_channels", d_h, default=128),
            Field("intermediate_size", d_gu),
            Field("vocab_size", V),
            Field("max_position_embeddings", s_max, default=None, also=("seq_length",)),
        ),
        options=(tied(False), Option("no_bias", default=True)),
        build=qwen,
        inert=(*POSITIONLESS, "bf16", "fp16", "fp32", "use_dynamic_ntk", "use_logn_attn", "use_flash_attn", "seq_length", "onnx_safe",
               "softmax_in_fp32", "use_cache_*"),
        source="arXiv:2309.16609; QWenConfig of the model's repository",
    ),
    Family(
        "qwen3", "Qwen3", ("qwen3",),
        fields=(*llama_fields(kv_heads=32, null_heads=h, head_size=128), window(4096)),
        options=(tied(False), Option("attention_bias", default=False), Option("use_sliding_window", default=False),
                 Option("max_window_layers", default=28, kind=int), LAYER_TYPES),
        build=qwen3,
        inert=POSITIONLESS,
        source="arXiv:2505.09388; transformers Qwen3Config",
    ),
)  # fmt: skip
