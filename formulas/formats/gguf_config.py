"""A GGUF file's own facts as the fields of a config.json, for the architectures where the one says all of the other.

llama.cpp writes sizes as "<architecture>.embedding_length" and so on; a bias or an output head of its own shows in
the tensors' names. An architecture that is not in `ARCHITECTURES` is refused by name, and so is a size that differs
from layer to layer.
Source: github.com/ggml-org/ggml, docs/gguf.md; convert_hf_to_gguf.py of llama.cpp.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from symllm.config import shown
from symllm.errors import SymllmError, unknown
from symllm.files import ModelFile

#: Field of the config -> key after the architecture's name; "?" in front of one that a file may lack.
SIZES: Final = {
    "hidden_size": "embedding_length", "num_hidden_layers": "block_count", "num_attention_heads": "attention.head_count",
    "num_key_value_heads": "?attention.head_count_kv", "head_dim": "?attention.key_length", "max_position_embeddings": "?context_length",
}  # fmt: skip
DENSE: Final = {**SIZES, "intermediate_size": "feed_forward_length"}
MIXTRAL: Final = {**DENSE, "num_local_experts": "expert_count", "num_experts_per_tok": "expert_used_count"}
ROUTED: Final = {**SIZES, "intermediate_size": "?feed_forward_length", "moe_intermediate_size": "expert_feed_forward_length",
                 "num_experts": "expert_count", "num_experts_per_tok": "expert_used_count"}  # fmt: skip

#: Architecture -> (model_type, fields). "llama" with experts is Mixtral.
ARCHITECTURES: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "llama": ("llama", DENSE), "qwen2": ("qwen2", DENSE), "qwen3": ("qwen3", DENSE), "qwen3moe": ("qwen3_moe", ROUTED),
    "gemma": ("gemma", DENSE), "gemma2": ("gemma2", {**DENSE, "sliding_window": "attention.sliding_window"}), "phi3": ("phi3", DENSE),
}  # fmt: skip


def config(file: ModelFile) -> dict[str, Any]:
    """The config.json that the file's metadata and tensor names amount to.

    Raises `SymllmError` for a file that is no GGUF, an architecture that is not understood, and a missing or
    layer-dependent size.
    """
    name = file.metadata.get("general.architecture")
    if file.kind != "gguf" or not isinstance(name, str):
        raise SymllmError(f"file {shown(file.path)}: it states no general.architecture, as GGUF files do")
    if name not in ARCHITECTURES:
        raise unknown("general.architecture", name, ARCHITECTURES, "give the model's config.json instead")
    model_type, fields = ARCHITECTURES[name]
    if name == "llama" and file.metadata.get("llama.expert_count"):
        model_type, fields = "mixtral", MIXTRAL
    made: dict[str, Any] = {"model_type": model_type}
    for field, key in fields.items():
        value = _size(file.metadata, f"{name}.{key.removeprefix('?')}", key.startswith("?"))
        if value is not None:
            made[field] = value
    shapes = {tensor: shape for tensor, _, shape, _ in file.tensors}
    table = shapes.get("token_embd.weight")
    if table is None:
        raise SymllmError(f"file {shown(file.path)}: it holds no tensor token_embd.weight, so its vocabulary is not known")
    made["vocab_size"] = table[0]
    made["tie_word_embeddings"] = "output.weight" not in shapes
    if model_type == "llama":
        made["attention_bias"] = "blk.0.attn_q.bias" in shapes
        made["mlp_bias"] = "blk.0.ffn_up.bias" in shapes
    return made


def _size(metadata: Mapping[str, Any], key: str, optional: bool) -> int | None:
    value = metadata.get(key)
    if value is None and optional and f"{key}.length" not in metadata:
        return None
    if isinstance(value, list) and value and all(item == value[0] for item in value):
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SymllmError(f"file: metadata {key!r} is {shown(value)}; one whole number for all layers is understood")
    return value
