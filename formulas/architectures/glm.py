"""ChatGLM2, ChatGLM3 and the dense GLM-4 models: grouped heads, biases on queries, keys and values alone.

GLM-4-0414 puts norms before and after each block. Partial rotary positions hold no parameters.
Zeng et al. 2022, arXiv:2210.02414; GLM Team 2024, arXiv:2406.12793.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option

from ..blocks.attention import attention
from ..blocks.feed_forward import gated
from ..blocks.norm import layer_norm, rms_norm
from ..notation import N, V, d, d_ff, d_h, h, k, s_max
from .decoder import decoder
from .dense import POSITIONLESS, llama_fields, pre_norm, tied, whole_groups


def chatglm(config: Config) -> Architecture:
    """The first GLM with grouped heads, as its own code names the parts."""
    options = config.options
    keys = config.sizes[k] if options["multi_query_attention"] else config.sizes[h]
    norm = rms_norm if options["rmsnorm"] else layer_norm
    biased = options["add_bias_linear"]
    mix = attention(qkv_bias=biased or options["add_qkv_bias"], out_bias=biased)
    last = (norm("final_norm"),) if options["post_layer_norm"] else ()
    made = decoder((norm(), mix, norm(), gated(bias=biased)), last, options["tie_word_embeddings"])
    return replace(made, values={**made.values, k: keys})


def glm(config: Config) -> Architecture:
    """The same model under the names of transformers."""
    return pre_norm(config, lambda reach: attention(qkv_bias=config.options["attention_bias"], reach=reach))


def glm4(config: Config) -> Architecture:
    """A norm before and one after attention, a norm before and one after the feed-forward block."""
    whole_groups(config)
    before, after = rms_norm(), rms_norm("post_norm")
    layer = (before, attention(qkv_bias=config.options["attention_bias"]), after, before, gated(), after)
    return decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


FAMILIES = (
    Family(
        "chatglm", "ChatGLM", ("chatglm",),
        fields=(
            Field("hidden_size", d),
            Field("num_layers", N, also=("num_hidden_layers",)),
            Field("num_attention_heads", h),
            Field("multi_query_group_num", k, default=1),
            Field("kv_channels", d_h, default=128),
            Field("ffn_hidden_size", d_ff),
            Field("padded_vocab_size", V, also=("vocab_size",)),
            Field("seq_length", s_max, default=None),
        ),
        options=(tied(False), Option("multi_query_attention", default=False), Option("add_bias_linear", default=False),
                 Option("add_qkv_bias", default=False), Option("rmsnorm", default=True), Option("post_layer_norm", default=True)),
        build=chatglm,
        inert=("apply_query_key_layer_scaling", "apply_residual_connection_post_layernorm", "bias_dropout_fusion", "original_rope",
               "fp32_residual_connection"),
        source="arXiv:2210.02414, arXiv:2406.12793; ChatGLMConfig of the model's repository",
    ),
    Family("glm", "GLM-4", ("glm",), llama_fields(kv_heads=2, head_size=128), glm, "arXiv:2406.12793; transformers GlmConfig",
           (tied(False), Option("attention_bias", default=True)), POSITIONLESS),
    Family("glm4", "GLM-4-0414", ("glm4",), llama_fields(kv_heads=2, head_size=128), glm4, "arXiv:2406.12793; transformers Glm4Config",
           (tied(False), Option("attention_bias", default=True)), POSITIONLESS),
)  # fmt: skip
