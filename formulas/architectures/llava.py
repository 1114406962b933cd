"""Language models with a plain vision tower and a projector: LLaVA 1.5, PaliGemma, Gemma 3, Mistral Small 3.1, Ministral 3.

Sources: LLaVA 1.5, Liu et al. 2023, arXiv:2310.03744; PaliGemma, Beyer et al. 2024, arXiv:2407.07726; Gemma 3, Gemma
Team 2025, arXiv:2503.19786; Pixtral 12B, arXiv:2410.07073 (rows and breaks); the merging projector: transformers
Mistral3MultiModalProjector.
"""

from __future__ import annotations

from sympy import Integer

from symllm.block import Architecture
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError
from symllm.formula import Example

from ..blocks.vision import PATCHES, linear, projector_mlp, vision_norm
from ..images import features, same, tokens
from ..notation import d, d_vis, m_img, n_feat, n_img, n_p, p, r_img
from . import gemma2, llama, ministral, qwen
from .nested import Part, family, joined, part, tied
from .vit import CLIP, PIXTRAL, SIGLIP, used_layers

FEATURES = n_img * n_feat

#: What the library's classes take for fields that a part leaves out.
LLAMA = Part(family(llama.FAMILIES, "llama"), {
    "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32, "num_attention_heads": 32, "vocab_size": 32000,
    "max_position_embeddings": 2048,
})  # fmt: skip
MISTRAL = Part(family(llama.FAMILIES, "mistral"), {
    "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
    "vocab_size": 32000, "sliding_window": 4096, "max_position_embeddings": 131072,
})  # fmt: skip
QWEN2 = Part(family(llama.FAMILIES, "qwen2"), {
    "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 32,
    "vocab_size": 151936, "max_position_embeddings": 32768,
})  # fmt: skip
QWEN3 = Part(family(qwen.FAMILIES, "qwen3"), {
    "hidden_size": 4096, "intermediate_size": 22016, "num_hidden_layers": 32, "num_attention_heads": 32, "vocab_size": 151936,
    "max_position_embeddings": 32768,
})  # fmt: skip
MINISTRAL3 = Part(family(ministral.FAMILIES, "ministral3"), {
    "hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 34, "num_attention_heads": 32, "vocab_size": 131072,
    "max_position_embeddings": 262144,
})  # fmt: skip
GEMMA = Part(family(llama.FAMILIES, "gemma"), {
    "hidden_size": 3072, "intermediate_size": 24576, "num_hidden_layers": 28, "num_attention_heads": 16, "num_key_value_heads": 16,
    "head_dim": 256, "vocab_size": 256000, "max_position_embeddings": 8192,
})  # fmt: skip
GEMMA2 = Part(family(gemma2.FAMILIES, "gemma2"), {
    "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
    "head_dim": 256, "vocab_size": 256000, "max_position_embeddings": 8192,
})  # fmt: skip
GEMMA3 = Part(family(gemma2.FAMILIES, "gemma3_text"), {
    "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8, "num_key_value_heads": 4,
    "head_dim": 256, "vocab_size": 262208, "max_position_embeddings": 131072,
})  # fmt: skip
DECODERS = {"llama": LLAMA, "mistral": MISTRAL, "qwen2": QWEN2, "qwen3": QWEN3, "ministral3": MINISTRAL3}
SIGLIP_PART = {"siglip_vision_model": Part(SIGLIP)}
PARTS = (Option("text_config", kind=dict), Option("vision_config", kind=dict), Option("tie_word_embeddings", default=None))


def llava(config: Config) -> Architecture:
    """CLIP's patches of the last layer but one, as a rule, through two matrices; each patch becomes a token."""
    page, text = part(config, "text_config", DECODERS, "llama", {"tie_word_embeddings": tied(config, False, either=True)})
    seen, vision = part(config, "vision_config", {"clip_vision_model": Part(CLIP), **SIGLIP_PART}, "clip_vision_model")
    made, joins = used_layers(seen.build(vision), vision, config.options["vision_feature_layer"], "vision_feature_layer")
    with_class = config.options["vision_feature_select_strategy"] == "full"
    if seen is SIGLIP and not with_class:
        raise SymllmError("config: field 'vision_feature_select_strategy' is 'default', which drops a class token; SigLIP has none")
    taken = n_p + 1 if with_class and seen is CLIP else n_p
    rule = features(taken, "Every patch becomes a feature; the class token is dropped unless the config asks for all.",
                    Example({n_p: 576}, Integer(577 if taken != n_p else 576)), "arXiv:2310.03744")  # fmt: skip
    projector = projector_mlp("projector", joins * d_vis, d, d, bias=config.options["multimodal_projector_bias"], tokens=FEATURES)
    return joined(page.build(text), text, made, vision, (projector,), (rule, same("arXiv:2310.03744")))


def paligemma(config: Config) -> Architecture:
    """SigLIP's patches through one matrix; each patch becomes a token."""
    page, text = part(config, "text_config", {"gemma": GEMMA, "gemma2": GEMMA2}, "gemma", {"tie_word_embeddings": tied(config, True)})
    seen, vision = part(config, "vision_config", SIGLIP_PART, "siglip_vision_model")
    rule = features(n_p, "Every patch becomes a feature.", Example({n_p: 256}, Integer(256)), "arXiv:2407.07726")
    width = config.options["projection_dim"]
    if width != text.sizes[d]:
        raise SymllmError(f"config: field 'projection_dim' is {width}, but the language model's hidden_size is {text.sizes[d]}")
    projector = linear("projector", "projector", d_vis, d, bias=True, tokens=FEATURES)
    return joined(page.build(text), text, seen.build(vision), vision, (projector,), (rule, same("arXiv:2407.07726")))


def gemma3(config: Config) -> Architecture:
    """SigLIP's patches averaged to a fixed number of features, normed, then through one matrix."""
    given = {"tie_word_embeddings": tied(config, True)}
    if config.family == "shieldgemma2" and not config.raw.get("tie_word_embeddings"):
        given = {}  # it holds a whole Gemma 3: unless it ties itself, the language model's part decides, which ties by default
    page, text = part(config, "text_config", {"gemma3_text": GEMMA3}, "gemma3_text", given)
    seen, vision = part(config, "vision_config", SIGLIP_PART, "siglip_vision_model")
    side, kept = vision.sizes[r_img] // vision.sizes[p], config.sizes[n_feat]
    if round(kept**0.5) ** 2 != kept or side % round(kept**0.5):
        raise SymllmError(f"config: field 'mm_tokens_per_image' is {kept}; {side} by {side} patches cannot be averaged to as many")
    rule = tokens(n_feat + 4, "The features between two marks, with an empty line before and after.",
                  Example({n_feat: 256}, Integer(260)), "transformers Gemma3Processor")  # fmt: skip
    projector = (
        vision_norm("projector_norm", bias=False, tokens=FEATURES, component="projector"),
        linear("projector", "projector", d_vis, d, bias=False, tokens=FEATURES),
    )
    return joined(page.build(text), text, seen.build(vision), vision, projector, (rule,), config.sizes)


def mistral3(config: Config) -> Architecture:
    """Pixtral's patches, normed, merged square by square through one matrix, then through two more."""
    page, text = part(config, "text_config", DECODERS, "mistral", {"tie_word_embeddings": tied(config, True)})
    seen, vision = part(config, "vision_config", {"pixtral": Part(PIXTRAL)}, "pixtral")
    made, joins = used_layers(seen.build(vision), vision, config.options["vision_feature_layer"], "vision_feature_layer")
    if joins != 1:
        raise SymllmError("config: field 'vision_feature_layer' names several layers; a mistral3 model merges those of one")
    projector = (
        vision_norm("projector_norm", bias=False, tokens=PATCHES, component="projector"),
        linear("patch_merger", "patch merger", d_vis * m_img**2, d_vis, bias=False, tokens=FEATURES),
        projector_mlp("projector", d_vis, d, d, bias=config.options["multimodal_projector_bias"], tokens=FEATURES),
    )
    return joined(page.build(text), text, made, vision, projector, (), config.sizes)


TAKEN = Option("vision_feature_layer", default=-2, kind=(int, list))
INERT = ("ignore_index", "projector_hidden_act", "image_seq_length", "vocab_size", "hidden_size", "boi_token_index", "eoi_token_index")

FAMILIES = (
    Family(
        "llava", "LLaVA", ("llava",), (), llava, "arXiv:2310.03744; transformers LlavaConfig",
        options=(*PARTS, TAKEN, Option("multimodal_projector_bias", default=True),
                 Option("vision_feature_select_strategy", default="default", kind=str, choices=("default", "full"))),
        inert=INERT,
    ),
    Family(
        "paligemma", "PaliGemma", ("paligemma",), (), paligemma, "arXiv:2407.07726; transformers PaliGemmaConfig",
        options=(*PARTS, Option("projection_dim", default=2048, kind=int)), inert=INERT,
    ),
    Family(
        "gemma3", "Gemma 3 with images", ("gemma3",), (Field("mm_tokens_per_image", n_feat, default=256),), gemma3,
        "arXiv:2503.19786; transformers Gemma3Config", options=PARTS, inert=INERT,
    ),
    Family(
        "shieldgemma2", "ShieldGemma 2", ("shieldgemma2",), (Field("mm_tokens_per_image", n_feat, default=256),), gemma3,
        "arXiv:2504.01081; transformers ShieldGemma2Config", options=PARTS, inert=(*INERT, "yes_token_index", "no_token_index"),
    ),
    Family(
        "mistral3", "Mistral Small 3.1 and Ministral 3", ("mistral3",), (Field("spatial_merge_size", m_img, default=2),), mistral3,
        "arXiv:2410.07073; transformers Mistral3Config",
        options=(*PARTS, Option("vision_feature_layer", default=-1, kind=(int, list)), Option("multimodal_projector_bias", default=False)),
        inert=INERT,
    ),
)  # fmt: skip
