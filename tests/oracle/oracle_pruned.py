"""Nemotron's searched models: Llama layers, each with its own heads and width, or a part missing.

transformers holds no class for them. Here a Llama of the same depth is built and every layer's
halves are replaced by ones of the layer's own size, or removed with their norms.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaAttention, LlamaMLP

Config = dict[str, Any]


def ffn_width(multiple: float, hidden: int) -> int:
    """The width of a gated MLP: two thirds of the multiple, rounded up to 256."""
    return -(-int(2 * multiple * hidden / 3) // 256) * 256


def _change(layer: Any, index: int, config: Config, block: Config) -> None:
    make: Any = LlamaMLP
    sizes = {k: v for k, v in config.items() if k not in ("model_type", "block_configs")}
    for half, norm in (("attention", "input_layernorm"), ("ffn", "post_attention_layernorm")):
        if block[half].get("no_op"):
            setattr(layer, "self_attn" if half == "attention" else "mlp", None)
            setattr(layer, norm, None)
        elif block[half].get("replace_with_linear"):
            raise NotImplementedError("a half replaced with a linear layer")
        elif half == "attention":
            heads = sizes["num_attention_heads"] // block[half]["n_heads_in_group"]
            own = LlamaConfig(**{**sizes, "num_key_value_heads": heads})
            layer.self_attn = LlamaAttention(own, layer_idx=index)
        else:
            width = ffn_width(block[half]["ffn_mult"], sizes["hidden_size"])
            layer.mlp = make(LlamaConfig(**{**sizes, "intermediate_size": width}))


def build(config: Config) -> nn.Module:
    """The model on the meta device; it counts parameters, its forward pass is not for use."""
    plain = {
        "hidden_size": config["hidden_size"],
        "vocab_size": config["vocab_size"],
        "num_hidden_layers": config["num_hidden_layers"],
        "num_attention_heads": config["num_attention_heads"],
        "tie_word_embeddings": config.get("tie_word_embeddings", False),
        "intermediate_size": config["hidden_size"],
    }
    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**plain))
        for index, block in enumerate(config["block_configs"]):
            _change(model.model.layers[index], index, plain, block)
    return model
