"""Qwen2-VL, Qwen2.5-VL, Qwen3-VL and Qwen3.5: images of any size, patches merged square by square.

An image counts as two equal frames of a video, so one patch spans both. Qwen2.5-VL lets most layers of the tower see
a window of patches; Qwen3-VL also hands the outcome of some layers to the first layers of the language model, each
through a merger of its own.
Sources: Qwen2-VL, arXiv:2409.12191; Qwen2.5-VL, arXiv:2502.13923; Qwen3-VL, arXiv:2511.21631. Bounds of an image's
pixels: the released models' preprocessor_config.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sympy

from symllm.block import Architecture, Block, Group
from symllm.config import Config, Family, Field, Option, whole
from symllm.errors import SymllmError
from symllm.symbols import NamedSymbol

from ..blocks.vision import PATCHES, patch_embedding, projector_mlp, table, vision_attention, vision_mlp, vision_norm
from ..images import smart_resize
from ..notation import A_max, A_min, N_vis, c_img, d, d_fvis, d_hvis, d_vis, f_p, g_col, g_row, h_vis, m_img, n_feat, n_img, p
from . import llama, qwen, qwen_moe, qwen_next
from .dense import HEAD_SIZE
from .llava import PARTS
from .nested import Part, family, flat, joined, part, tied
from .vit import tower

FEATURES = n_img * n_feat
SIDE = {"qwen2": (3136, 12845056), "qwen3": (65536, 16777216)}

d_out = NamedSymbol("d_out", title="tower's outcome", meaning="width of what the tower gives to the language model", rank=921)
w_img = NamedSymbol("w_img", title="window side", meaning="features along one side of a window of the tower", rank=922)
n_pos = NamedSymbol("n_pos", title="vision positions", meaning="rows of the tower's position table", rank=923)
N_vfull = NamedSymbol("N_vfull", title="full vision layers", meaning="layers of the tower that see the whole image", unit="layer", rank=924)
N_vwin = NamedSymbol("N_vwin", title="window vision layers", meaning="layers of the tower that see a window", unit="layer", rank=925)
N_deep = NamedSymbol("N_deep", title="deep mergers", meaning="layers of the tower whose outcome goes to the language model as well",
                     unit="layer", rank=926)  # fmt: skip


def fields(width: str, out: str, defaults: Mapping[sympy.Symbol, int]) -> tuple[Field, ...]:
    """The tower's fields under the names that all generations share; `width` and `out` changed theirs."""
    names = {width: d_vis, out: d_out, "depth": N_vis, "num_heads": h_vis, "in_channels": c_img, "patch_size": p,
             "spatial_merge_size": m_img, "temporal_patch_size": f_p}  # fmt: skip
    usual = {c_img: 3, m_img: 2, f_p: 2, h_vis: 16, d_out: 3584}
    found = tuple(Field(name, symbol, default={**usual, **defaults}[symbol]) for name, symbol in names.items())
    return (*found, Field(HEAD_SIZE, d_hvis, default=d_vis / h_vis))


def merger(name: str, bias: bool, after: bool = False) -> tuple[Block, ...]:
    """Norm of the patches (or, `after`, of the merged ones), a square of them joined, then two matrices."""
    joint = d_vis * m_img**2
    width, seen = (joint, FEATURES) if after else (d_vis, PATCHES)
    return (
        vision_norm(f"{name}_norm", bias=bias, width=width, tokens=seen, component="projector"),
        projector_mlp(name, joint, joint, d_out, bias=True, tokens=FEATURES),
    )


def bounds(generation: str) -> dict[sympy.Symbol, int]:
    """The fewest and most pixels of an image."""
    return dict(zip((A_min, A_max), SIDE[generation], strict=True))


def qwen2_tower(config: Config) -> Architecture:
    """Qwen2-VL's: LayerNorm, plain feed-forward of `mlp_ratio` times the width, rotary positions."""
    norm = vision_norm("vision_norm", bias=True)
    layer = (norm, vision_attention(qkv_bias=True, out_bias=True), norm, vision_mlp(bias=True))
    made = tower((patch_embedding(bias=False, frames=True), *merger("merger", True)), layer, smart_resize("arXiv:2409.12191"))
    ratio = whole(config.options["mlp_ratio"], "mlp_ratio")
    return replace(made, values={d_fvis: ratio * config.sizes[d_vis], **bounds("qwen2")})


def windows_squared(grid: sympy.Expr) -> sympy.Expr:
    """Sum of the squares of the windows' sides along one side of the grid; the last window may be cut off."""
    full = sympy.floor(grid / w_img)
    return full * w_img**2 + (grid - full * w_img) ** 2


def qwen2_5_tower(config: Config) -> Architecture:
    """Qwen2.5-VL's: RMSNorm, gated feed-forward with biases, windows but on the layers that the config lists."""
    norm, mlp = vision_norm("vision_norm", bias=False), vision_mlp(bias=True, gated=True)
    seen = n_img * m_img**4 * windows_squared(g_row) * windows_squared(g_col)
    full = (norm, vision_attention(qkv_bias=True, out_bias=True), norm, mlp)
    window = (norm, vision_attention(qkv_bias=True, out_bias=True, pairs=seen), norm, mlp)
    layers, listed = config.sizes[N_vis], _places(config, "fullatt_block_indexes")
    counts = {N_vfull: len(listed), N_vwin: layers - len(listed)}
    groups = (Group("vision_full", "vision layer that sees the image", N_vfull, full),
              Group("vision_window", "vision layer that sees a window", N_vwin, window))  # fmt: skip
    side = whole(config.options["window_size"], "window_size") // config.sizes[m_img] // config.sizes[p]
    if side < 1:
        raise SymllmError(f"config: field 'window_size' is {config.options['window_size']}, which is less than one merged patch")
    once = (patch_embedding(bias=False, frames=True), *merger("merger", False))
    return Architecture(
        once, tuple(group for group in groups if counts[_count(group)]),
        {**{symbol: value for symbol, value in counts.items() if value}, w_img: side, **bounds("qwen2")},
        rules=smart_resize("arXiv:2502.13923"),
    )  # fmt: skip


def _count(group: Group) -> NamedSymbol:
    assert isinstance(group.count, NamedSymbol)
    return group.count


def _places(config: Config, name: str) -> list[int]:
    """Different layer numbers of the tower from an option; refuses what is none."""
    listed, layers = config.options[name], config.sizes[N_vis]
    for place in listed:
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < layers:
            raise SymllmError(f"config: field {name!r} holds {place!r}; the tower has {layers} layers")
    if len(set(listed)) != len(listed):
        raise SymllmError(f"config: field {name!r} names a layer twice")
    return list(listed)


def qwen3_tower(config: Config) -> Architecture:
    """Qwen3-VL's and Qwen3.5's: a position table that is bent to the image, LayerNorm, plain feed-forward."""
    norm = vision_norm("vision_norm", bias=True)
    layer = (norm, vision_attention(qkv_bias=True, out_bias=True), norm, vision_mlp(bias=True))
    once = (patch_embedding(bias=True, frames=True), table("vision_positions", "position table", n_pos, d_vis), *merger("merger", True))
    made = replace(tower(once, layer, smart_resize("arXiv:2511.21631")), values=bounds("qwen3"))
    deep = len(_places(config, "deepstack_visual_indexes")) if "deepstack_visual_indexes" in config.options else 0
    if not deep:
        return made
    group = Group("deepstack", "merger of an inner layer", N_deep, merger("deep_merger", True, after=True))
    return replace(made, groups=(*made.groups, group), values={**made.values, N_deep: deep})


_QWEN3 = (*fields("hidden_size", "out_hidden_size", {d_vis: 1152, N_vis: 27, p: 16}), Field("intermediate_size", d_fvis, default=4304),
          Field("num_position_embeddings", n_pos, default=2304))  # fmt: skip
UNREAD = ("in_chans", "spatial_patch_size", "tokens_per_second")
TOWERS = {
    "qwen2_vl": Family(
        "qwen2_vl_vision", "Qwen2-VL's vision tower", ("qwen2_vl", "qwen2_vl_vision"),
        fields("embed_dim", "hidden_size", {d_vis: 1280, N_vis: 32, p: 14}), qwen2_tower, "arXiv:2409.12191",
        (Option("mlp_ratio", default=4, kind=(int, float)),), UNREAD),
    "qwen2_5_vl": Family(
        "qwen2_5_vl_vision", "Qwen2.5-VL's vision tower", ("qwen2_5_vl", "qwen2_5_vl_vision"),
        (*fields("hidden_size", "out_hidden_size", {d_vis: 3584, N_vis: 32, p: 14}), Field("intermediate_size", d_fvis, default=3420)),
        qwen2_5_tower, "arXiv:2502.13923",
        (Option("window_size", default=112, kind=int), Option("fullatt_block_indexes", default=[7, 15, 23, 31], kind=list)), UNREAD),
    "qwen3_vl": Family(
        "qwen3_vl_vision", "Qwen3-VL's vision tower", ("qwen3_vl", "qwen3_vl_vision", "qwen3_vl_moe", "qwen3_vl_moe_vision"),
        _QWEN3, qwen3_tower, "arXiv:2511.21631", (Option("deepstack_visual_indexes", default=[8, 16, 24], kind=list),), UNREAD),
    "qwen3_5": Family(
        "qwen3_5_vision", "Qwen3.5's vision tower", ("qwen3_5", "qwen3_5_vision", "qwen3_5_moe", "qwen3_5_moe_vision"),
        _QWEN3, qwen3_tower, "transformers Qwen3_5VisionConfig", (), (*UNREAD, "deepstack_visual_indexes")),
}  # fmt: skip

#: What the library's classes take for fields that the language model's part leaves out.
_QWEN2_TEXT = Part(family(llama.FAMILIES, "qwen2"), {
    "hidden_size": 8192, "intermediate_size": 29568, "num_hidden_layers": 80, "num_attention_heads": 64, "num_key_value_heads": 8,
    "vocab_size": 152064, "max_position_embeddings": 32768, "sliding_window": 4096, "max_window_layers": 80,
})  # fmt: skip
_QWEN3_TEXT = Part(family(qwen.FAMILIES, "qwen3"), {
    "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
    "head_dim": 128, "vocab_size": 151936, "max_position_embeddings": 128000,
})  # fmt: skip
_QWEN3_MOE_TEXT = Part(family(qwen_moe.FAMILIES, "qwen3_moe"), {
    "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 16,
    "vocab_size": 151936, "max_position_embeddings": 128000, "moe_intermediate_size": 1408, "num_experts_per_tok": 4, "num_local_experts": 60,
    "decoder_sparse_step": 1,
})  # fmt: skip


def with_tower(config: Config, page: Family, text: Config, name: str) -> Architecture:
    """The language model and the generation's tower; their widths must agree."""
    seen = TOWERS[name]
    _, vision = part(config, "vision_config", {word: Part(seen) for word in seen.model_types}, seen.model_types[-1])
    if vision.sizes[d_out] != text.sizes[d]:
        raise SymllmError(f"config: the tower gives vectors of {vision.sizes[d_out]}, but hidden_size is {text.sizes[d]}")
    return joined(page.build(text), text, seen.build(vision), vision, ())


def older(name: str, config: Config) -> Architecture:
    """Qwen2-VL and Qwen2.5-VL, whose configs have the language model's fields at the top or in a part of their own."""
    parts, given = {f"{name}_text": _QWEN2_TEXT}, {"tie_word_embeddings": tied(config, False, either=True)}
    if config.raw.get("text_config") is None:
        page, text = flat(config, ("vision_config", "text_config"), parts, f"{name}_text", given)
    else:
        page, text = part(config, "text_config", parts, f"{name}_text", given)
    return with_tower(config, page, text, name)


def newer(name: str, parts: Mapping[str, Part], config: Config, given: Mapping[str, Any] | None = None) -> Architecture:
    """Generations whose configs hold the language model's config as a part; no window is read there."""
    usual = next(iter(parts))
    page, text = part(config, "text_config", parts, usual, {"tie_word_embeddings": tied(config, False), **(given or {})})
    return with_tower(config, page, text, name)


def own_fields(pages: Sequence[Part]) -> tuple[str, ...]:
    """The names of the language model's fields, which an older config has at its top."""
    fields, options = (item.name for page in pages for item in page.family.fields), (x.name for page in pages for x in page.family.options)
    return (*fields, *options, *(word for page in pages for word in page.family.inert))


def _next(model_type: str) -> dict[str, Part]:
    """The language model of Qwen3.5, whose page has the library's defaults."""
    return {model_type: Part(family(qwen_next.FAMILIES, model_type))}


NO_WINDOW = {"use_sliding_window": False}

FAMILIES = (
    Family("qwen2_vl", "Qwen2-VL", ("qwen2_vl",), (), lambda config: older("qwen2_vl", config), "arXiv:2409.12191",
           (Option("text_config", default=None, kind=dict), *PARTS[1:]), own_fields((_QWEN2_TEXT,))),
    Family("qwen2_5_vl", "Qwen2.5-VL", ("qwen2_5_vl",), (), lambda config: older("qwen2_5_vl", config), "arXiv:2502.13923",
           (Option("text_config", default=None, kind=dict), *PARTS[1:]), own_fields((_QWEN2_TEXT,))),
    Family("qwen3_vl", "Qwen3-VL", ("qwen3_vl",), (),
           lambda config: newer("qwen3_vl", {"qwen3_vl_text": _QWEN3_TEXT}, config, NO_WINDOW), "arXiv:2511.21631", PARTS),
    Family("qwen3_vl_moe", "Qwen3-VL-MoE", ("qwen3_vl_moe",), (),
           lambda config: newer("qwen3_vl", {"qwen3_vl_moe_text": _QWEN3_MOE_TEXT}, config, NO_WINDOW), "arXiv:2511.21631", PARTS),
    Family("qwen3_5", "Qwen3.5 with images", ("qwen3_5",), (),
           lambda config: newer("qwen3_5", _next("qwen3_5_text"), config), "transformers Qwen3_5Config", PARTS, ("language_model_only",)),
    Family("qwen3_5_moe", "Qwen3.5 with experts and images", ("qwen3_5_moe",), (),
           lambda config: newer("qwen3_5", _next("qwen3_5_moe_text"), config), "transformers Qwen3_5MoeConfig", PARTS,
           ("language_model_only",)),
)  # fmt: skip
