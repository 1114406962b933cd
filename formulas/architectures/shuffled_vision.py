"""Models that shuffle squares of patches into features: Idefics 3, SmolVLM, InternVL, Aya Vision, Command A Vision, LFM2-VL, Ovis 2.

Images are cut into tiles, each as large as the tower's square, and the whole image is added, made small.
Sources: Idefics 3, arXiv:2408.12637; SmolVLM, arXiv:2504.05299; InternVL 3, arXiv:2504.10479; Aya Vision,
arXiv:2505.08751; Command A Vision, Cohere 2025; LFM2, arXiv:2511.23404; Ovis, arXiv:2405.20797.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import sympy
from sympy import Integer, ceiling, floor

from symllm.block import Architecture, Block, Weight
from symllm.config import Config, Family, Field, Option, whole
from symllm.errors import SymllmError
from symllm.formula import Example, Formula
from symllm.symbols import NamedSymbol

from ..blocks.vision import linear, patch_embedding, projector_mlp, table, vision_attention, vision_mlp, vision_norm
from ..image_tiles import longest_tiles, nearest_ratio, t_row
from ..images import WITH_WHOLE, features, patches, positive, smart_resize, square, tiles, tokens, x_col, x_row
from ..notation import A_max, A_min, d, d_vis, g_col, g_row, m_img, n_feat, n_img, n_p, n_tile, p, r_img
from . import cohere, gpt_oss, lfm2, qwen_moe
from .llava import DECODERS, INERT, PARTS, SIGLIP_PART
from .nested import Part, family, joined, part, squared, tied
from .vit import SIGLIP, siglip, tower, used_layers, vit_fields

FEATURES = n_img * n_feat
IDEFICS3, INTERNVL, AYA, OVIS = "arXiv:2408.12637", "arXiv:2504.10479", "arXiv:2505.08751", "arXiv:2405.20797"
COMMAND = "Cohere 2025, Command A Vision; transformers Cohere2VisionImageProcessor"
#: Tiles of an image at most, and tiles along its longest side: the processors' own defaults.
MOST_TILES, LONGEST = 12, 4
#: LFM2-VL: pixels along a tile, and the fewest and most features of an image that is not cut into tiles.
TILE, FEWEST, MOST = 512, 64, 256

x_big = NamedSymbol("x_big", title="split", meaning="1 where an image is cut into tiles, else 0", domain="count or zero", rank=960)
d_al = NamedSymbol("d_al", title="projector's inner width", meaning="inner width of the projector", rank=961)
V_vis = NamedSymbol("V_vis", title="visual vocabulary", meaning="rows of the table of visual words", rank=962)
n_ind = NamedSymbol("n_ind", title="visual marks", meaning="visual words that mark an image and stand for no patch", domain="count or zero",
                    rank=963)  # fmt: skip

COHERE2 = {"cohere2": Part(family(cohere.FAMILIES, "cohere2"), {
    "hidden_size": 8192, "intermediate_size": 22528, "num_hidden_layers": 40, "num_attention_heads": 64, "vocab_size": 256000,
    "max_position_embeddings": 8192,
})}  # fmt: skip
QWEN3_MOE = Part(family(qwen_moe.FAMILIES, "qwen3_moe"), {
    "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 32, "vocab_size": 151936, "max_position_embeddings": 32768,
})  # fmt: skip
GPT_OSS = Part(family(gpt_oss.FAMILIES, "gpt_oss"), {
    "hidden_size": 2880, "intermediate_size": 2880, "num_hidden_layers": 36, "num_attention_heads": 64, "vocab_size": 201088,
    "max_position_embeddings": 131072,
})  # fmt: skip
LFM2 = {word: Part(family(lfm2.FAMILIES, word)) for word in ("lfm2", "lfm2_moe")}


def tile_features(source: str) -> Formula:
    """Each tile gives its patches, a square of them shuffled into one feature."""
    return features(WITH_WHOLE * floor(n_p / m_img**2), "A tile gives its patches, merged; several tiles are joined by the whole image.",
                    Example({n_tile: 4, n_p: 1024, m_img: 2}, Integer(1280)), source)  # fmt: skip


def marked(expression: sympy.Expr, because: str, count: int, source: str) -> Formula:
    """The tokens of an image of 2 by 2 tiles, whose features and marks the example counts."""
    values = {n_feat: 320, n_tile: 4, t_row: 2}
    used = {symbol: value for symbol, value in values.items() if symbol in expression.free_symbols}
    return tokens(expression, because, Example(used, Integer(count)), source)


def idefics3(name: str, config: Config) -> Architecture:
    """SigLIP without a pooling head, squares of patches shuffled, one matrix; text marks name each tile."""
    page, text = part(config, "text_config", DECODERS, "llama", {"tie_word_embeddings": tied(config, False)})
    held, seen = squared(config, "vision_config", ("image_size", "patch_size")), IDEFICS_TOWER[name]
    _, vision = part(held, "vision_config", {word: Part(seen) for word in seen.model_types}, seen.model_types[0])
    projector = linear("projector", "projector", d_vis * m_img**2, d, bias=False, tokens=FEATURES)
    if name == "smolvlm":
        rule = marked(n_feat + 2 * n_tile + t_row + 3, "A mark and a name before each tile, a break after each row, marks around the whole.",
                      333, "arXiv:2504.05299")  # fmt: skip
    else:
        rule = marked(n_feat + n_tile + 2, "A mark before each tile and around the whole; the words that name the tiles are not counted.",
                      326, IDEFICS3)  # fmt: skip
    rules = (*longest_tiles(LONGEST, IDEFICS3), tile_features(IDEFICS3), rule)
    return joined(page.build(text), text, siglip(vision, WITH_WHOLE), vision, (projector,), rules, config.sizes)


def internvl_tower(config: Config) -> Architecture:
    """A class token, learned scales of both blocks of a layer, and norms, biases and tables as the config says."""
    options = config.options
    seen = n_img * WITH_WHOLE * (n_p + 1)
    norm = vision_norm("vision_norm", bias=options["norm_type"] == "layer_norm", tokens=seen)
    heads = (vision_norm("query_key_norm", bias=False, tokens=seen),) * 2 if options["use_qk_norm"] else ()
    attend = vision_attention(qkv_bias=options["attention_bias"], out_bias=True, tokens=seen, pairs=seen * (n_p + 1))
    scales = Block("layer_scale", "layer scales", "vision", (Weight("a", (2 * d_vis,)),), tokens=seen, source=INTERNVL)
    once = (
        patch_embedding(bias=True, tokens=n_img * WITH_WHOLE * n_p),
        table("class_token", "class token", d_vis),
        *((table("mask_token", "mask token", d_vis),) if options["use_mask_token"] else ()),
        *((table("vision_positions", "position table", n_p + 1, d_vis),) if options["use_absolute_position_embeddings"] else ()),
        *(() if options["use_mean_pooling"] else (vision_norm("last_vision_norm", bias=True, tokens=seen),)),
    )
    return tower(once, (norm, attend, *heads, scales, norm, vision_mlp(bias=True, tokens=seen)), (square(INTERNVL),))


def internvl(config: Config) -> Architecture:
    """Tower, shuffle, a norm and two matrices."""
    parts = {**DECODERS, "qwen3_moe": QWEN3_MOE, "gpt_oss": GPT_OSS}
    page, text = part(config, "text_config", parts, "qwen2", {"tie_word_embeddings": tied(config, True)})
    held = squared(config, "vision_config", ("image_size", "patch_size"))
    _, vision = part(held, "vision_config", {"internvl_vision": Part(INTERNVL_TOWER)}, "internvl_vision")
    ratio = config.options["downsample_ratio"]
    side = int(1 / ratio) if 0 < ratio <= 1 else 0
    if side < 1 or side * ratio != 1:
        raise SymllmError(f"config: field 'downsample_ratio' is {ratio}; one over a whole number is expected")
    if config.options["vision_feature_select_strategy"] != "default":
        raise SymllmError("config: field 'vision_feature_select_strategy' is 'full'; a class token cannot be shuffled into a square")
    made, joins = used_layers(internvl_tower(vision), vision, config.options["vision_feature_layer"], "vision_feature_layer")
    if joins != 1:
        raise SymllmError("config: field 'vision_feature_layer' names several layers; an internvl model takes the outcome of one")
    entry = d_vis * m_img**2
    projector = (
        vision_norm("projector_norm", bias=True, width=entry, tokens=FEATURES, component="projector"),
        projector_mlp("projector", entry, d, d, bias=True, tokens=FEATURES),
    )
    rules = (*nearest_ratio(MOST_TILES, "arXiv:2404.16821"), tile_features(INTERNVL),
             marked(n_feat + 2, "A mark stands before and after the image.", 322, INTERNVL))  # fmt: skip
    return joined(page.build(text), text, made, vision, projector, rules, {m_img: side})


def cohere_vision(config: Config) -> Architecture:
    """SigLIP, shuffle, for Aya Vision a norm, and two matrices, half of whose inner width is a gate."""
    page, text = part(config, "text_config", COHERE2, "cohere2", {"tie_word_embeddings": tied(config, True)})
    _, vision = part(config, "vision_config", SIGLIP_PART, "siglip_vision_model")
    entry, made, is_aya = d_vis * m_img**2, siglip(vision, WITH_WHOLE), config.family == "aya_vision"
    if is_aya:
        made, joins = used_layers(made, vision, config.options["vision_feature_layer"], "vision_feature_layer")
        if joins != 1 or config.options["vision_feature_select_strategy"] != "full":
            raise SymllmError("config: 'vision_feature_layer' must be one layer and 'vision_feature_select_strategy' full, to shuffle patches")
    inner = config.options["alignment_intermediate_size"]
    width = text.sizes[d] if inner is None else whole(inner, "alignment_intermediate_size")
    if width % 2:
        raise SymllmError(f"config: field 'alignment_intermediate_size' is {width}; half of it is a gate, so it must be even")
    norm = vision_norm("projector_norm", bias=True, width=entry, tokens=FEATURES, component="projector")
    weights = (Weight("W_in", (entry, 2 * d_al), "matmul"), Weight("b_in", (2 * d_al,)), Weight("W_out", (d_al, d), "matmul"), Weight("b_out", (d,)))
    projector = replace(projector_mlp("projector", entry, d_al, d, bias=True, gated=True, tokens=FEATURES), weights=weights)
    count = WITH_WHOLE
    if is_aya:
        rules = (*nearest_ratio(MOST_TILES, AYA), tile_features(AYA),
                 marked(n_feat + count + 2, "A name before each tile, marks around the image.", 327, AYA))  # fmt: skip
    else:
        rules = (*tiles(MOST_TILES, COMMAND), tile_features(COMMAND),
                 marked(n_feat + count + 2, "A break after each tile, marks around the image.", 327, COMMAND))  # fmt: skip
    return joined(page.build(text), text, made, vision, (*((norm,) if is_aya else ()), projector), rules, {**config.sizes, d_al: width // 2})


def lfm2_vl(config: Config) -> Architecture:
    """SigLIP 2, whose patches are rows of pixels under a matrix; squares of patches, a norm, two matrices."""
    tie = config.options["tie_embedding"]
    given = {"tie_embedding": tied(config, True) if tie is None else tie}
    page, text = part(config, "text_config", LFM2, "lfm2", given)
    _, vision = part(config, "vision_config", {"siglip2_vision_model": Part(SIGLIP2)}, "siglip2_vision_model")
    entry, biased = d_vis * m_img**2, config.options["projector_bias"]
    norm = vision_norm("projector_norm", bias=True, width=entry, tokens=FEATURES, component="projector")
    projector = (*((norm,) if config.options["projector_use_layernorm"] else ()),
                 projector_mlp("projector", entry, d_al, d, bias=biased, tokens=FEATURES))  # fmt: skip
    if vision.sizes[p] * config.sizes[m_img] > TILE:
        raise SymllmError(f"config: a square of patches of {vision.sizes[p] * config.sizes[m_img]} pixels is larger than a tile")
    area = (vision.sizes[p] * config.sizes[m_img]) ** 2
    values = {**config.sizes, A_min: FEWEST * area, A_max: MOST * area, r_img: TILE}
    return joined(page.build(text), text, siglip2(vision), vision, projector, lfm2_rules(), values)


def lfm2_rules() -> tuple[Formula, ...]:
    """An image of more than twice the most pixels is cut into 2 to 10 tiles, and added to them once more, made small."""
    tile = floor(r_img / p)
    source = "arXiv:2511.23404; transformers Lfm2VlImageProcessor"
    sizes = {x_row: 64, x_col: 64, p: 16, m_img: 2, A_max: 262144}
    grid = {g_row: 16, g_col: 16, m_img: 2, x_big: 1, n_tile: 4, r_img: 512, p: 16}
    return (
        *smart_resize(source)[:8],
        Formula("image_is_split", x_big, positive(x_row * x_col * (p * m_img) ** 2 - 2 * A_max), "Only a large image is cut into tiles.",
                source, Example(sizes, Integer(1))),
        *nearest_ratio(10, source, least=2),
        patches(g_row * g_col * m_img**2 + x_big * n_tile * tile**2, "The patches of the whole image, made small, and of all tiles.",
                Example(grid, Integer(5120)), source),
        features(g_row * g_col + x_big * n_tile * floor(tile / m_img) ** 2, "Each square of patches is shuffled into one feature.",
                 Example(grid, Integer(1280)), source),
        tokens(n_feat + 2 + x_big * (n_tile + 1), "Marks around the image, and a name before each tile and before the whole.",
               Example({n_feat: 1280, x_big: 1, n_tile: 4}, Integer(1287)), source),
    )  # fmt: skip


def siglip2(config: Config) -> Architecture:
    """SigLIP with a matrix in place of the convolution and a table of as many positions as the config has patches.

    Tiles and the whole image see themselves alone; transformers pads each to the patches of a tile.
    """
    tile = floor(r_img / p) ** 2
    padded = (x_big * n_tile + 1) * tile
    made = siglip(config, pairs=(g_row * g_col * m_img**2) ** 2 + x_big * n_tile * tile**2)
    (group,) = made.groups
    group = replace(group, blocks=tuple(_padded(block, padded, tile) for block in group.blocks))
    made = replace(made, once=tuple(_padded(block, padded, tile) for block in made.once), groups=(group,))
    first = made.once[0]
    weights = (replace(first.weights[0], use="matmul"), *first.weights[1:])
    positions = table("vision_positions", "position table", n_pos2, d_vis)
    once = (replace(first, weights=weights), *(positions if block.name == "vision_positions" else block for block in made.once[1:]))
    return replace(made, once=once, rules=())


def ovis2(config: Config) -> Architecture:
    """A tower of RMSNorm and gated blocks, a head that turns each patch into shares of visual words, and the words' table."""
    page, text = part(config, "text_config", DECODERS, "qwen2", {"tie_word_embeddings": tied(config, True)})
    held = squared(config, "vision_config", ("image_size", "patch_size"))
    _, vision = part(held, "vision_config", {"ovis2_vision": Part(OVIS_TOWER)}, "ovis2_vision")
    if config.options["hidden_size"] != text.sizes[d]:
        raise SymllmError(f"config: field 'hidden_size' is {config.options['hidden_size']}, but the language model's is {text.sizes[d]}")
    if vision.sizes[V_vis] <= vision.sizes[n_ind]:
        raise SymllmError("config: field 'vocab_size' of the tower leaves no visual word besides the marks")
    words = V_vis - n_ind
    projector = (
        linear("visual_head", "head of visual words", d_vis * m_img**2, words, bias=False, tokens=FEATURES, component="vision"),
        vision_norm("visual_head_norm", bias=True, width=words, tokens=FEATURES),
        linear("visual_table", "table of visual words", V_vis, d, bias=False, tokens=FEATURES, component="vision"),
    )
    rules = (
        features(ceiling(floor(r_img / p) / m_img) ** 2, "Squares of patches are joined, at the edges padded; each becomes a feature.",
                 Example({r_img: 448, p: 14, m_img: 2}, Integer(256)), OVIS),
        marked(n_feat + 3, "Marks before, behind and for the grid; the processor cuts an image into tiles only where it is asked to.",
               323, OVIS),
    )  # fmt: skip
    return joined(page.build(text), text, ovis2_tower(vision), vision, projector, rules)


def ovis2_tower(config: Config) -> Architecture:
    """RMSNorm also behind the patches; biases as the config says."""
    seen, biased = n_img * n_p, config.options["qkv_bias"]
    norm = vision_norm("vision_norm", bias=False, tokens=seen)
    once = (
        patch_embedding(bias=True, tokens=seen),
        vision_norm("first_vision_norm", bias=False, tokens=seen),
        table("vision_positions", "position table", n_p, d_vis),
        vision_norm("last_vision_norm", bias=False, tokens=seen),
    )
    attend = vision_attention(qkv_bias=biased, out_bias=biased, tokens=seen)
    return tower(once, (norm, attend, norm, vision_mlp(bias=config.options["mlp_bias"], gated=True, tokens=seen)), (square(OVIS),))


def _padded(block: Block, padded: sympy.Expr, tile: sympy.Expr) -> Block:
    """The block, which transformers runs over tiles padded to equal size."""
    if block.name == "pooling_head":
        squares = (x_big * n_tile + 1) * n_img
        weights = (replace(w, departures={"transformers": {"tokens": squares * (tile if w.name in ("W_K", "W_V") else 1)}})
                   for w in block.weights)  # fmt: skip
        products = (replace(x, departures={"transformers": {"tokens": squares * tile}}) for x in block.products)
        return replace(block, weights=tuple(weights), products=tuple(products))
    weights = (replace(w, departures={"transformers": {"tokens": n_img * padded}}) if w.use != "elementwise" else w for w in block.weights)
    products = (replace(x, departures={"transformers": {"tokens": n_img * padded * tile}}) for x in block.products)
    return replace(block, weights=tuple(weights), products=tuple(products))


n_pos2 = NamedSymbol("n_pos2", title="vision positions", meaning="rows of the tower's position table", rank=964)


def _idefics_tower(name: str) -> Family:
    return replace(SIGLIP, name=f"{name}_vision", model_types=(f"{name}_vision", name), options=(),
                   fields=vit_fields(1152, 3072, 12, 16, 224, 32), build=siglip)  # fmt: skip


IDEFICS_TOWER = {name: _idefics_tower(name) for name in ("idefics3", "smolvlm")}
INTERNVL_TOWER = Family(
    "internvl_vision", "InternViT", ("internvl_vision",), vit_fields(1024, 4096, 24, 16, 448, 14), internvl_tower, INTERNVL,
    (Option("attention_bias", default=False), Option("use_qk_norm", default=False), Option("use_mask_token", default=False),
     Option("use_absolute_position_embeddings", default=True), Option("use_mean_pooling", default=True),
     Option("norm_type", default="layer_norm", kind=str, choices=("layer_norm", "rms_norm"))),
    ("layer_scale_init_value",),
)  # fmt: skip
SIGLIP2 = Family(
    "siglip2_vision", "SigLIP 2's vision tower", ("siglip2_vision_model",),
    (*(f for f in vit_fields(768, 3072, 12, 12, 224, 16) if f.name != "image_size"), Field("num_patches", n_pos2, default=256)), siglip2,
    "arXiv:2502.14786; transformers Siglip2VisionConfig", (Option("vision_use_head", default=True),), SIGLIP.inert,
)  # fmt: skip
OVIS_TOWER = Family(
    "ovis2_vision", "Ovis 2's vision tower", ("ovis2_vision",),
    (*vit_fields(1024, 2816, 24, 8, 224, 14), Field("vocab_size", V_vis, default=16384), Field("hidden_stride", m_img, default=1),
     Field("num_visual_indicator_tokens", n_ind, default=5, zero=True)),
    ovis2_tower, OVIS, (Option("qkv_bias", default=False), Option("mlp_bias", default=False)), ("tokenize_function",),
)  # fmt: skip

_STRATEGY = Option("vision_feature_select_strategy", default="default", kind=str, choices=("default", "full"))
_LAYER = Option("vision_feature_layer", default=-1, kind=(int, list))
_ALIGNMENT = Option("alignment_intermediate_size", default=None, kind=int)
_DOWN = Field("downsample_factor", m_img, default=2)

FAMILIES = (
    Family("idefics3", "Idefics 3", ("idefics3",), (Field("scale_factor", m_img, default=2),), partial(idefics3, "idefics3"),
           f"{IDEFICS3}; transformers Idefics3Config", PARTS, INERT),
    Family("smolvlm", "SmolVLM", ("smolvlm",), (Field("scale_factor", m_img, default=2),), partial(idefics3, "smolvlm"),
           "arXiv:2504.05299; transformers SmolVLMConfig", PARTS, INERT),
    Family("internvl", "InternVL", ("internvl",), (), internvl, f"{INTERNVL}; transformers InternVLConfig",
           (*PARTS, Option("downsample_ratio", default=0.5, kind=(float, int)), _LAYER, _STRATEGY), INERT),
    Family("aya_vision", "Aya Vision", ("aya_vision",), (_DOWN,), cohere_vision, f"{AYA}; transformers AyaVisionConfig",
           (*PARTS, _LAYER, replace(_STRATEGY, default="full"), _ALIGNMENT), INERT),
    Family("cohere2_vision", "Command A Vision", ("cohere2_vision",), (_DOWN,), cohere_vision, COMMAND,
           (*PARTS, replace(_ALIGNMENT, default=36864)), INERT),
    Family("lfm2_vl", "LFM2-VL", ("lfm2_vl",), (_DOWN, Field("projector_hidden_size", d_al, default=2560)), lfm2_vl,
           "arXiv:2511.23404; transformers Lfm2VlConfig",
           (*PARTS, Option("tie_embedding", default=None), Option("projector_bias", default=True),
            Option("projector_use_layernorm", default=True)), INERT),
    Family("ovis2", "Ovis 2", ("ovis2",), (), ovis2, f"{OVIS}; transformers Ovis2Config",
           (*PARTS, Option("hidden_size", default=1536, kind=int)), INERT),
)  # fmt: skip
