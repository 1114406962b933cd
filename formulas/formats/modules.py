"""Module names as quantized checkpoints list them ("lm_head", "model.layers.3.mlp.gate", "re:.*self_attn.*").

An entry is cut into words; words name layers, a part of a layer, or matrices of it. Patterns are read, not run: of a
regular expression only plain names, `.*`, `\\d+`, anchors and alternatives in brackets are understood. An entry
that names no known module is refused, since a matrix it may keep in 16 bits would be counted wrongly.
Sources: module names of transformers' models; `ignore` of compressed-tensors, `modules_to_not_convert` of transformers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Final

from sympy import Expr, Rational

from symllm.block import Block
from symllm.config import shown
from symllm.errors import SymllmError
from symllm.format import Place

from .matrix import ALWAYS, NEVER, OTHER_TOWERS, layer_places, part

#: Words that stand for a whole part: the rows of the breakdown it covers.
PARTS: Final = {
    "self_attn": ("attention",), "attn": ("attention",), "attention": ("attention",), "self_attention": ("attention",),
    "mlp": ("ffn", "routed_experts", "shared_experts", "router", "shared_expert_gate"),
    "feed_forward": ("ffn", "routed_experts", "shared_experts", "router", "shared_expert_gate"),
    "ffn": ("ffn", "routed_experts", "shared_experts", "router", "shared_expert_gate"),
    "block_sparse_moe": ("routed_experts", "router"), "moe": ("routed_experts", "router"),
    "experts": ("routed_experts",), "shared_expert": ("shared_experts",), "shared_experts": ("shared_experts",),
    "shared_mlp": ("shared_experts",), "router": ("router",), "gate": ("router",), "shared_expert_gate": ("shared_expert_gate",),
    "linear_attn": ("ssm",), "mamba": ("ssm",), "mixer": ("ssm", "attention", "ffn"), "conv": ("ssm",), "conv1d": ("ssm",),
    "short_conv": ("ssm",),
    "lm_head": ("lm_head",), "output": ("lm_head",), "embed_out": ("lm_head",), "embed_tokens": ("embedding",), "wte": ("embedding",),
    "embeddings": ("embedding",), "embedding": ("embedding",), "norm": ("norm",), "layernorm": ("norm",), "input_layernorm": ("norm",),
    "post_attention_layernorm": ("norm",), "mtp": ("mtp",), "fc": ("mtp",), "eh_proj": ("mtp",), "shared_head": ("mtp",),
    "visual": ("vision", "projector"), "vision_tower": ("vision",), "vision_model": ("vision",), "vision_encoder": ("vision",),
    "vision": ("vision",),
    "multi_modal_projector": ("projector",), "mm_projector": ("projector",), "patch_merger": ("projector",), "mm": ("vision", "projector"),
    "audio_tower": ("audio",), "audio": ("audio",), "e_score_correction_bias": ("router",), "indexer": ("attention",),
}  # fmt: skip

#: Words that stand for matrices of a part.
MATRICES: Final = {
    "q_proj": ("W_Q",), "k_proj": ("W_K",), "v_proj": ("W_V",), "o_proj": ("W_O",), "out_proj": ("W_O", "W_out"), "dense": ("W_O",),
    "qkv_proj": ("W_Q", "W_K", "W_V"), "query_key_value": ("W_Q", "W_K", "W_V"), "c_attn": ("W_Q", "W_K", "W_V"),
    "wqkv": ("W_Q", "W_K", "W_V"),
    "gate_proj": ("W_gate",), "up_proj": ("W_up",), "down_proj": ("W_down", "W_out"), "gate_up_proj": ("W_gate", "W_up"),
    "w1": ("W_gate",), "w2": ("W_down",), "w3": ("W_up",), "fc1": ("W_in",), "fc2": ("W_out",), "c_fc": ("W_in",),
    "dense_h_to_4h": ("W_in",), "dense_4h_to_h": ("W_out",),
    "q_a_proj": ("W_DQ",), "q_b_proj": ("W_UQ",), "kv_a_proj_with_mqa": ("W_DKV",), "kv_b_proj": ("W_UKV",),
    "wq_b": ("W_IQ",), "wk": ("W_IK",), "weights_proj": ("W_Iw",),
    "in_proj": ("W_in", "W_x", "W_z", "W_B", "W_C", "W_Δ", "W_Q", "W_K", "W_V"), "in_proj_qkvz": ("W_Q", "W_K", "W_V", "W_z"),
    "in_proj_qkv": ("W_Q", "W_K", "W_V"), "in_proj_z": ("W_z",), "in_proj_ba": ("W_α", "W_β"), "in_proj_a": ("W_α",), "in_proj_b": ("W_β",),
}  # fmt: skip

#: Words that only say where in the model the others are.
PATH: Final = frozenset({"model", "language_model", "transformer", "layers", "h", "blocks", "decoder", "backbone", "text_model", "weight",
                         "bias", "module", "linear"})  # fmt: skip
_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d+|\*")
_UNDERSTOOD = re.compile(r"[A-Za-z0-9_.\-]*")
#: "layers.1*" may mean layer 1 or layers 10 to 19.
_OPEN = re.compile(r"(?<![A-Za-z0-9_])(\d+)\*")
_LONGEST, _MOST, _MOST_LAYERS = 400, 64, 200


@dataclass(frozen=True)
class Entry:
    """What one entry names: a layer (None for all), rows of the breakdown and matrices (empty for all).

    prediction: the entry lies within the layers that predict further tokens, and names nothing elsewhere.
    """

    layer: int | None
    parts: frozenset[str]
    matrices: frozenset[str]
    prediction: bool = False

    def names(self, place: Place, block: Block) -> bool:
        """Whether a weight is among what the entry names, in the entry's layer."""
        if self.prediction and not (place.group and any(other.component == "mtp" for other in place.group.blocks)):
            return False
        return (not self.parts or part(block) in self.parts) and (not self.matrices or place.weight.name in self.matrices)


def read(text: str, field: str) -> tuple[Entry, ...]:
    """What an entry names; several for one with alternatives. Raises `SymllmError` for a module that is not known."""
    if len(text) > _LONGEST:
        raise SymllmError(f"config: field {field!r} holds an entry of {len(text)} characters; no module's name is that long")
    found = []
    for plain in alternatives(text.removeprefix("re:"), field):
        entry = _entry(plain)
        if entry is None:
            raise _unknown(text, field)
        found.append(entry)
    return tuple(found)


def _entry(plain: str) -> Entry | None:
    """What a plain name names; None where it holds a word that is not known, or a number that may mean several."""
    words = _WORDS.findall(plain)
    tower = next((word for word in words if set(PARTS.get(word, ())) & OTHER_TOWERS), None)
    if tower is not None:  # what lies inside another tower is named after it, and never quantized
        return Entry(None, frozenset(PARTS[tower]), frozenset())
    if not _UNDERSTOOD.fullmatch(plain.replace("*", "")) or any(int(start) * 10 < _MOST_LAYERS for start in _OPEN.findall(plain)):
        return None
    prediction = "mtp" in words
    layer: int | None = None
    parts: frozenset[str] = frozenset()
    matrices: frozenset[str] = frozenset()
    for word in words:
        if word.isdigit():
            if parts:  # a single expert
                return None
            layer = None if prediction else int(word)
        elif word in MATRICES:
            matrices = frozenset(MATRICES[word])
        elif word in PARTS and word != "mtp":
            parts = frozenset(PARTS[word])
        elif word not in PATH and word not in ("*", "mtp"):
            return None
    return Entry(layer, parts, matrices, prediction) if prediction or layer is not None or parts or matrices else None


def alternatives(pattern: str, field: str) -> list[str]:
    """A simple regular expression as plain names, with `*` for what may be anything: "a.(b|c)$" gives "a.b" and "a.c"."""
    text = re.sub(r"\\d\+|\[0-9\]\+|\.\*\??", "*", pattern.strip("^$"))
    text = text.replace("\\.", ".").replace("(?:", "(")
    pieces = [piece.split("|") for piece in re.split(r"\(([^()]*)\)", text)]
    if any("(" in word or ")" in word for piece in pieces for word in piece):
        raise _unknown(pattern, field)
    made = ["".join(parts) for _, parts in zip(range(_MOST + 1), product(*pieces), strict=False)]
    if len(made) > _MOST:
        raise _unknown(pattern, field)
    return made


def _unknown(text: str, field: str) -> SymllmError:
    return SymllmError(f"config: field {field!r} keeps {shown(text)} unquantized, which is not understood; --dtype states a format")


def kept_by(entries: tuple[str, ...], field: str) -> Callable[[Place, Block], Expr]:
    """The part of a weight's layers in which the entries keep it unquantized: 0 for none, 1 for all of them."""
    named = tuple(entry for text in dict.fromkeys(entries) for entry in read(text, field))

    def kept(place: Place, block: Block) -> Expr:
        here = [entry for entry in named if entry.names(place, block)]
        if any(entry.layer is None for entry in here):
            return ALWAYS
        layers = layer_places(place).get(place.group.name, ()) if here and place.group is not None else ()
        return Rational(len({entry.layer for entry in here} & set(layers)), len(layers)) if layers else NEVER

    return kept
