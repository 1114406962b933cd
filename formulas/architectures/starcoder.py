"""StarCoder and SantaCoder (one KV head, learned positions) and StarCoder2 (grouped heads, rotary positions, a window).

Li et al. 2023, arXiv:2305.06161; Ben Allal et al. 2023, arXiv:2301.03988; Lozhkov et al. 2024, arXiv:2402.19173.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture, Block, Reach
from symllm.config import Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.embedding import learned_positions, token_embedding
from ..blocks.feed_forward import plain
from ..blocks.norm import layer_norm
from ..notation import N, V, W, d, d_ff, d_h, h, k, s_max, s_pos
from .decoder import decoder
from .dense import FULL, POSITIONLESS, WINDOW, decoder_of_kinds, llama_fields, tied, whole_groups, window


def bigcode(config: Config) -> Architecture:
    """GPT-2 with one head of keys and values, where `multi_query` is on."""
    norm = layer_norm()
    layer = (norm, attention(qkv_bias=True, out_bias=True), norm, plain(bias=True))
    made = decoder(layer, (layer_norm("final_norm"),), config.options["tie_word_embeddings"],
                   embeddings=(token_embedding(), learned_positions()))  # fmt: skip
    return replace(made, values={k: 1 if config.options["multi_query"] else config.sizes[h]})


def starcoder2(config: Config) -> Architecture:
    """Biases everywhere unless `use_bias` is off; the window, where there is one, is on every layer."""
    whole_groups(config)
    biased, norm = config.options["use_bias"], layer_norm()

    def layer(reach: Reach) -> tuple[Block, ...]:
        return (norm, attention(qkv_bias=biased, out_bias=biased, reach=reach), norm, plain(bias=biased))

    kinds = [WINDOW if W in config.sizes else FULL] * config.sizes[N]
    return decoder_of_kinds(layer, kinds, (layer_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "gpt_bigcode", "StarCoder", ("gpt_bigcode",),
        fields=(
            Field("n_embd", d, also=("hidden_size",)),
            Field("n_layer", N, also=("num_hidden_layers",)),
            Field("n_head", h, also=("num_attention_heads",)),
            Field("n_embd / n_head", d_h, default=d / h),
            Field("n_inner", d_ff, default=4 * d),
            Field("vocab_size", V),
            Field("n_positions", s_pos, also=("max_position_embeddings",)),
            Field("n_positions", s_max, also=("max_position_embeddings",)),
        ),
        options=(tied(True), Option("multi_query", default=True)),
        build=bigcode,
        inert=("scale_attention_softmax_in_fp32", "inference_runner", "validate_runner_input", "pre_allocate_kv_cache",
               "max_sequence_length", "max_batch_size", "pad_key_length", "num_key_value_heads"),
        source="arXiv:2305.06161, arXiv:2301.03988; transformers GPTBigCodeConfig",
        dropout=True,
    ),
    Family(
        "starcoder2", "StarCoder2", ("starcoder2",),
        fields=(*llama_fields(kv_heads=2), window(None)),
        options=(tied(True), Option("use_bias", default=True), Option("norm_type", default="layer_norm", kind=str, choices=("layer_norm",)),
                 Option("mlp_type", default="default", kind=str, choices=("default",))),
        build=starcoder2,
        inert=(*POSITIONLESS, "scale_attention_softmax_in_fp32"),
        source="arXiv:2402.19173; transformers Starcoder2Config",
    ),
)  # fmt: skip
