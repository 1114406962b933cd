"""Parameters: how many a model has, in which component, and how many one token meets."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from oracle_build import build, text_config
from torch import nn

HOW = (
    "torch.nn.Module.parameters of the model that transformers builds on the meta device: tied "
    "weights once, buffers apart (`buffers` lists the large persistent ones), no layers for "
    "multi-token prediction. `active`: routed experts scaled by chosen/all. "
    "`active_non_embedding`: active less lookup tables (the token table counts where it is tied: "
    "it is then the output layer), vision and projector. `class` names what was built; where it "
    "is not the model's own class the rewriting is in oracle_equivalents.py."
)

# First match wins, on the parameter's dotted name. Inside a state-space or linear-attention mixer
# everything belongs to the mixer, its norms and convolution too.
_COMPONENTS = [
    (
        "projector",
        r"multi_modal_projector|embed_vision|embed_audio|visual\.merger|deepstack"
        r"|aligner|connector|mm_projector|resampler_model",
    ),
    ("audio", r"audio"),
    ("vision", r"vision|visual|image_newline|(image|video)_tower"),
    ("lm_head", r"^(language_model\.)?(lm_head|embed_out|output|head)\."),
    ("layer_embedding", r"embed_tokens_per_layer"),
    ("pos_embedding", r"wpe|embed_positions|position_embeddings|positions_embed"),
    ("shared_expert_gate", r"shared_expert_gate"),
    ("shared_experts", r"shared_expert|shared_mlp"),
    ("routed_experts", r"\.experts\."),
    ("router", r"router|\.gate\.|mixer\.gate"),
    (
        "ssm",
        r"mamba|linear_attn|\.conv\.|\.mixer\.(conv|in_proj|out_proj|A_log|D$|dt_|x_proj|norm)",
    ),
    ("norm", r"norm|\.ln_|layernorm|ln_f|\.(pre_)?ln\d?\."),
    ("embedding_projection", r"project_(in|out)\."),
    ("expert_latents", r"fc[12]_latent_proj"),
    ("ffn", r"mlp|ffn|feed_forward|\.fc[12]\.|mixer\.(up|down)_proj|dense_"),
    ("attention", r"attn|attention|mixer\.[qkvo]_proj"),
    ("embedding", r"embed|wte"),
]


def component(name: str, linear_mixers: set[str]) -> str:
    """The component that a parameter belongs to."""
    if any(name.startswith(prefix) for prefix in linear_mixers):
        return "ssm"
    for kind, pattern in _COMPONENTS:
        if re.search(pattern, name):
            return kind
    return "other"


def _linear_mixers(model: nn.Module) -> set[str]:
    """Where a linear-attention mixer stands under a name that full attention uses too."""
    return {
        f"{name}."
        for name, module in model.named_modules()
        if re.search(r"LightningAttention|DeltaAttention|Mamba\w*Mixer", type(module).__name__)
    }


def _tied(model: Any) -> bool:
    """Whether the output layer is the token table itself."""
    head, table = model.get_output_embeddings(), model.get_input_embeddings()
    return head is not None and head.weight is table.weight


def _first(config: Any, *names: str) -> int | None:
    for name in names:
        value = getattr(config, name, None)
        if isinstance(value, int):
            return value
    return None


def experts(config: Any) -> tuple[int, int] | None:
    """Experts chosen for a token and experts there are; None for a model without."""
    inner = getattr(config, "ffn_config", config)  # DBRX groups its fields
    chosen = _first(inner, "num_experts_per_tok", "moe_k", "top_k_experts", "moe_top_k")
    there = _first(inner, "num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts")
    return (chosen, there) if chosen and there and there > 1 else None


def measure(config: dict[str, Any]) -> dict[str, Any]:
    """The figures of one model."""
    model = build(config)
    mixers = _linear_mixers(model)
    counts: Counter[str] = Counter()
    for name, weight in model.named_parameters():
        counts[component(name, mixers)] += weight.numel()
    total = sum(counts.values())
    active = total
    entry: dict[str, Any] = {"class": type(model).__name__, "total": total}
    chosen = experts(text_config(model))
    if counts["routed_experts"] and chosen:
        entry["experts"] = {"chosen": chosen[0], "all": chosen[1]}
        active -= counts["routed_experts"] * (chosen[1] - chosen[0]) // chosen[1]
    tied = _tied(model)
    idle = ["pos_embedding", "layer_embedding", "vision", "projector", "audio"] + (
        [] if tied else ["embedding"]
    )
    entry["tied"] = tied
    entry["active"] = active
    entry["active_non_embedding"] = active - sum(counts[kind] for kind in idle)
    entry["breakdown"] = {kind: counts[kind] for kind in sorted(counts) if counts[kind]}
    saved = set(model.state_dict())
    buffers: Counter[str] = Counter()
    for name, tensor in model.named_buffers():
        if name in saved and tensor.numel() > 1:
            buffers[re.sub(r"\.\d+\.", ".N.", name)] += tensor.numel()
    entry["buffers"] = dict(buffers)
    return entry
