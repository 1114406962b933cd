"""Llama 3.2 Vision and Llama 4: images cut into tiles.

Llama 3.2 Vision gives its language model no tokens: layers of cross-attention look at the tower's vectors, whose keys
and values they keep beside the sequence's. Llama 4 shuffles squares of patches into features that stand in the sequence.
Sources: The Llama 3 Herd of Models, arXiv:2407.21783, section 7; Meta 2025, Llama 4; transformers MllamaVisionModel,
MllamaTextModel, Llama4VisionModel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sympy import Integer, Min, ceiling

from symllm.block import Architecture, Block, CacheEntry, Group, Product, Reach, Saved, Weight
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError
from symllm.formula import Example
from symllm.symbols import NamedSymbol

from ..blocks.attention import attention
from ..blocks.embedding import head
from ..blocks.feed_forward import gated
from ..blocks.norm import query_key_norm, rms_norm
from ..blocks.vision import linear, patch_embedding, table, vision_attention, vision_mlp, vision_norm
from ..images import WITH_WHOLE, features, square, tile_tokens, tiles, tokens
from ..notation import N, T_img, V, b, d, d_fvis, d_h, d_vis, h, k, m_img, n_feat, n_img, n_p, q, s
from . import llama, llama4_text
from .llava import PARTS
from .nested import Part, family, joined, part
from .vit import tower, vit_fields

LLAMA3, LLAMA4 = "arXiv:2407.21783", "Meta 2025, Llama 4; transformers Llama4VisionModel"
FEATURES = n_img * n_feat
#: Tiles that an image of Llama 4 is cut into at most: Llama4ImageProcessor's max_patches.
MOST_TILES = 16

N_glob = NamedSymbol("N_glob", title="global vision layers", meaning="gated layers that follow those of the tower", unit="layer", rank=931)
N_self = NamedSymbol("N_self", title="self-attention layers", meaning="layers that see the sequence", unit="layer", rank=932)
N_cross = NamedSymbol("N_cross", title="cross-attention layers", meaning="layers that see the images", unit="layer", rank=933)
n_ratio = NamedSymbol("n_ratio", title="aspect ratios", meaning="grids of tiles that the tower knows", rank=934)
d_feat = NamedSymbol("d_feat", title="joined width", meaning="width of the joined outcomes of the tower's layers", rank=935)
d_pin = NamedSymbol("d_pin", title="adapter's inner width", meaning="inner width of the tower's adapter", rank=936)
d_pout = NamedSymbol("d_pout", title="adapter's width", meaning="width of what the tower's adapter gives", rank=937)

#: Vectors of one tile that the tower computes: patches and a class token, padded to a multiple of 8.
TILE = 8 * ceiling((n_p + 1) / 8)


def mllama_tower(config: Config) -> Architecture:
    """Every image is padded to the most tiles, which see one another, padding among them; gated layers follow the others.

    Tables hold a row for each grid of tiles, and one for no image.
    """
    seen = n_img * T_img * TILE
    attend = vision_attention(qkv_bias=False, out_bias=False, tokens=seen, pairs=seen * T_img * TILE)
    norm = vision_norm("vision_norm", bias=True, tokens=seen)
    layer = (norm, attend, norm, vision_mlp(bias=True, tokens=seen))
    grids = n_ratio + 1
    # transformers writes the mask as a column times a row, one number each.
    mask = Product("mask", 1, "token", tokens=Integer(0), departures={"transformers": {"tokens": seen * T_img * TILE}})
    once = (
        patch_embedding(bias=False, tokens=n_img * T_img * n_p),
        table("class_token", "class token", d_vis),
        table("vision_positions", "position table", n_p + 1, d_vis),
        table("tile_positions", "position table of tiles", grids, T_img * (n_p + 1) * d_vis),
        table("tiles_before", "tile table before the layers", grids, T_img * d_vis),
        table("tiles_behind", "tile table behind the layers", grids, T_img * d_vis),
        table("tile_gates", "gates of the tables", 3),
        vision_norm("first_vision_norm", bias=True, tokens=seen),
        vision_norm("last_vision_norm", bias=True, tokens=seen),
        Block("padding_mask", "mask of padding tiles", "vision", products=(mask,), tokens=seen, source=LLAMA3),
    )
    made = tower(once, layer, (square(LLAMA3),))
    gates = table("layer_gates", "gates of the layer", 2)
    ratios = config.options["supported_aspect_ratios"]
    return replace(made, groups=(*made.groups, Group("global_vision", "gated vision layer", N_glob, (*layer, gates))),
                   values={n_ratio: len(ratios)})  # fmt: skip


def cross_attention() -> Block:
    """Attention from the sequence to the images: keys and values are made once and kept; a learned gate scales the outcome.

    A sequence without an image passes these layers by.
    """
    queries, keys, asking = h * d_h, k * d_h, q * Min(1, n_img)
    images = Reach("fixed", FEATURES)
    return Block(
        "cross_attention", "cross-attention", "attention",
        (
            Weight("W_Q", (d, queries), "matmul", tokens=asking, split=h, quantizes=True),
            Weight("W_K", (d, keys), "matmul", tokens=FEATURES, phase="prefill", split=k, quantizes=True),
            Weight("W_V", (d, keys), "matmul", tokens=FEATURES, phase="prefill", split=k, quantizes=True),
            Weight("W_O", (queries, d), "matmul", tokens=asking, split=h, quantizes=True),
            Weight("gate", (1,)),
        ),
        products=(
            Product("Q·Kᵀ", queries, reach=images, split=h, because="each token with each vector of the images"),
            Product("A·V", queries, reach=images, split=h, because="the values averaged with those weights"),
        ),
        cache=(CacheEntry("K", (keys,), tokens=FEATURES, split=k, because="the images do not change"),
               CacheEntry("V", (keys,), tokens=FEATURES, split=k, because="the images do not change")),
        saved=(
            Saved("input", b * s * d * Min(1, n_img), because="for the gradient of W_Q"),
            Saved("images", b * FEATURES * d, because="for the gradients of W_K and W_V"),
            Saved("Q and context", 2 * b * s * queries * Min(1, n_img), split=h, because="for the gradients of the products and W_O"),
            Saved("K, V", 2 * b * FEATURES * keys, split=k, because="for the gradients of the products"),
            Saved("softmax output", b * h * s * FEATURES, when=("eager",), split=h, because="softmax' gradient needs its output"),
        ),
        workspace=2 * queries, workspace_split=h,
        source=LLAMA3,
    )  # fmt: skip


def cross_layer() -> tuple[Block, ...]:
    """A layer of cross-attention and its gated feed-forward block, whose outcome a learned gate scales."""
    norm, mlp = rms_norm(), gated("cross_mlp")
    weights = (*(replace(w, tokens=q * Min(1, n_img)) for w in mlp.weights), Weight("gate", (1,)))
    saved = tuple(replace(x, elements=x.elements * Min(1, n_img)) for x in mlp.saved)
    return (norm, cross_attention(), query_key_norm(), norm, replace(mlp, weights=weights, saved=saved))


def mllama_text(config: Config) -> Architecture:
    """LLaMA's layers, those that the config lists replaced by cross-attention; the token table has eight rows more."""
    listed, layers = _cross_layers(config)
    norm = rms_norm()
    table_rows = Block("embedding", "token embedding", "embedding", (Weight("W_E", (V + 8, d), "lookup", split=V),), source=LLAMA3)
    groups = (Group("text", "self-attention layer", N_self, (norm, attention(), norm, gated())),
              Group("cross", "cross-attention layer", N_cross, cross_layer()))  # fmt: skip
    counts = {N_self: layers - len(listed), N_cross: len(listed)}
    kept = tuple(group for group, count in zip(groups, counts.values(), strict=True) if count)
    return Architecture((table_rows, rms_norm("final_norm"), head(False)), kept, {x: count for x, count in counts.items() if count})


def _cross_layers(config: Config) -> tuple[Sequence[int], int]:
    listed, layers = config.options["cross_attention_layers"], config.sizes[N]
    for place in listed:
        if isinstance(place, bool) or not isinstance(place, int) or not 0 <= place < layers:
            raise SymllmError(f"config: field 'cross_attention_layers' holds {place!r}; there are {layers} layers")
    if len(set(listed)) != len(listed):
        raise SymllmError("config: field 'cross_attention_layers' names a layer twice")
    return listed, layers


def mllama(config: Config) -> Architecture:
    """Tower, one matrix that joins the outcomes of several of its layers, and the language model that looks at them."""
    page, text = part(config, "text_config", {"mllama_text_model": MLLAMA_TEXT}, "mllama_text_model")
    _, vision = part(config, "vision_config", {"mllama_vision_model": Part(MLLAMA_TOWER)}, "mllama_vision_model")
    taken = vision.options["intermediate_layers_indices"]
    width = vision.sizes[d_vis] * (1 + len(taken))
    if width != vision.sizes[d_feat]:
        raise SymllmError(f"config: field 'vision_output_dim' is {vision.sizes[d_feat]}, but the joined outcomes are {width} wide")
    rules = (
        features(T_img * (n_p + 1), "Every tile gives its patches and its class token, padding tiles too.",
                 Example({T_img: 4, n_p: 1600}, Integer(6404)), LLAMA3),
        tokens(Integer(1), "One token marks the image; cross-attention sees it.", Example({}, Integer(1)), LLAMA3),
    )  # fmt: skip
    projector = (linear("projector", "projector", d_feat, d, bias=True, tokens=FEATURES),)
    return joined(page.build(text), text, mllama_tower(vision), vision, projector, rules)


def llama4_tower(config: Config) -> Architecture:
    """Tiles of patches and a class token, each tile by itself, then squares of patches shuffled into features."""
    seen = n_img * WITH_WHOLE * (n_p + 1)
    norm = vision_norm("vision_norm", bias=True, tokens=seen)
    attend = vision_attention(qkv_bias=True, out_bias=True, tokens=seen, pairs=seen * (n_p + 1))
    once = (
        patch_embedding(bias=False, tokens=n_img * WITH_WHOLE * n_p),
        table("class_token", "class token", d_vis),
        table("vision_positions", "position table", n_p + 1, d_vis),
        vision_norm("first_vision_norm", bias=True, tokens=seen),
        vision_norm("last_vision_norm", bias=True, tokens=seen),
        linear("adapter_in", "adapter", d_fvis, d_pin, bias=False, tokens=FEATURES, component="vision"),
        linear("adapter_out", "adapter", d_pout, d_pout, bias=False, tokens=FEATURES, component="vision"),
    )
    side = _shuffled(config)
    made = tower(once, (norm, attend, norm, vision_mlp(bias=True, tokens=seen)), (square(LLAMA4), *tiles(MOST_TILES, LLAMA4)))
    return replace(made, values={m_img: side}, rules=(*made.rules, *tile_tokens(LLAMA4)))


def _shuffled(config: Config) -> int:
    """Patches along the side of a shuffled square; refuses widths that do not follow one another."""
    ratio, sizes = config.options["pixel_shuffle_ratio"], config.sizes
    side = round(1 / ratio) if 0 < ratio <= 1 else 0
    if side < 1 or side * ratio != 1:
        raise SymllmError(f"config: field 'pixel_shuffle_ratio' is {ratio}; one over a whole number is expected")
    steps = (("intermediate_size", sizes[d_fvis], sizes[d_vis] * side**2), ("projector_input_dim", sizes[d_pin], sizes[d_pout]),
             ("vision_output_dim", sizes[d_feat], sizes[d_pout]))  # fmt: skip
    for name, has, needs in steps:
        if has != needs:
            raise SymllmError(f"config: field {name!r} is {has}, but what it is joined to is {needs} wide")
    return side


def llama4(config: Config) -> Architecture:
    """The language model, the tower and one matrix between them."""
    # The library ties by the word of the language model's part alone.
    page, text = part(config, "text_config", {"llama4_text": LLAMA4_TEXT}, "llama4_text")
    _, vision = part(config, "vision_config", {"llama4_vision_model": Part(LLAMA4_TOWER)}, "llama4_vision_model")
    projector = (linear("projector", "projector", d_pout, d, bias=False, tokens=FEATURES),)
    return joined(page.build(text), text, llama4_tower(vision), vision, projector)


GRIDS = [[1, 1], [1, 2], [1, 3], [1, 4], [2, 1], [2, 2], [3, 1], [4, 1]]
MLLAMA_TOWER = Family(
    "mllama_vision", "Llama 3.2's vision tower", ("mllama_vision_model",),
    (*vit_fields(1280, 5120, 32, 16, 448, 14, head_count="attention_heads"), Field("num_global_layers", N_glob, default=8),
     Field("max_num_tiles", T_img, default=4), Field("vision_output_dim", d_feat, default=7680)),
    mllama_tower, LLAMA3,
    (Option("supported_aspect_ratios", default=GRIDS, kind=list),
     Option("intermediate_layers_indices", default=[3, 7, 15, 23, 30], kind=list)),
)  # fmt: skip
MLLAMA_TEXT = Part(
    replace(family(llama.FAMILIES, "llama"), name="mllama_text", model_types=("mllama_text_model",), build=mllama_text,
            options=(Option("tie_word_embeddings", default=False),
                     Option("cross_attention_layers", default=[3, 8, 13, 18, 23, 28, 33, 38], kind=list))),
    {"hidden_size": 4096, "intermediate_size": 14336, "num_hidden_layers": 40, "num_attention_heads": 32, "num_key_value_heads": 8,
     "vocab_size": 128256, "max_position_embeddings": 131072},
)  # fmt: skip
LLAMA4_TOWER = Family(
    "llama4_vision", "Llama 4's vision tower", ("llama4_vision_model",),
    (*vit_fields(768, 5632, 34, 16, 448, 14), Field("vision_output_dim", d_feat, default=7680),
     Field("projector_input_dim", d_pin, default=4096), Field("projector_output_dim", d_pout, default=4096)),
    llama4_tower, LLAMA4,
    (Option("pixel_shuffle_ratio", default=0.5, kind=(float, int)), Option("multi_modal_projector_bias", default=False)),
    ("vision_feature_layer", "vision_feature_select_strategy"),
)  # fmt: skip
LLAMA4_TEXT = Part(llama4_text.TEXT, {
    "hidden_size": 5120, "intermediate_size": 8192, "intermediate_size_mlp": 16384, "num_hidden_layers": 48, "num_attention_heads": 40,
    "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 202048, "max_position_embeddings": 131072,
})  # fmt: skip

FAMILIES = (
    # The eight rows more of the token table forbid tying it.
    Family("mllama", "Llama 3.2 Vision", ("mllama",), (), mllama, f"{LLAMA3}; transformers MllamaConfig", PARTS[:2],
           ("tie_word_embeddings",)),
    Family("llama4", "Llama 4", ("llama4",), (), llama4, LLAMA4, PARTS),
)  # fmt: skip
