"""Models whose own code transformers does not hold, rewritten as one that it does.

Each rewriting states the same weights under the names of an architecture that transformers builds:
a fused projection counts the same as the separate ones, a bias is there or not. What it gives is
the size of the model and its matrix products, never its exact arithmetic (ALiBi is not rotary).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Config = dict[str, Any]


def _renamed(config: Config, model_type: str, **changes: Any) -> Config:
    kept = {key: value for key, value in config.items() if key != "architectures"}
    return {**kept, **changes, "model_type": model_type}


def _llama(config: Config) -> Config:
    """Baichuan (fused W_pack), InternLM (`bias` on all four), InternLM2 (fused wqkv)."""
    return _renamed(config, "llama", attention_bias=bool(config.get("bias", False)))


def _chatglm(config: Config) -> Config:
    heads = config["num_attention_heads"]
    grouped = config.get("multi_query_attention", False)
    return _renamed(
        config,
        "glm",
        num_hidden_layers=config["num_layers"],
        intermediate_size=config["ffn_hidden_size"],
        vocab_size=config["padded_vocab_size"],
        head_dim=config["kv_channels"],
        num_key_value_heads=config["multi_query_group_num"] if grouped else heads,
        attention_bias=config.get("add_qkv_bias", False),
    )


def _deepseek_moe(config: Config) -> Config:
    """DeepSeekMoE: plain attention, a dense first layer, shared and routed experts."""
    return _renamed(
        config,
        "glm4_moe",
        head_dim=config["hidden_size"] // config["num_attention_heads"],
        attention_bias=config.get("attention_bias", False),
        n_group=1,
        topk_group=1,
        use_qk_norm=False,
    )


def _kimi_k2(config: Config) -> Config:
    return _renamed(config, "deepseek_v3")


def _qwen(config: Config) -> Config:
    """Qwen 1: `intermediate_size` counts gate and up together; biases on q, k, v alone."""
    return _renamed(
        config,
        "qwen2",
        intermediate_size=config["intermediate_size"] // 2,
        num_key_value_heads=config["num_attention_heads"],
    )


def _mimo(config: Config) -> Config:
    return _renamed(config, "qwen2")


def _minimax_m1(config: Config) -> Config:
    kinds = ["full_attention" if full else "linear_attention" for full in config["attn_type_list"]]
    return _renamed(config, "minimax", layer_types=kinds)


def _minimax_m3(config: Config) -> Config:
    return _renamed(config, "minimax_m3_vl_text")


def _dbrx(config: Config) -> Config:
    """DBRX itself; its class wants what changes no size written out: a rotary base, a bound."""
    attention = {"rope_theta": 500000.0, "clip_qkv": 8, **config["attn_config"]}
    return {**config, "attn_config": attention}


EQUIVALENTS: dict[str, Callable[[Config], Config]] = {
    "baichuan": _llama,
    "chatglm": _chatglm,
    "dbrx": _dbrx,
    "deepseek": _deepseek_moe,
    "internlm": _llama,
    "internlm2": _llama,
    "kimi_k2": _kimi_k2,
    "mimo": _mimo,
    "minimax_m1": _minimax_m1,
    "minimax_m3": _minimax_m3,
    "qwen": _qwen,
}


def equivalent(config: Config) -> Config:
    """The configuration that transformers builds for this one; itself where none is needed."""
    rewrite = EQUIVALENTS.get(config["model_type"])
    return config if rewrite is None else rewrite(config)
