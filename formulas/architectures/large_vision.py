"""Kimi K2.5, MiniMax-M3 and Idefics 2: images of any size, and projectors of their own.

Sources: Kimi K2.5, Kimi Team 2026, with the tower of Kimi-VL, arXiv:2504.07491; MiniMax 2026, MiniMax-M3; Idefics 2,
arXiv:2405.02246; transformers Kimi_K25VisionModel, MiniMaxM3VLVisionModel, Idefics2PerceiverResampler.
"""

from __future__ import annotations

from dataclasses import replace

from sympy import Integer, Max, Min, floor

from symllm.block import Architecture, Block, Group, Product, Weight
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError
from symllm.formula import Example, Formula
from symllm.symbols import NamedSymbol

from ..blocks.vision import PATCHES, patch_embedding, projector_mlp, table, vision_attention, vision_mlp, vision_norm
from ..image_tiles import navit
from ..images import features, merged, patches, smart_resize, tokens
from ..notation import A_max, A_min, H_img, N_vis, W_img, c_img, d, d_ff, d_fvis, d_hvis, d_vis, f_p, h_vis, m_img, n_feat, n_img, n_p, p
from . import deepseek, minimax_m3
from .dense import HEAD_SIZE
from .llava import DECODERS, INERT, PARTS
from .nested import Part, family, joined, part, squared, tied
from .vit import SIGLIP, siglip, tower, vit_fields

FEATURES = n_img * n_feat
KIMI, MINIMAX, IDEFICS2 = "arXiv:2504.07491", "MiniMax 2026, MiniMax-M3", "arXiv:2405.02246"
#: Most patches of an image and along its side: the released model's preprocessor_config.json.
KIMI_MOST, KIMI_SIDE = 16384, 512
#: Fewest and most pixels of an image, and the bounds of its shortest and longest side: the processors' own defaults.
MINIMAX_FEWEST, MINIMAX_MOST = 4 * 28 * 28, 451584
SHORTEST, LONGEST = 378, 980

n_high = NamedSymbol("n_high", title="position rows", meaning="rows of the tower's position table", rank=971)
n_wide = NamedSymbol("n_wide", title="position columns", meaning="columns of the tower's position table", rank=972)
d_proj = NamedSymbol("d_proj", title="projector's inner width", meaning="inner width of the projector", rank=973)
n_lat = NamedSymbol("n_lat", title="latents", meaning="learned vectors that collect an image", rank=974)
N_res = NamedSymbol("N_res", title="resampler layers", meaning="layers in which latents look at an image", unit="layer", rank=975)
h_res = NamedSymbol("h_res", title="resampler heads", meaning="query heads of a resampler layer", unit="head", rank=976)
k_res = NamedSymbol("k_res", title="resampler KV heads", meaning="key and value heads of a resampler layer", unit="head", rank=977)
d_hres = NamedSymbol("d_hres", title="resampler head size", meaning="width of one head of a resampler layer", rank=978)


def kimi_tower(config: Config) -> Architecture:
    """LayerNorm, plain feed-forward, biases everywhere, rotary positions and a table of positions bent to the image."""
    norm = vision_norm("vision_norm", bias=True)
    once = (patch_embedding(bias=True), table("vision_positions", "position table", n_high, n_wide, d_vis),
            vision_norm("last_vision_norm", bias=True))  # fmt: skip
    made = tower(once, (norm, vision_attention(qkv_bias=True, out_bias=True), norm, vision_mlp(bias=True)))
    return replace(made, values={c_img: 3}, rules=(*navit(KIMI_MOST, KIMI_SIDE, KIMI), *merged(KIMI)))


def kimi(config: Config) -> Architecture:
    """A norm of each patch, squares of them joined, two matrices, and a language model of latent attention and experts."""
    page, text = part(config, "text_config", KIMI_TEXT, "deepseek_v3", {"tie_word_embeddings": tied(config, True)})
    held = squared(config, "vision_config", ("merge_kernel_size", "patch_size"))
    _, vision = part(held, "vision_config", {word: Part(KIMI_TOWER) for word in KIMI_TOWER.model_types}, "kimi_k25_vision")
    width = config.options["projection_hidden_size"]
    if width != vision.sizes[d_vis]:
        raise SymllmError(f"config: field 'projection_hidden_size' is {width}, but the tower's width is {vision.sizes[d_vis]}")
    entry = d_vis * m_img**2
    projector = (
        vision_norm("projector_norm", bias=True, tokens=PATCHES, component="projector"),
        projector_mlp("projector", entry, entry, d, bias=True, tokens=FEATURES),
    )
    return joined(page.build(text), text, kimi_tower(vision), vision, projector)


def minimax_tower(config: Config) -> Architecture:
    """Patches that span two frames, LayerNorm before the layers but none behind, biases everywhere but at the patches."""
    norm = vision_norm("vision_norm", bias=True)
    once = (patch_embedding(bias=False, frames=True), vision_norm("first_vision_norm", bias=True))
    made = tower(once, (norm, vision_attention(qkv_bias=True, out_bias=True), norm, vision_mlp(bias=True)))
    return replace(made, values={A_min: MINIMAX_FEWEST, A_max: MINIMAX_MOST}, rules=smart_resize(MINIMAX))


def minimax_vl(config: Config) -> Architecture:
    """Two matrices for each patch, then a square of the outcomes joined and two matrices for that."""
    given = {"tie_word_embeddings": tied(config, False, either=True)}
    page, text = part(config, "text_config", {"minimax_m3_vl_text": MINIMAX_TEXT}, "minimax_m3_vl_text", given)
    _, vision = part(config, "vision_config", {word: Part(MINIMAX_TOWER) for word in MINIMAX_TOWER.model_types}, "minimax_m3_vl_vision")
    joint = config.options["merged_hidden_size"]
    if joint is not None and joint != text.sizes[d] * vision.sizes[m_img] ** 2:
        raise SymllmError(f"config: field 'merged_hidden_size' is {joint}, which is not a square of patches of {text.sizes[d]} each")
    projector = (
        projector_mlp("projector", d_vis, d_proj, d, bias=True, tokens=PATCHES),
        projector_mlp("merger", d * m_img**2, d_proj, d, bias=True, tokens=FEATURES),
    )
    return joined(page.build(text), text, minimax_tower(vision), vision, projector, (), config.sizes)


def resampler_layer() -> tuple[Block, ...]:
    """Latents look at the image's patches and at themselves, then pass a gated block of four times their width."""
    latents, seen = n_img * n_lat, n_img * (n_p + n_lat)
    pairs, heads, keys = latents * (n_p + n_lat), h_res * d_hres, k_res * d_hres
    attend = Block(
        "resampler", "resampler", "projector",
        (Weight("W_Q", (d, heads), "matmul"), Weight("W_K", (d, keys), "matmul", tokens=seen), Weight("W_V", (d, keys), "matmul", tokens=seen),
         Weight("W_O", (heads, d), "matmul")),
        (Product("Q·Kᵀ", heads, "token", tokens=pairs, because="each latent with each patch and latent"),
         Product("A·V", heads, "token", tokens=pairs, because="the values averaged with those weights")),
        tokens=latents, source=IDEFICS2,
    )  # fmt: skip
    norms = (vision_norm("latent_norm", bias=False, width=d, tokens=latents, component="projector"),
             vision_norm("patch_norm", bias=False, width=d, component="projector"),
             vision_norm("inner_norm", bias=False, width=d, tokens=latents, component="projector"))  # fmt: skip
    return (*norms, attend, projector_mlp("resampler_mlp", d, 4 * d, d, bias=False, gated=True, tokens=latents))


def idefics2(config: Config) -> Architecture:
    """SigLIP on images of any size, a gated block to the language model's width, and a resampler to a few latents."""
    page, text = part(config, "text_config", DECODERS, "mistral", {"tie_word_embeddings": tied(config, False)})
    held = squared(config, "vision_config", ("image_size", "patch_size"))
    _, vision = part(held, "vision_config", {word: Part(IDEFICS2_TOWER) for word in IDEFICS2_TOWER.model_types}, "idefics2_vision")
    _, latents = part(config, "perceiver_config", {word: Part(PERCEIVER) for word in PERCEIVER.model_types}, "idefics2_perceiver")
    if latents.sizes[h_res] % latents.sizes[k_res]:
        raise SymllmError("perceiver_config: config: field 'num_key_value_heads' does not divide 'resampler_n_heads'")
    made = siglip(vision)
    positions = table("vision_positions", "position table", floor(r_table / p) ** 2, d_vis)
    made = replace(made, once=tuple(positions if block.name == "vision_positions" else block for block in made.once), rules=())
    projector = (
        projector_mlp("projector", d_vis, d_ff, d, bias=False, gated=True, tokens=PATCHES),
        replace(table("latents", "latents", n_lat, d), component="projector"),
        vision_norm("resampler_norm", bias=False, width=d, tokens=n_img * n_lat, component="projector"),
    )
    rules = (
        *_bounded(),
        features(n_lat, "However large the image, as many latents.", Example({n_lat: 64}, Integer(64)), IDEFICS2),
        tokens(n_feat + 2, "A mark before and after the image, where it is not split.", Example({n_feat: 64}, Integer(66)), IDEFICS2),
    )
    whole = joined(page.build(text), text, made, vision, projector, rules, latents.sizes)
    return replace(whole, groups=(*whole.groups, Group("resampler", "resampler layer", N_res, resampler_layer())))


def _bounded() -> tuple[Formula, ...]:
    """The longest side is brought under its bound, then each side above the other bound."""
    scale = Min(1, LONGEST / H_img, LONGEST / W_img)
    rows, columns = (floor(Max(SHORTEST, floor(side * scale)) / p) for side in (H_img, W_img))
    return (patches(rows * columns, "No side is longer than one bound, nor shorter than another.",
                    Example({H_img: 1024, W_img: 2048, p: 14}, Integer(35 * 70)), IDEFICS2),)  # fmt: skip


r_table = NamedSymbol("r_table", title="side of the position table", meaning="pixels along the side of the square that has a position table",
                      rank=979)  # fmt: skip

KIMI_TEXT = {word: Part(family(deepseek.FAMILIES, "deepseek_v3"), {
    "vocab_size": 129280, "hidden_size": 7168, "intermediate_size": 18432, "num_hidden_layers": 61, "num_attention_heads": 128,
    "num_key_value_heads": 128, "q_lora_rank": 1536, "max_position_embeddings": 4096,
}) for word in ("deepseek_v3", "kimi_k2")}  # fmt: skip
KIMI_TOWER = Family(
    "kimi_k25_vision", "Kimi K2.5's vision tower", ("kimi_k25", "kimi_k25_vision"),
    # The names with vt_ and init_ are those of the released model's own code.
    (Field("hidden_size", d_vis, default=1152, also=("vt_hidden_size",)),
     Field("intermediate_size", d_fvis, default=4304, also=("vt_intermediate_size",)),
     Field("num_hidden_layers", N_vis, default=27, also=("vt_num_hidden_layers",)),
     Field("num_attention_heads", h_vis, default=16, also=("vt_num_attention_heads",)), Field(HEAD_SIZE, d_hvis, default=d_vis / h_vis),
     Field("patch_size", p, default=14), Field("merge_kernel_size", m_img, default=2),
     Field("pos_emb_height", n_high, default=64, also=("init_pos_emb_height",)),
     Field("pos_emb_width", n_wide, default=64, also=("init_pos_emb_width",))),
    kimi_tower, KIMI,
    (Option("mm_projector_type", default="patchmerger", kind=str, choices=("patchmerger",)),
     Option("merge_type", default="sd2_tpool", kind=str, choices=("sd2_tpool",))),
    ("pos_emb_time", "init_pos_emb_time", "mm_hidden_size", "text_hidden_size", "pos_emb_type", "video_attn_type", "projector_*"),
)  # fmt: skip
MINIMAX_TEXT = Part(family(minimax_m3.FAMILIES, "minimax_m3_vl_text"), {
    "hidden_size": 6144, "intermediate_size": 3072, "num_hidden_layers": 60, "num_attention_heads": 64, "num_key_value_heads": 4,
    "head_dim": 128, "vocab_size": 200064, "max_position_embeddings": 524288,
})  # fmt: skip
MINIMAX_TOWER = Family(
    "minimax_m3_vl_vision", "MiniMax-M3's vision tower", ("minimax_m3_vl", "minimax_m3_vl_vision"),
    (*(f for f in vit_fields(1280, 5120, 32, 16, 2016, 14) if f.name != "image_size"), Field("temporal_patch_size", f_p, default=2),
     Field("spatial_merge_size", m_img, default=2)),
    minimax_tower, MINIMAX, (), ("image_size",),
)  # fmt: skip
IDEFICS2_TOWER = replace(
    SIGLIP, name="idefics2_vision", model_types=("idefics2", "idefics2_vision"), options=(),
    fields=tuple(replace(f, symbol=r_table) if f.name == "image_size" else f for f in vit_fields(768, 3072, 12, 12, 224, 32)),
)  # fmt: skip
PERCEIVER = Family(
    "idefics2_perceiver", "Idefics 2's resampler", ("idefics2", "idefics2_perceiver"),
    (Field("resampler_n_latents", n_lat, default=64), Field("resampler_depth", N_res, default=3), Field("resampler_n_heads", h_res, default=16),
     Field("resampler_head_dim", d_hres, default=96), Field("num_key_value_heads", k_res, default=4)),
    idefics2, IDEFICS2, (),
    # The library gives the resampler the language model's width whatever this field says.
    ("hidden_size",),
)  # fmt: skip

FAMILIES = (
    Family("kimi_k25", "Kimi K2.5", ("kimi_k25",), (), kimi, f"{KIMI}; transformers Kimi_K25Config",
           (*PARTS, Option("projection_hidden_size", default=1152, kind=int)),
           (*INERT, "projection_layer_norm_eps", "use_unified_vision_chunk", "video_placeholder")),
    Family("minimax_m3_vl", "MiniMax-M3 with images", ("minimax_m3_vl",), (Field("projector_hidden_size", d_proj, default=6144),), minimax_vl,
           f"{MINIMAX}; transformers MiniMaxM3VLConfig", (*PARTS, Option("merged_hidden_size", default=None, kind=int)), INERT),
    Family("idefics2", "Idefics 2", ("idefics2",), (), idefics2, f"{IDEFICS2}; transformers Idefics2Config",
           (*PARTS, Option("perceiver_config", kind=dict)), INERT),
)  # fmt: skip
