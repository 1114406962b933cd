"""The weight formats of llama.cpp: its quantizer's mixes over the tensors of a GGUF file, exact to the byte.

Counted are the tensors' bytes, not the file's metadata, tokenizer and padding. One-dimensional tensors, routers,
convolutions and position tables are float32; a vision tower lies in a file of its own, in float16. Names are those of
`llama-quantize`; "-pure" after a type's name is its `--pure`: that one type in every matrix.
Source: github.com/ggml-org/llama.cpp, src/llama-quant.cpp and convert_hf_to_gguf.py (rules: `llama_cpp_rules`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sympy import Expr, Integer, Rational

from symllm.block import Block, Weight
from symllm.errors import SymllmError
from symllm.format import Place, WeightFormat

from ..notation import BYTE, E, N, d_c, d_n, d_v, h, k
from .ggml import TYPES, element, fitting
from .llama_cpp_rules import DEFAULT, LOW, TESTS, Facts, Layers, Rule, count, rule
from .matrix import OTHER_TOWERS, layer_places, part, rows, text_groups

SOURCE = "github.com/ggml-org/llama.cpp, src/llama-quant.cpp (007dbbf3)"

#: Families whose GGUF holds Q, K and V as one tensor.
FUSED: Final = frozenset({"gpt2", "gpt_neox", "falcon", "bloom", "mpt", "gpt_bigcode", "phi3", "chatglm", "dbrx", "codeshell", "qwen"})
#: Rows whose matrices stay float32: routers, and the one row that scales shared experts.
KEPT: Final = frozenset({"router", "shared_expert_gate"})
FEED_FORWARD: Final = frozenset({"ffn", "routed_experts", "shared_experts"})

_KINDS: Final = {
    "W_Q": "q", "W_K": "k", "W_V": "v", "W_QKV": "qkv", "W_O": "out", "W_gate": "gate", "W_up": "up", "W_in": "up",
    "W_gate_up": "up", "W_down": "down", "W_out": "down",
}  # fmt: skip


def kind(weight: Weight, block: Block, family: str) -> str:
    """Which rules a weight falls under; "" where it stays float32, "file" where it is in another file."""
    row = part(block)
    if row in OTHER_TOWERS:
        return "file"
    if weight.use == "lookup":
        return "embedding" if row == "embedding" else ""
    if weight.use != "matmul" or weight.buffer or row in KEPT:
        return ""
    if row == "lm_head":
        return "output"
    name = _KINDS.get(weight.name, "other")
    if row == "attention":
        if family in FUSED and name in ("q", "k", "v"):
            return "qkv"
        return name if name in ("q", "k", "v", "qkv", "out") else "other"
    if name not in ("gate", "up", "down") or row not in FEED_FORWARD:
        return "other"
    return f"expert {name}" if weight.spread else name


def facts(place: Place) -> Facts:
    """What the rules ask of the model; sizes that the config leaves open count as absent."""
    heads, keys, experts, layers = (place.number(size) for size in (h, k, E, N))
    if place.group is None and (heads is None or keys is None) and place.model is not None:  # sizes of the layers' own
        for group in place.model.groups:
            heads, keys = heads or group.values.get(h), keys or group.values.get(k)
    grouping = heads // keys if heads and keys else 1
    head = [w for block in (place.model.once if place.model else ()) if block.component == "lm_head" for w in block.weights]
    tied = not any(w.stored for w in head if w.use == "matmul")
    seventy = layers == 80 and (grouping > 1 or place.family.startswith("qwen2"))
    return Facts(grouping, experts or 0, tied, place.family == "falcon", seventy)


def stack(place: Place, wanted: str) -> Iterator[tuple[int, str, str, str]]:
    """Every layer's tensors of a kind: (layer, group, block, weight)."""
    places = layer_places(place)
    for group in text_groups(place):
        for block in dict.fromkeys(group.blocks):
            for weight in block.weights:
                found = kind(weight, block, place.family).removeprefix("expert ")
                if found == wanted:
                    yield from ((layer, group.name, block.name, weight.name) for layer in places[group.name])


def share(layers: Layers, place: Place, block: Block, wanted: str, mix: str, model: Facts) -> Expr:
    """The part of this tensor's layers that a rule's set holds.

    Of equal layers it is a formula in their number; where kinds of layers alternate it is counted out.
    """
    assert place.group is not None
    tensors = sorted(stack(place, wanted))
    mine = [item for item in tensors if item[1:3] == (place.group.name, block.name)]
    by_layer = model.experts > 1 and wanted != "v" and mix not in LOW
    if not mine or (len(text_groups(place)) == 1 and len(mine) == len(tensors)):
        return count(layers, place.group.count) / place.group.count
    total = len(tensors) if wanted == "v" else sum(len(layers) for layers in layer_places(place).values())
    held = sum(TESTS[layers](item[0] if by_layer else tensors.index(item), total) for item in mine)
    return Rational(held, len(mine))


def in_type(name: str, row: int | None, weight: Weight, mix: str) -> Expr:
    """Bytes of a number in a type, or in the one that the row's length allows; raises where llama.cpp refuses."""
    found = fitting(name, row)
    if found is None:
        raise SymllmError(f"weight format {mix}: {weight.name} has rows of {row} numbers, which llama.cpp cannot cut into "
                          f"blocks of {TYPES[name][0]}")  # fmt: skip
    return element(found)


def size(mix: str, weight: Weight, block: Block, place: Place) -> Expr:
    """Bytes of one copy of a weight, the mean over its group's layers."""
    found = kind(place.weight, block, place.family)
    if found in ("", "file"):
        return weight.elements * (2 if found == "file" and weight.use == "matmul" else 4) * BYTE
    row = place.number(rows(place.weight)[1])
    model = facts(place)
    chosen = rule(mix, found, model)
    if found == "output" or (found == "embedding" and model.tied):
        default = DEFAULT[mix]
        if row is not None and row % TYPES[default][0]:
            chosen = Rule("q8_0")
    if weight.name == "W_UKV":
        return weight.elements * _expansion(chosen.rest, weight, place, mix) * BYTE
    plain = in_type(chosen.rest, row, weight, mix)
    if not chosen.special or place.group is None:
        return weight.elements * plain * BYTE
    each, before = Integer(0), Integer(0)
    for layers, name in chosen.special:
        inside = share(layers, place, block, found.removeprefix("expert "), mix, model)
        each += (inside - before) * in_type(name, row, weight, mix)
        before = inside
    return weight.elements * (each + (1 - before) * plain) * BYTE


def _expansion(name: str, weight: Weight, place: Place, mix: str) -> Expr:
    """Bytes of a number of a latent's expansion: cut into the keys' part, with rows of d_n, and the values', rows of d_c."""
    keys, values = in_type(name, place.number(d_n), weight, mix), in_type(name, place.number(d_c), weight, mix)
    return (d_n * keys + d_v * values) / (d_n + d_v)


def mixture(mix: str, aliases: tuple[str, ...] = ()) -> WeightFormat:
    """One of llama-quantize's file types."""
    def tensor(weight: Weight, block: Block, place: Place) -> Expr:
        return size(mix, weight, block, place)

    title = f"{mix.removeprefix('gguf_').removesuffix('_imatrix').upper()} of llama.cpp"
    if mix.endswith("_imatrix"):
        title += ", made with an importance matrix"
    return WeightFormat(mix, title, SOURCE, tensor=tensor, aliases=aliases)


def pure(name: str) -> WeightFormat:
    """One ggml type in every matrix (llama-quantize --pure)."""
    def tensor(weight: Weight, block: Block, place: Place) -> Expr:
        found = kind(place.weight, block, place.family)
        if found in ("", "file"):
            return weight.elements * (2 if found == "file" and weight.use == "matmul" else 4) * BYTE
        return weight.elements * in_type(name, place.number(rows(place.weight)[1]), weight, name) * BYTE

    return WeightFormat(f"{name}-pure", f"{name.upper()} of ggml in every matrix", SOURCE, tensor=tensor)


_ALIASES: Final = {"q3_k_m": ("q3_k",), "q4_k_m": ("q4_k",), "q5_k_m": ("q5_k",), "f16": ("gguf_f16",), "f32": ("gguf_f32",)}

WEIGHT_FORMATS = (
    *(mixture(mix, _ALIASES.get(mix, ())) for mix in DEFAULT),
    *(pure(name) for name in TYPES if name not in ("f32", "f16", "bf16", "q8_1", "q8_k")),
)
