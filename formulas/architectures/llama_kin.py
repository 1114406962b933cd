"""Families that are LLaMA but for defaults, biases, a norm or the gate: Granite, SmolLM3, Seed-OSS, ERNIE 4.5 and others.

Sources are with each family. Layers without rotary positions (SmolLM3) have the same sizes as those with them.
"""

from __future__ import annotations

from dataclasses import replace

from symllm.block import Architecture, Block, Reach, Weight
from symllm.config import Config, Family, Option
from symllm.errors import SymllmError

from ..blocks.attention import attention
from ..blocks.feed_forward import gated, plain
from ..blocks.norm import layer_norm, query_key_norm, rms_norm
from ..notation import N, W, d, d_ff, d_h, h
from .decoder import decoder
from .dense import FULL, LAYER_TYPES, POSITIONLESS, WINDOW, layer_kinds, llama_fields, pre_norm, tied, whole_groups, window


def biases(config: Config) -> Architecture:
    """`attention_bias` on the four matrices of attention, `mlp_bias` on the feed-forward block."""
    biased = config.options["attention_bias"]
    return pre_norm(config, lambda reach: attention(qkv_bias=biased, out_bias=biased, reach=reach),
                    feed=gated(bias=config.options["mlp_bias"]))  # fmt: skip


def bare(config: Config) -> Architecture:
    """LLaMA without any bias."""
    return pre_norm(config, lambda reach: attention(reach=reach))


def smollm3(config: Config) -> Architecture:
    """Where windows are on, they are on the layers without rotary positions, as `layer_types` lists them."""
    biased = config.options["attention_bias"]
    used = config.options["use_sliding_window"] and W in config.sizes
    without, period = config.options["no_rope_layers"], config.options["no_rope_layer_interval"]
    if period < 1:
        raise SymllmError(f"config: field 'no_rope_layer_interval' is {period}; it must be at least 1")
    if without is not None and len(without) != config.sizes[N]:
        raise SymllmError(f"config: field 'no_rope_layers' has {len(without)} entries; num_hidden_layers is {config.sizes[N]}")

    def default(i: int) -> str:
        rotary = bool(without[i]) if without is not None else (i + 1) % period != 0
        return WINDOW if used and not rotary else FULL

    return pre_norm(config, lambda reach: attention(qkv_bias=biased, out_bias=biased, reach=reach), layer_kinds(config, default),
                    gated(bias=config.options["mlp_bias"]))  # fmt: skip


def seed_oss(config: Config) -> Architecture:
    """Biases on queries, keys and values, and one of their own switch on the output."""
    options = config.options
    inner, outer = options["attention_bias"], options["attention_out_bias"]
    return pre_norm(config, lambda reach: attention(qkv_bias=inner, out_bias=outer, reach=reach), feed=gated(bias=options["mlp_bias"]))


def ernie(config: Config) -> Architecture:
    """One switch for all biases."""
    biased = config.options["use_bias"]
    return pre_norm(config, lambda reach: attention(qkv_bias=biased, out_bias=biased, reach=reach), feed=gated(bias=biased))


def helium(config: Config) -> Architecture:
    """The output of attention has no bias, whatever the switch, and its matrix is square; raises for heads that do not fit it."""
    if config.sizes[d_h] * config.sizes[h] != config.sizes[d]:
        raise SymllmError(f"config: field 'head_dim' is {config.sizes[d_h]}; in helium models it is hidden_size / num_attention_heads")
    return pre_norm(config, lambda reach: attention(qkv_bias=config.options["attention_bias"], reach=reach),
                    feed=gated(bias=config.options["mlp_bias"]))  # fmt: skip


def arcee(config: Config) -> Architecture:
    """No gate: two matrices and a squared ReLU."""
    biased = config.options["attention_bias"]
    return pre_norm(config, lambda reach: attention(qkv_bias=biased, out_bias=biased, reach=reach),
                    feed=plain(bias=config.options["mlp_bias"]))  # fmt: skip


def xielu() -> Block:
    """A feed-forward block without a gate whose nonlinearity learns two numbers: Huang et al. 2024, arXiv:2411.13010."""
    block = plain()
    return replace(block, weights=(*block.weights, Weight("alpha_p", (1,)), Weight("alpha_n", (1,))))


def with_head_norms(config: Config, feed: Block) -> Architecture:
    """A LLaMA layer whose queries and keys have norms of head size."""
    whole_groups(config)
    norm, biased = rms_norm(), config.options["attention_bias"]
    layer = (norm, attention(qkv_bias=biased, out_bias=biased), query_key_norm(), norm, feed)
    return decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


def bitnet(config: Config) -> Architecture:
    """BitNet also norms the inputs of the two matrices that lead back to the residual stream."""
    whole_groups(config)
    norm, biased = rms_norm(), config.options["attention_bias"]
    layer = (norm, attention(qkv_bias=biased, out_bias=biased), rms_norm("attention_norm"), norm, gated(), rms_norm("mlp_norm", d_ff))
    return decoder(layer, (rms_norm("final_norm"),), config.options["tie_word_embeddings"])


def nanochat(config: Config) -> Architecture:
    """Norms without parameters, no gate."""
    whole_groups(config)
    norm, biased = layer_norm(bias=False, scale=False), config.options["attention_bias"]
    layer = (norm, attention(qkv_bias=biased, out_bias=biased), norm, plain())
    return decoder(layer, (), config.options["tie_word_embeddings"])


def cwm(config: Config) -> Architecture:
    """The first layer of each four sees everything, the others a window."""

    def mix(reach: Reach) -> Block:
        return attention(reach=reach)

    kinds = layer_kinds(config, lambda i: WINDOW if i % 4 else FULL)
    return pre_norm(config, mix, kinds, gated(bias=config.options["mlp_bias"]))


A_BIAS, M_BIAS = Option("attention_bias", default=False), Option("mlp_bias", default=False)
ASKED = (Option("tie_word_embeddings"),)

FAMILIES = (
    Family("granite", "Granite", ("granite",), llama_fields(), biases, "arXiv:2405.04324; transformers GraniteConfig",
           (tied(False), A_BIAS, M_BIAS), POSITIONLESS),
    Family("smollm3", "SmolLM3", ("smollm3",), (*llama_fields(kv_heads=4, null_heads=h), window(None)), smollm3,
           "Bakouch et al. 2025; transformers SmolLM3Config",
           (tied(True), A_BIAS, M_BIAS, LAYER_TYPES, Option("use_sliding_window", default=False),
            Option("no_rope_layers", default=None, kind=list), Option("no_rope_layer_interval", default=4, kind=int)),
           (*POSITIONLESS, "max_window_layers")),
    Family("seed_oss", "Seed-OSS", ("seed_oss",), llama_fields(kv_heads=8, null_heads=h, head_size=128), seed_oss,
           "ByteDance Seed 2025; transformers SeedOssConfig",
           (tied(False), Option("attention_bias", default=True), Option("attention_out_bias", default=False), M_BIAS), POSITIONLESS, dropout=True),
    Family("ernie4_5", "ERNIE 4.5", ("ernie4_5",), llama_fields(kv_heads=2, null_heads=h, head_size=128), ernie,
           "Baidu 2025, \"ERNIE 4.5 Technical Report\"; transformers Ernie4_5Config",
           (tied(True), Option("use_bias", default=False)), POSITIONLESS),
    Family("helium", "Helium", ("helium",), llama_fields(kv_heads=20, head_size=128), helium,
           "Kyutai 2025; transformers HeliumConfig", (tied(False), A_BIAS, M_BIAS), POSITIONLESS),
    Family("arcee", "AFM", ("arcee",), llama_fields(), arcee, "Arcee AI 2025; transformers ArceeConfig",
           (tied(False), A_BIAS, M_BIAS), POSITIONLESS),
    Family("apertus", "Apertus", ("apertus",), llama_fields(), lambda config: with_head_norms(config, xielu()),
           "arXiv:2509.14233; transformers ApertusConfig", (tied(False), A_BIAS), POSITIONLESS),
    Family("hunyuan_v1_dense", "Hunyuan", ("hunyuan_v1_dense",), llama_fields(), lambda config: with_head_norms(config, gated()),
           "Tencent Hunyuan 2025; transformers HunYuanDenseV1Config", (tied(False), A_BIAS), POSITIONLESS),
    Family("bitnet", "BitNet b1.58", ("bitnet",), llama_fields(kv_heads=5, null_heads=h), bitnet,
           "arXiv:2504.12285; transformers BitNetConfig", (tied(False), A_BIAS), POSITIONLESS),
    Family("nanochat", "nanochat", ("nanochat",), llama_fields(), nanochat, "Karpathy 2025; transformers NanoChatConfig",
           (tied(False), A_BIAS), POSITIONLESS),
    Family("cwm", "CWM", ("cwm",), (*llama_fields(kv_heads=8, head_size=128), window(8192)), cwm,
           "arXiv:2510.02387; transformers CwmConfig", (tied(False), M_BIAS, LAYER_TYPES), POSITIONLESS),
    # Their own config classes only rename LLaMA's parts; the tie must be stated, as nothing here checks its default.
    Family("yi", "Yi", ("Yi",), llama_fields(), bare, "arXiv:2403.04652; YiConfig of the model's repository", ASKED, POSITIONLESS),
    Family("aquila", "Aquila", ("aquila",), llama_fields(), bare, "arXiv:2408.07410; AquilaConfig of the model's repository",
           ASKED, POSITIONLESS),
    Family("xverse", "XVERSE", ("xverse",), llama_fields(), bare, "XVERSE 2023; XverseConfig of the model's repository",
           ASKED, POSITIONLESS),
)  # fmt: skip
