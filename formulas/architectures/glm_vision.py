"""GLM-4.1V, GLM-4.5V and GLM-4.6V: images of any size, a position table bent to the image, a convolution that merges, a gated projector.

Source: GLM-V Team 2025, arXiv:2507.01006; transformers Glm4vMoeVisionModel. Bounds of an image's pixels: transformers
Glm4vImageProcessor, which counts an image as two frames and holds both against them.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import floor

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError

from ..blocks.vision import linear, patch_embedding, projector_mlp, table, vision_attention, vision_mlp, vision_norm
from ..images import smart_resize
from ..notation import A_max, A_min, N_vis, c_img, d, d_fvis, d_hvis, d_vis, f_p, h, h_vis, m_img, n_feat, n_img, p, r_img
from . import deepseek, glm
from .dense import HEAD_SIZE, POSITIONLESS, llama_fields
from .llava import PARTS
from .nested import Part, family, flat, joined, part, squared, tied
from .qwen_vl import d_out, own_fields
from .vit import tower

FEATURES = n_img * n_feat
SOURCE = "arXiv:2507.01006"
#: Pixels of an image shown twice.
FEWEST, MOST = 112 * 112, 28 * 28 * 15000


def glm_tower(config: Config) -> Architecture:
    """RMSNorm, gated feed-forward of the language model's width, biases at the patches alone unless the config says more."""
    norm = vision_norm("vision_norm", bias=False)
    attend = vision_attention(qkv_bias=config.options["attention_bias"], out_bias=False)
    layer = (norm, attend, norm, vision_mlp(bias=False, gated=True, inner=d_out))
    once = (
        patch_embedding(bias=True, frames=True),
        vision_norm("first_vision_norm", bias=False),
        table("vision_positions", "position table", floor(r_img / p) ** 2, d_vis),
        vision_norm("last_vision_norm", bias=False),
        linear("downsample", "merging convolution", d_vis * m_img**2, d_out, bias=True, tokens=FEATURES, component="vision",
               convolution=True),
        linear("projector", "projector", d_out, d_out, bias=False, tokens=FEATURES),
        vision_norm("projector_norm", bias=True, width=d_out, tokens=FEATURES, component="projector"),
        projector_mlp("projector_mlp", d_out, d_fvis, d_out, bias=False, gated=True, tokens=FEATURES),
    )
    frames = config.sizes[f_p]
    return replace(tower(once, layer, smart_resize(SOURCE)), values={A_min: FEWEST // frames, A_max: MOST // frames})


TOWER = Family(
    "glm4v_moe_vision", "GLM-4.5V's vision tower", ("glm4v_moe", "glm4v_moe_vision"),
    (Field("depth", N_vis, default=24), Field("hidden_size", d_vis, default=1536), Field("intermediate_size", d_fvis, default=13696),
     Field("num_heads", h_vis, default=12), Field(HEAD_SIZE, d_hvis, default=d_vis / h_vis), Field("in_channels", c_img, default=3),
     Field("image_size", r_img, default=336), Field("patch_size", p, default=14), Field("spatial_merge_size", m_img, default=2),
     Field("temporal_patch_size", f_p, default=2), Field("out_hidden_size", d_out, default=4096)),
    glm_tower, SOURCE, (Option("attention_bias", default=False),),
)  # fmt: skip
TEXT = Part(family(deepseek.FAMILIES, "glm4_moe"), {
    "hidden_size": 4096, "intermediate_size": 10944, "num_hidden_layers": 46, "num_attention_heads": 96, "num_key_value_heads": 8,
    "vocab_size": 151424, "max_position_embeddings": 65536, "attention_bias": True, "moe_intermediate_size": 1408,
    "num_experts_per_tok": 8, "n_shared_experts": 1, "n_routed_experts": 128, "first_k_dense_replace": 1,
})  # fmt: skip


DENSE_TEXT = Part(
    Family("glm4v_text", "GLM-4.1V's language model", ("glm4v_text",), llama_fields(kv_heads=2, null_heads=h), glm.glm4, SOURCE,
           (Option("attention_bias", default=True, choices=(True,)), Option("tie_word_embeddings", default=False)), POSITIONLESS),
    {"vocab_size": 151552, "hidden_size": 4096, "intermediate_size": 13696, "num_hidden_layers": 40, "num_attention_heads": 32,
     "max_position_embeddings": 32768},
)  # fmt: skip
DENSE_TOWER = replace(TOWER, name="glm4v_vision", title="GLM-4.1V's vision tower", model_types=("glm4v", "glm4v_vision", "glm46v"))


def with_tower(config: Config, text: tuple[Family, Config], seen: Family) -> Architecture:
    """The language model and the tower, whose widths must agree."""
    held = squared(config, "vision_config", ("image_size", "patch_size"))
    _, vision = part(held, "vision_config", {word: Part(seen) for word in seen.model_types}, seen.model_types[-1])
    page, inner = text
    if vision.sizes[d_out] != inner.sizes[d]:
        raise SymllmError(f"config: the tower gives vectors of {vision.sizes[d_out]}, but hidden_size is {inner.sizes[d]}")
    return joined(page.build(inner), inner, glm_tower(vision), vision, ())


def glm4v(config: Config, either: bool) -> Architecture:
    """GLM-4's dense language model, with norms before and behind each block, and the tower."""
    given, parts = {"tie_word_embeddings": tied(config, False, either=either)}, {"glm4v_text": DENSE_TEXT}
    if config.raw.get("text_config") is None:
        return with_tower(config, flat(config, ("vision_config", "text_config"), parts, "glm4v_text", given), DENSE_TOWER)
    return with_tower(config, part(config, "text_config", parts, "glm4v_text", given), DENSE_TOWER)


def glm4v_moe(config: Config) -> Architecture:
    """GLM-4.5-Air's language model, whose queries and keys are never normed here, and the tower."""
    given = {"tie_word_embeddings": tied(config, False, either=True), "use_qk_norm": False}
    return with_tower(config, part(config, "text_config", {"glm4v_moe_text": TEXT}, "glm4v_moe_text", given), TOWER)


FAMILIES = (
    Family("glm4v", "GLM-4.1V", ("glm4v",), (), lambda config: glm4v(config, True), SOURCE,
           (Option("text_config", default=None, kind=dict), *PARTS[1:]), own_fields((DENSE_TEXT,))),
    Family("glm46v", "GLM-4.6V", ("glm46v",), (), lambda config: glm4v(config, False), SOURCE, PARTS),
    Family("glm4v_moe", "GLM-4.5V", ("glm4v_moe",), (), glm4v_moe, SOURCE, PARTS),
)  # fmt: skip
