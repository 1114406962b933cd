"""LLaVA's kin: LLaVA-NeXT and LLaVA-OneVision, which cut images into tiles, VipLLaVA, Video-LLaVA and DeepSeek-VL.

Sources: LLaVA-NeXT, Liu et al. 2024; LLaVA-OneVision, arXiv:2408.03326; ViP-LLaVA, arXiv:2312.00784; Video-LLaVA,
arXiv:2311.10122; DeepSeek-VL, arXiv:2403.05525.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sympy import Integer

from symllm.block import Architecture, Block, Weight
from symllm.config import Config, Family, Option, whole
from symllm.errors import SymllmError
from symllm.formula import Example, Formula

from ..blocks.vision import projector_mlp, table, vision_norm
from ..image_tiles import best_grid, unpadded
from ..images import features, same
from ..notation import d, d_vis, g_col, g_row, n_feat, n_img, n_p, n_tile, r_img
from .llava import DECODERS, INERT, PARTS, SIGLIP_PART, TAKEN
from .nested import Part, joined, part, tied
from .vit import CLIP, SIGLIP, clip, siglip, used_layers

FEATURES = n_img * n_feat
NEXT, ONEVISION = "LLaVA-NeXT, Liu et al. 2024", "arXiv:2408.03326"
#: The tiles, and the whole image made as small as one of them.
PASSES = n_tile + 1
TOWERS = {"clip_vision_model": Part(CLIP), **SIGLIP_PART}
GRID = [[336, 672], [672, 336], [672, 672], [1008, 336], [336, 1008]]
FINE_GRID = [[384 * rows, 384 * columns] for rows in range(1, 7) for columns in range(1, 7)]


def tiled(config: Config, usual: str, tower: str, either: bool, source: str) -> Architecture:
    """Tiles and the whole image through the tower and two matrices; a learned vector ends each row of the joined tiles."""
    page, text = part(config, "text_config", DECODERS, usual, {"tie_word_embeddings": tied(config, False, either=either)})
    seen, vision = part(config, "vision_config", TOWERS, tower)
    if config.options["vision_feature_select_strategy"] != ("full" if seen is SIGLIP else "default"):
        raise SymllmError("config: field 'vision_feature_select_strategy' must drop the class token, where the tower has one, and no patch")
    whole_tower = siglip(vision, PASSES) if seen is SIGLIP else clip(vision, PASSES)
    made, joins = used_layers(whole_tower, vision, config.options["vision_feature_layer"], "vision_feature_layer")
    projector = (
        projector_mlp("projector", joins * d_vis, d, d, bias=config.options["multimodal_projector_bias"], tokens=n_img * PASSES * n_p),
        replace(table("row_end", "end of a row", d), tokens=FEATURES),
    )
    grid = best_grid(_pinpoints(config, vision.sizes[r_img]), vision.sizes[r_img], source)
    rules = (*grid, *unpadded(source, _most_tiles(config)), _joined_features(source), same(source))
    return joined(page.build(text), text, made, vision, projector, rules)


def _pinpoints(config: Config, side: int) -> list[tuple[int, int]]:
    listed = config.options["image_grid_pinpoints"]
    found = [(whole(pair[0], "image_grid_pinpoints"), whole(pair[1], "image_grid_pinpoints"))
             for pair in listed if isinstance(pair, list) and len(pair) == 2]  # fmt: skip
    if not found or len(found) != len(listed) or len(found) > 100:
        raise SymllmError("config: field 'image_grid_pinpoints' must be a list of 1 to 100 pairs of height and width")
    if any(height < side or width < side for height, width in found):
        raise SymllmError(f"config: field 'image_grid_pinpoints' holds a size of less than one tile of {side} pixels")
    return found


def _most_tiles(config: Config) -> int | None:
    """The tiles of `anyres_max_9`: 9; a model without that word has no bound."""
    if "vision_aspect_ratio" not in config.options:
        return None
    word = config.options["vision_aspect_ratio"]
    match = re.fullmatch(r"anyres_max_([1-9]\d{0,2})", word)
    if match is None:
        raise SymllmError(f"config: field 'vision_aspect_ratio' is {word!r}; anyres_max_ and a number of tiles is understood")
    return int(match.group(1))


def _joined_features(source: str) -> Formula:
    return features(n_p + g_row * (g_col + 1), "The whole image, and the grid of all tiles with an end to each row.",
                    Example({n_p: 576, g_row: 24, g_col: 48}, Integer(576 + 24 * 49)), source)  # fmt: skip


def vipllava(config: Config) -> Architecture:
    """The outcomes of several layers of CLIP joined, normed and led through two matrices."""
    page, text = part(config, "text_config", DECODERS, "llama", {"tie_word_embeddings": tied(config, False)})
    seen, vision = part(config, "vision_config", {"clip_vision_model": Part(CLIP)}, "clip_vision_model")
    made, joins = used_layers(seen.build(vision), vision, config.options["vision_feature_layer"], "vision_feature_layer")
    projector = (
        vision_norm("projector_norm", bias=True, width=joins * d_vis, tokens=FEATURES, component="projector"),
        projector_mlp("projector", joins * d_vis, d, d, bias=True, tokens=FEATURES),
    )
    return joined(page.build(text), text, made, vision, projector, _patch_features("arXiv:2312.00784"))


def _patch_features(source: str) -> tuple[Formula, ...]:
    return features(n_p, "Every patch becomes a feature.", Example({n_p: 576}, Integer(576)), source), same(source)


def video_llava(config: Config) -> Architecture:
    """Two equal towers, one for images and one for frames of a video, which no image passes, and a projector for both."""
    page, text = part(config, "text_config", DECODERS, "llama", {"tie_word_embeddings": tied(config, False)})
    seen, vision = part(config, "vision_config", TOWERS, "clip_vision_model")
    if config.options["vision_feature_select_strategy"] != ("full" if seen is SIGLIP else "default"):
        raise SymllmError("config: field 'vision_feature_select_strategy' must drop the class token, where the tower has one, and no patch")
    made, joins = used_layers(seen.build(vision), vision, config.options["vision_feature_layer"], "vision_feature_layer")
    projector = projector_mlp("projector", joins * d_vis, d, d, bias=config.options["multimodal_projector_bias"], tokens=FEATURES)
    groups = (replace(group, name=f"video_{group.name}", title=f"{group.title} for videos", blocks=tuple(map(_idle, group.blocks)))
              for group in made.groups)  # fmt: skip
    both = replace(made, once=(*made.once, *(_idle(replace(block, name=f"video_{block.name}")) for block in made.once)),
                   groups=(*made.groups, *groups))  # fmt: skip
    return joined(page.build(text), text, both, vision, (projector,), _patch_features("arXiv:2311.10122"))


def _idle(block: Block) -> Block:
    """The block, which no image passes."""
    weights = tuple(Weight(w.name, w.shape, w.use, tokens=Integer(0)) for w in block.weights)
    return replace(block, weights=weights, products=(), saved=())


def deepseek_vl(config: Config) -> Architecture:
    """SigLIP's patches through two matrices; each patch becomes a token."""
    page, text = part(config, "text_config", DECODERS, "llama", {"tie_word_embeddings": tied(config, True)})
    seen, vision = part(config, "vision_config", SIGLIP_PART, "siglip_vision_model")
    projector = projector_mlp("projector", d_vis, d, d, bias=True, tokens=FEATURES)
    return joined(page.build(text), text, seen.build(vision), vision, (projector,), _patch_features("arXiv:2403.05525"))


def _strategy(default: str) -> Option:
    return Option("vision_feature_select_strategy", default=default, kind=str, choices=("default", "full"))


BIAS = Option("multimodal_projector_bias", default=True)
PINPOINTS = Option("image_grid_pinpoints", default=GRID, kind=list)
NEXT_OPTIONS = (*PARTS, TAKEN, BIAS, PINPOINTS, _strategy("default"))
KIN_INERT = (*INERT, "use_image_newline_parameter", "video_seq_length", "projector_layernorm_eps", "spatial_pool_stride")

FAMILIES = (
    Family("llava_next", "LLaVA-NeXT", ("llava_next",), (),
           lambda config: tiled(config, "llama", "clip_vision_model", False, NEXT), f"{NEXT}; transformers LlavaNextConfig",
           NEXT_OPTIONS, KIN_INERT),
    Family("llava_next_video", "LLaVA-NeXT-Video", ("llava_next_video",), (),
           lambda config: tiled(config, "llama", "clip_vision_model", True, NEXT), f"{NEXT}; transformers LlavaNextVideoConfig",
           (*NEXT_OPTIONS, Option("spatial_pool_mode", default="average", kind=str, choices=("average", "max"))), KIN_INERT),
    Family("llava_onevision", "LLaVA-OneVision", ("llava_onevision",), (),
           lambda config: tiled(config, "qwen2", "siglip_vision_model", True, ONEVISION), f"{ONEVISION}; transformers LlavaOnevisionConfig",
           (*PARTS, BIAS, _strategy("full"), Option("vision_feature_layer", default=-1, kind=(int, list)),
            Option("image_grid_pinpoints", default=FINE_GRID, kind=list), Option("vision_aspect_ratio", default="anyres_max_9", kind=str)),
           KIN_INERT,
           notes=("with one image in the prompt, as the library cuts only a single image into tiles",)),
    Family("vipllava", "ViP-LLaVA", ("vipllava",), (), vipllava, "arXiv:2312.00784; transformers VipLlavaConfig",
           (*PARTS, Option("vision_feature_layer", default=[-2, -5, -8, -11, 6], kind=(int, list))), KIN_INERT),
    Family("video_llava", "Video-LLaVA", ("video_llava",), (), video_llava, "arXiv:2311.10122; transformers VideoLlavaConfig",
           (*PARTS, TAKEN, BIAS, _strategy("default")), KIN_INERT),
    Family("deepseek_vl", "DeepSeek-VL", ("deepseek_vl",), (), deepseek_vl, "arXiv:2403.05525; transformers DeepseekVLConfig", PARTS, INERT),
)  # fmt: skip
