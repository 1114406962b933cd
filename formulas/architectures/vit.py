"""Vision towers of the plain kind: CLIP, SigLIP, Pixtral. Patches, positions, equal layers, a norm at an end.

Sources: CLIP, Radford et al. 2021, arXiv:2103.00020; SigLIP, Zhai et al. 2023, arXiv:2303.15343; Pixtral 12B,
Agrawal et al. 2024, arXiv:2410.07073.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sympy

from symllm.block import Architecture, Block, Group, Product, Weight
from symllm.config import Config, Family, Field, Option
from symllm.errors import SymllmError
from symllm.formula import Formula
from symllm.symbols import NamedSymbol

from ..blocks.vision import PATCHES, patch_embedding, table, vision_attention, vision_mlp, vision_norm
from ..images import longest_side, square
from ..notation import N_vis, c_img, d_fvis, d_hvis, d_vis, h_vis, n_img, n_p, p, r_img
from .dense import HEAD_SIZE

N_used = NamedSymbol("N_used", title="used vision layers", meaning="layers of the tower whose outcome is used", unit="layer", rank=911)
N_rest = NamedSymbol("N_rest", title="unused vision layers", meaning="layers of the tower behind the one whose outcome is used",
                     unit="layer", rank=912)  # fmt: skip

#: Fields of a tower's config that belong to the contrastive training of the tower, not to what is built of it.
INERT = ("projection_dim", "vocab_size", "projector_hidden_act")


def vit_fields(width: int, inner: int, layers: int, heads: int, side: int, patch: int, channels: str = "num_channels",
               head_count: str = "num_attention_heads") -> tuple[Field, ...]:  # fmt: skip
    """The usual fields of a tower that takes squares, with the library's defaults."""
    return (
        Field("hidden_size", d_vis, default=width),
        Field("intermediate_size", d_fvis, default=inner),
        Field("num_hidden_layers", N_vis, default=layers),
        Field(head_count, h_vis, default=heads),
        Field(HEAD_SIZE, d_hvis, default=d_vis / h_vis),
        Field(channels, c_img, default=3),
        Field("image_size", r_img, default=side),
        Field("patch_size", p, default=patch),
    )


def tower(once: Sequence[Block], layer: Sequence[Block], rules: Sequence[Formula] = ()) -> Architecture:
    """N_vis equal layers and what stands once."""
    return Architecture(tuple(once), (Group("vision", "vision layer", N_vis, tuple(layer)),), rules=tuple(rules))


def clip(config: Config, passes: sympy.Expr | int = 1) -> Architecture:
    """CLIP: a class token, norms before and behind the layers, biases everywhere but at the patches.

    passes: squares of one image that the tower takes, where images are cut into tiles.
    """
    seen = n_img * passes * (n_p + 1)
    norm = vision_norm("vision_norm", bias=True, tokens=seen)
    once = (
        patch_embedding(bias=False, tokens=n_img * passes * n_p),
        table("class_token", "class token", d_vis),
        table("vision_positions", "position table", n_p + 1, d_vis),
        vision_norm("first_vision_norm", bias=True, tokens=seen),
        vision_norm("last_vision_norm", bias=True, tokens=seen),
    )
    attend = vision_attention(qkv_bias=True, out_bias=True, tokens=seen, pairs=seen * (n_p + 1))
    return tower(once, (norm, attend, norm, vision_mlp(bias=True, tokens=seen)), (square(CLIP.source),))


def siglip(config: Config, passes: sympy.Expr | int = 1, pairs: sympy.Expr | None = None) -> Architecture:
    """SigLIP: no class token, biases everywhere; its pooling head, where the config keeps it, gives nothing to a language model.

    pairs: pairs of patches of one image that see one another, where the squares are not equal.
    """
    seen = n_img * passes * n_p
    norm = vision_norm("vision_norm", bias=True, tokens=seen)
    once = (
        patch_embedding(bias=True, tokens=seen),
        table("vision_positions", "position table", n_p, d_vis),
        vision_norm("last_vision_norm", bias=True, tokens=seen),
        *((pooling_head(n_img * passes),) if config.options.get("vision_use_head") else ()),
    )
    attend = vision_attention(qkv_bias=True, out_bias=True, tokens=seen, pairs=None if pairs is None else n_img * pairs)
    return tower(once, (norm, attend, norm, vision_mlp(bias=True, tokens=seen)), (square(SIGLIP.source),))


def pooling_head(squares: sympy.Expr) -> Block:
    """SigLIP's pooling head: one learned query looks at all patches. Only the library runs it, once for each square."""
    seen = squares * n_p
    weights = (
        Weight("probe", (d_vis,)),
        *(Weight(f"W_{part}", (d_vis, d_vis), "matmul", tokens=seen if part in "KV" else squares) for part in "QKVO"),
        *(Weight(f"b_{part}", (d_vis,)) for part in "QKVO"),
        Weight("g", (d_vis,)), Weight("b", (d_vis,)),
        Weight("W_in", (d_vis, d_fvis), "matmul", tokens=squares), Weight("b_in", (d_fvis,)),
        Weight("W_out", (d_fvis, d_vis), "matmul", tokens=squares), Weight("b_out", (d_vis,)),
    )  # fmt: skip
    products = tuple(Product(name, d_vis, "token", tokens=seen, because="the learned query with each patch") for name in ("Q·Kᵀ", "A·V"))
    return _unused(Block("pooling_head", "pooling head", "vision", weights, products, tokens=squares, source=SIGLIP.source))


def pixtral(config: Config) -> Architecture:
    """Pixtral: rotary positions, RMSNorm, gated feed-forward, no biases, images of any size."""
    norm = vision_norm("vision_norm", bias=False)
    attend = vision_attention(qkv_bias=False, out_bias=False)
    # transformers puts all images of a sequence into one row and computes every pair of it, behind a mask.
    pairs = {"transformers": {"tokens": PATCHES**2}}
    attend = replace(attend, products=tuple(replace(product, departures=pairs) for product in attend.products))
    once = (patch_embedding(bias=False), vision_norm("first_vision_norm", bias=False))
    return tower(once, (norm, attend, norm, vision_mlp(bias=False, gated=True)), longest_side(PIXTRAL.source))


def used_layers(made: Architecture, config: Config, taken: Any, name: str) -> tuple[Architecture, int]:
    """The tower of which the outcome of certain layers is used, and how many such outcomes are joined.

    taken: the config's layer numbers, one or a list, as the library counts outcomes: 0 before the first layer, -1 behind
    the last. Layers behind the last one used need not be computed; transformers computes them all the same.
    """
    layers = config.sizes[N_vis]
    numbers = taken if isinstance(taken, list) else [taken]
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or not -layers - 1 <= number <= layers:
            raise SymllmError(f"config: field {name!r} is {taken!r}; the tower has {layers} layers")
    if not numbers:
        raise SymllmError(f"config: field {name!r} is empty; at least one layer is needed")
    last = max(number if number >= 0 else number + layers + 1 for number in numbers)
    if last == layers:
        return made, len(numbers)
    (group,) = made.groups
    rest = replace(group, name="vision_rest", title="unused vision layer", count=N_rest, blocks=tuple(map(_unused, group.blocks)))
    used = (replace(group, count=N_used),) if last else ()
    values = {N_rest: layers - last, **({N_used: last} if last else {})}
    return replace(made, groups=(*used, rest), values={**made.values, **values}), len(numbers)


def _unused(block: Block) -> Block:
    """The block, which only the library runs."""
    none = sympy.Integer(0)
    weights = (replace(w, tokens=none, departures={"transformers": {"tokens": block.tokens if w.tokens is None else w.tokens}})
               for w in block.weights)  # fmt: skip
    products = (replace(x, tokens=none, departures={"transformers": {"tokens": x.tokens}}) for x in block.products)
    return replace(block, weights=tuple(weights), products=tuple(products), saved=())


CLIP = Family(
    "clip_vision", "CLIP's vision tower", ("clip_vision_model",), vit_fields(768, 3072, 12, 12, 224, 32), clip,
    "arXiv:2103.00020; transformers CLIPVisionConfig", inert=INERT,
)  # fmt: skip
SIGLIP = Family(
    "siglip_vision", "SigLIP's vision tower", ("siglip_vision_model",), vit_fields(768, 3072, 12, 12, 224, 16), siglip,
    "arXiv:2303.15343; transformers SiglipVisionConfig",
    options=(Option("vision_use_head", default=True),), inert=(*INERT, "num_image_tokens"),
)  # fmt: skip
PIXTRAL = Family(
    "pixtral_vision", "Pixtral's vision tower", ("pixtral",),
    vit_fields(1024, 4096, 24, 16, 1024, 16), pixtral,
    # The library works the head size out of the others, whatever the field says.
    "arXiv:2410.07073; transformers PixtralVisionConfig", inert=(*INERT, "head_dim"),
)  # fmt: skip
